"""Only goods that are surely none of FDA's are left out."""

import pytest

from tools.refusals_remit import outside_remit


@pytest.mark.parametrize("digits", ["8507600020", "8501", "6109100012", "8703230100"])
def test_batteries_garments_and_cars_are_outside(digits: str) -> None:
    assert outside_remit(digits) is not None


@pytest.mark.parametrize(
    "digits",
    [
        "0101",  # live animals
        "1604143099",
        "2501",  # salt
        "2526",  # talc, of cosmetics
        "3004",
        "3304",
        "3924",  # plates and cups
        "4015",  # gloves
        "6115",  # compression hosiery
        "6210",  # gowns
        "6307",  # masks
        "6911",
        "8516",  # microwave ovens
        "8528",
        "8543",
        "8705",  # mobile X-ray units
        "8713",  # wheelchairs
        "9018",
        "9021",
        "9619",
        "9999",
    ],
)
def test_what_may_be_food_drug_device_cosmetic_tobacco_or_emit_radiation_is_asked_about(digits: str) -> None:
    assert outside_remit(digits) is None
