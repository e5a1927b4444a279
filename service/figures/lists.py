"""The list that is held here: its age, its entries, and whether a file is suspect."""

from functools import partial

from prometheus_client import CollectorRegistry, Gauge

from tools.sanctions_lists import LISTS
from tools.screening.keeper import ListState

__all__ = ["ListFigures"]


class ListFigures:
    """All processes hold the same one; of several the least favourable figure is told."""

    def __init__(self, registry: CollectorRegistry) -> None:
        most = partial(Gauge, registry=registry, multiprocess_mode="livemax")
        self._age = most("compliance_gateway_list_age_seconds", "Since the list was last confirmed as the current one")
        self._rows = most("compliance_gateway_list_rows", "Entries in force", ("list",))
        self._suspect = most("compliance_gateway_list_suspect", "1 while a file that came is not believed")
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
        if state.age_s is not None and state.manifest is not None:
            self._age.set(state.age_s)
            for code in LISTS:
                self._rows.labels(code).set(state.manifest.figures.rows_per_list.get(code, 0))
