"""Entries and answers of the Consolidated Screening List's search, in the agency's shapes."""

from typing import Any

RawEntry = dict[str, Any]

SDN = "Specially Designated Nationals (SDN) - Treasury Department"
EL = "Entity List (EL) - Bureau of Industry and Security"
DPL = "Denied Persons List (DPL) - Bureau of Industry and Security"
ISN = "Nonproliferation Sanctions (ISN) - State Department"


def sdn(name: str, number: int = 7, **more: Any) -> RawEntry:
    """An entry of the SDN list, with every key that the agency gives it."""
    return {
        "addresses": [],
        "alt_names": [],
        "call_sign": None,
        "citizenships": [],
        "country": None,
        "dates_of_birth": [],
        "end_date": None,
        "entity_number": str(number),
        "federal_register_notice": None,
        "gross_registered_tonnage": None,
        "gross_tonnage": None,
        "id": f"SDN-{number}",
        "ids": [],
        "license_policy": None,
        "license_requirement": None,
        "name": name,
        "nationalities": [],
        "places_of_birth": [],
        "programs": ["IRAN"],
        "remarks": None,
        "source": SDN,
        "source_information_url": "https://ofac.example/about",
        "source_list_url": "https://ofac.example/sdn",
        "standard_order": None,
        "start_date": None,
        "title": None,
        "type": "Entity",
        "vessel_flag": None,
        "vessel_owner": None,
        "vessel_type": None,
    } | more


def page(*results: RawEntry, total: int | None = None) -> dict[str, Any]:
    """An answer of the search with `results`; `total` is theirs unless told otherwise."""
    sources = [{"count": len(results), "value": SDN}] if results else []
    return {"total": len(results) if total is None else total, "sources": sources, "results": list(results)}
