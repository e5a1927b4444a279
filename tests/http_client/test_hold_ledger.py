"""Who holds a connection and since when, with the clock handed in."""

from tools.http_client.holds import HoldLedger


def test_the_oldest_hold_is_known() -> None:
    ledger: HoldLedger[str] = HoldLedger(10)
    ledger.take("a", "a:1", 100, None)
    ledger.take("b", "b:1", 103, None)
    assert ledger.oldest_s(105) == 5
    ledger.give_back("a")
    assert ledger.oldest_s(105) == 2
    ledger.give_back("b")
    assert ledger.oldest_s(105) == 0


def test_a_hold_is_new_to_the_threshold_once() -> None:
    ledger: HoldLedger[str] = HoldLedger(10)
    ledger.take("a", "a:1", 100, None)
    ledger.take("b", "b:1", 105, None)
    assert ledger.next_due_at() == 110
    assert ledger.newly_overdue(109.9) == []
    assert [hold.host for hold in ledger.newly_overdue(110)] == ["a:1"]
    assert ledger.newly_overdue(114) == []
    assert ledger.next_due_at() == 115
    assert [hold.host for hold in ledger.newly_overdue(200)] == ["b:1"]
    assert (ledger.over_threshold_total, ledger.next_due_at()) == (2, None)


def test_what_is_overdue_is_shown_for_as_long_as_it_lasts() -> None:
    ledger: HoldLedger[str] = HoldLedger(10)
    ledger.take("a", "a:1", 100, None)
    assert ledger.overdue(109) == ()
    assert [(held.host, held.held_s) for held in ledger.overdue(112)] == [("a:1", 12)]
    ledger.give_back("a")
    assert ledger.overdue(113) == ()


def test_giving_back_twice_does_nothing() -> None:
    ledger: HoldLedger[str] = HoldLedger(10)
    ledger.take("a", "a:1", 100, None)
    assert ledger.give_back("a") is not None
    assert ledger.give_back("a") is None
