"""What is counted of an agency's attempts, by the hand that holds the clock."""

from tools.policy.traffic import STALE, Latency, Traffic


def ended(traffic: Traffic, now: float, took_s: float, wrong: str = "", *, was_answered: bool = True) -> None:
    traffic.began()
    traffic.ended(now, "async", 0.0, took_s, wrong, was_answered=was_answered)


def test_percentiles_are_those_of_the_window() -> None:
    traffic = Traffic(window_s=100)
    for number in range(1, 101):
        ended(traffic, float(number), number / 1000)
    assert traffic.latency(100.0) == Latency(100, 100, 50.0, 95.0)
    assert traffic.latency(190.0) == Latency(100, 11, 95.0, 100.0)
    assert traffic.latency(201.0) == Latency(100, 0, None, None)


def test_one_sample_is_every_percentile() -> None:
    traffic = Traffic()
    ended(traffic, 1.0, 0.25)
    assert traffic.latency(1.0) == Latency(300, 1, 250.0, 250.0)


def test_only_so_many_samples_are_kept() -> None:
    traffic = Traffic(most_samples=3)
    for number in range(10):
        ended(traffic, 0.0, float(number))
    assert traffic.latency(0.0) == Latency(0.0, 3, 8000.0, 9000.0)


def test_what_was_cut_off_says_nothing_of_the_agency_s_speed() -> None:
    traffic = Traffic()
    ended(traffic, 1.0, 9.0, "provider_timeout", was_answered=False)
    assert traffic.latency(1.0).samples == 0


def test_what_is_under_way_and_what_is_sent_once_more_is_counted() -> None:
    traffic = Traffic()
    traffic.began()
    traffic.began()
    traffic.left("async", 0.1, "pool_timeout")
    assert traffic.stats().active == 1
    ended(traffic, 1.0, 0.1, "503")
    traffic.retried("503")
    traffic.retried(STALE)
    stats = traffic.stats()
    assert (stats.active, stats.retries, stats.stale_resends) == (1, {"503": 1}, 1)


def test_a_listener_is_told_of_each_attempt_those_that_were_not_sent_too() -> None:
    traffic, told = Traffic(), list[tuple[str, float, float | None, str]]()
    traffic.listener = lambda *each: told.append(each)
    traffic.began()
    traffic.ended(1.0, "sync", 0.1, 0.2, "503", was_answered=True)
    traffic.began()
    traffic.left("async", 5.0, "pool_timeout")
    assert told == [("sync", 0.1, 0.2, "503"), ("async", 5.0, None, "pool_timeout")]


def test_the_window_is_told_as_far_as_the_samples_reach() -> None:
    traffic = Traffic(window_s=100, most_samples=3)
    for number in range(10):
        ended(traffic, float(number), 0.5)
    assert traffic.latency(10.0) == Latency(3.0, 3, 500.0, 500.0)
