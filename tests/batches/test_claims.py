"""Which chunk is next: in turn, no more than there is room for, and none twice."""

from collections import Counter

from service.batches.claims import Claim, Claims
from service.batches.sqlite_reading import OpenChunks


def waiting(**jobs: int) -> list[OpenChunks]:
    """Jobs with so many open chunks each; those whose name begins with `api` ask the agency."""
    return [
        OpenChunks(job_id, "api" if job_id.startswith("api") else "list", tuple(range(count)))
        for job_id, count in jobs.items()
    ]


def claim_all(claims: Claims, found: list[OpenChunks], now_s: float = 0.0) -> list[Claim]:
    taken = []
    while (claim := claims.claim(found, now_s)) is not None:
        taken.append(claim)
    return taken


def test_the_chunks_of_a_job_are_taken_in_order_and_none_twice() -> None:
    claims = Claims(3)
    assert claim_all(claims, waiting(job=10)) == [Claim("job", 0), Claim("job", 1), Claim("job", 2)]
    claims.release(Claim("job", 1))
    # It has its results now.
    assert claim_all(claims, [OpenChunks("job", "list", (0, 2, 3))]) == [Claim("job", 3)]


def test_no_more_is_under_way_than_there_is_room_for() -> None:
    claims = Claims(3)
    assert len(claim_all(claims, waiting(job=claims.wanted_of_each))) == 3
    assert len(claims.under_way) == 3
    assert claims.claim(waiting(job=10), 0.0) is None


def test_a_small_job_is_done_long_before_a_large_one_that_came_first() -> None:
    claims, left = Claims(3), {"large": 1000, "small": 4}
    order: list[str] = []
    while left["small"]:
        order += [claim.job_id for claim in claim_all(claims, waiting(**left))]
        for claim in list(claims.under_way):
            claims.release(claim)
            left[claim.job_id] -= 1
    assert Counter(order)["small"] == 4
    assert len(order) <= 9


def test_jobs_take_turns() -> None:
    claims, jobs = Claims(1), waiting(a=9, b=9, c=9)
    order = []
    for _ in range(6):
        (claim,) = claim_all(claims, jobs)
        order.append(claim.job_id)
        claims.release(claim)
    assert sorted(order[:3]) == ["a", "b", "c"]
    assert order[3:] == order[:3]


def test_jobs_that_ask_the_agency_leave_room_for_the_others() -> None:
    claims = Claims(3)
    taken = claim_all(claims, waiting(api_1=9, api_2=9, api_3=9, job=9))
    assert Counter(claim.job_id.split("_")[0] for claim in taken) == {"api": 2, "job": 3}


def test_a_job_that_lacks_a_list_waits_and_the_others_do_not() -> None:
    claims = Claims(1)
    claim = claims.claim(waiting(newest=9), 100.0)
    assert claim is not None
    claims.list_is_away(claim, 100.0)
    claims.release(claim)
    assert claims.waiting_for_list(100.0) == {"newest"}
    assert [each.job_id for each in claim_all(claims, waiting(newest=9, job=9), 101.0)] == ["job"]
    assert claims.waiting_for_list(105.5) == frozenset()
    claims.release(Claim("job", 0))
    assert claims.claim(waiting(newest=9), 105.5) == Claim("newest", 0)


def test_a_chunk_is_tried_three_times_with_growing_pauses() -> None:
    assert [Claims.pause_s(attempts) for attempts in (1, 2, 3)] == [2.0, 4.0, None]
