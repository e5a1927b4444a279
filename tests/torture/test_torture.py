"""The torture, small: what `make torture` does to 20,000 requests, some hundreds of each variant live through."""

import pytest

from tests.torture.figures import OVER, Variant
from tests.torture.outcomes import whole_or_why_not
from tests.torture.plans import Kind, Plan, body_of
from tests.torture.variants import run_variant

REQUESTS, SEED, LIMIT = 400, 7, 20


@pytest.mark.parametrize(("mode", "over"), [(mode, over) for mode, each in OVER.items() for over in each])
def test_nothing_hangs_nothing_is_wrong_and_every_slot_comes_back(mode: str, over: str) -> None:
    figures = run_variant(Variant(mode, over, REQUESTS, SEED, LIMIT))
    assert figures.failures() == [], figures.line()
    # The callers did want more than the pool has, and the peer did what it can.
    assert figures.most_sockets > LIMIT // 2
    assert figures.counts["answered"] > REQUESTS // 2
    assert figures.counts["failed"] > REQUESTS // 50
    assert figures.counts["cut"] > REQUESTS // 50


def plan(*, is_whole: bool = True) -> Plan:
    kind = Kind("plain", 1, is_whole=is_whole, is_well_behaved=True, is_of_head=True)
    return Plan(
        number=17,
        kind=kind,
        method="GET",
        path="/plain/17",
        place=0,
        body=None,
        has_declared_length=True,
        expects_continue=False,
        reading="read",
        cut=None,
        cut_after_s=0.0,
        pause_s=0.0,
    )


@pytest.mark.parametrize(
    ("status", "number", "body", "found"),
    [
        (200, "17", body_of(17, "plain"), "answered"),
        (200, "18", body_of(18, "plain"), "an answer to '18', status 200"),
        (200, None, b"", "an answer to None, status 200"),
        (200, "17", body_of(18, "plain"), "a body of another answer"),
        (200, "17", body_of(17, "plain") + b"x", "a body of another answer"),
        (200, "17", body_of(17, "plain")[:-1], "2999 of 3000 bytes taken for whole"),
        (503, "busy", b"busy", "busy"),
        (200, "busy", b"busy", "an answer to 'busy', status 200"),
        (200, "unasked", b"unasked", "unasked"),
    ],
)
def test_an_answer_is_judged_by_its_number_and_all_of_its_bytes(
    status: int, number: str | None, body: bytes, found: str
) -> None:
    assert whole_or_why_not(plan(), status, number, body, is_whole=True) == found


def test_an_answer_that_never_comes_whole_must_not_be_taken_for_whole() -> None:
    begun = body_of(17, "plain")[:10]
    assert whole_or_why_not(plan(is_whole=False), 200, "17", begun, is_whole=False) == "answered"
    assert whole_or_why_not(plan(is_whole=False), 200, "17", begun, is_whole=True) == "a cut answer taken for whole"
