"""How fast a job goes, and when it will have ended. Pure: what was seen and when is handed in."""

from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Pace", "Paces", "Seen", "pace"]

#: The last while, in seconds; what was seen closer together than the second tells nothing more.
_WINDOW_S, _APART_S = 30.0, 0.5
#: A shorter while than this is no measure: chunks come in by the hundreds of rows.
_LEAST_S = 2.0
#: Jobs that are remembered; of others the average since their start is told.
_MOST_JOBS = 1000


@dataclass(frozen=True, slots=True)
class Seen:
    """How many rows of a job had their result at `at_s`, of a monotonic clock."""

    at_s: float
    done: int


@dataclass(frozen=True, slots=True)
class Pace:
    """Rows a second, and the seconds that the rest takes at that rate. None: there is no telling."""

    rate: float | None
    eta_s: float | None


def pace(seen: Sequence[Seen], rows: int, running_s: float) -> Pace:
    """By what was `seen` lately, in order, the last now; else by the average of the `running_s` since its start."""
    if not seen:
        return Pace(None, None)
    first, last = seen[0], seen[-1]
    took_s = last.at_s - first.at_s
    if took_s >= _LEAST_S:
        rate = (last.done - first.done) / took_s
    elif running_s > 0:
        rate = last.done / running_s
    else:
        return Pace(None, None)
    eta_s = (rows - last.done) / rate if rate > 0 else None
    return Pace(round(rate, 1), None if eta_s is None else round(eta_s, 1))


class Paces:
    """What this process saw of jobs lately, when somebody asked for them. Bounded."""

    def __init__(self) -> None:
        self._jobs: OrderedDict[str, deque[Seen]] = OrderedDict()

    def note(self, job_id: str, now: Seen) -> tuple[Seen, ...]:
        """What was seen of a job in the last while, `now` included."""
        seen = self._jobs.setdefault(job_id, deque())
        self._jobs.move_to_end(job_id)
        if len(self._jobs) > _MOST_JOBS:
            self._jobs.popitem(last=False)
        while seen and now.at_s - seen[0].at_s > _WINDOW_S:
            seen.popleft()
        told = (*seen, now)
        if not seen or now.at_s - seen[-1].at_s >= _APART_S:
            seen.append(now)
        return told

    def forget(self, job_id: str) -> None:
        """It has ended."""
        self._jobs.pop(job_id, None)
