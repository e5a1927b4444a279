"""The list that is held here: its age, its entries, whether a file is suspect, and how the last attempt ended."""

import math
from functools import partial

from prometheus_client import CollectorRegistry, Gauge

from tools.sanctions_lists import LISTS
from tools.screening.gates import unknown_columns
from tools.screening.keeper import ListState

__all__ = ["ListFigures"]


class ListFigures:
    """All processes hold the same one; of several the least favourable figure is told."""

    def __init__(self, registry: CollectorRegistry) -> None:
        most = partial(Gauge, registry=registry, multiprocess_mode="livemax")
        self._age = most(
            "compliance_gateway_list_age_seconds", "Since it was confirmed as the current one; +Inf: no list"
        )
        self._rows = most("compliance_gateway_list_rows", "Entries in force", ("list",))
        self._unreadable = most("compliance_gateway_list_unreadable_rows", "Rows of the file that could not be read")
        self._carried = most(
            "compliance_gateway_list_kept_from_before", "Entries of the version before, in force for unreadable rows"
        )
        self._unknown = most("compliance_gateway_list_unknown_columns", "Columns of the file that nothing is read from")
        self._agency_rows = most("compliance_gateway_list_agency_rows", "Entries by the agency's own count; 0: unknown")
        self._differ = most(
            "compliance_gateway_list_totals_differ", "1 while the agency's count and the list differ by more than 2 %"
        )
        self._suspect = most("compliance_gateway_list_suspect", "1 while a file that came is not believed")
        self._asked_at = most(
            "compliance_gateway_list_last_attempt_timestamp_seconds", "When it was last asked for; 0: never"
        )
        self._failed = most("compliance_gateway_list_last_attempt_failed", "1 while the last question had no answer")
        self._usable = Gauge(
            "compliance_gateway_list_in_force",
            "1 while there is a list that may clear somebody",
            registry=registry,
            multiprocess_mode="livemin",
        )

    def update(self, state: ListState) -> None:
        """Bring all up to date."""
        self._usable.set(state.not_screened_because is None)
        self._suspect.set(state.suspect is not None)
        self._failed.set(state.last_error is not None)
        if state.asked_at is not None:
            self._asked_at.set(state.asked_at.timestamp())
        # A list that there is not must not look like one that was confirmed just now.
        self._age.set(math.inf if state.age_s is None else state.age_s)
        if state.totals is not None and state.totals.agency is not None:
            self._agency_rows.set(state.totals.agency)
            self._differ.set(bool(state.totals.differences))
        if state.manifest is not None:
            figures = state.manifest.figures
            counted = figures.entries_per_list
            for code in LISTS:
                self._rows.labels(code).set(counted.get(code, 0))
            self._unreadable.set(figures.parse_errors)
            self._carried.set(len(state.manifest.carried))
            self._unknown.set(len(unknown_columns(figures)))
