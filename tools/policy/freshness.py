"""How old a kept answer may be: to be given as it is, while a new one is fetched, or only because the agency fails.

Pure. Ages are seconds since the agency answered, whoever asked and however often it was given since.
"""

from dataclasses import dataclass
from typing import Literal

__all__ = ["CLOCK_SKEW_S", "NOT_FOUND", "Freshness", "Use"]

Use = Literal["fresh", "revalidate", "on_error", "expired"]

#: Clocks of several machines differ; an answer from further in the future than this is not believed.
CLOCK_SKEW_S = 60.0


@dataclass(frozen=True, slots=True)
class Freshness:
    """Up to `fresh_s` an answer is as good as new. Up to `revalidate_s` it is given, and a new one fetched behind it.

    Up to `on_error_s` it is given when the agency cannot be had; beyond that it is nothing any more.
    """

    fresh_s: float
    revalidate_s: float
    on_error_s: float

    def use_of(self, age_s: float) -> Use:
        """What an answer of that age is good for."""
        if age_s < -CLOCK_SKEW_S:
            return "expired"
        if age_s < self.fresh_s:
            return "fresh"
        if age_s < self.revalidate_s:
            return "revalidate"
        return "on_error" if age_s < self.on_error_s else "expired"


#: That there is no such record is soon out of date, and never given in place of an outage.
NOT_FOUND = Freshness(fresh_s=300.0, revalidate_s=300.0, on_error_s=300.0)
