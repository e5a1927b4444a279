"""What FDA charges a refused line with: the charges most often cited, by the ids that refusals carry.

Data of 2026-11-23. Source of ids, codes and sections: FDA's public table of act sections and charges
(datadashboard.fda.gov, ACT_SECTION_CHARGES); the meanings are ours, in short. The table here is not whole: an id that
is not in it stays an id.
"""

from dataclasses import dataclass

__all__ = ["Charge", "charge_of"]


@dataclass(frozen=True, slots=True)
class Charge:
    """One charge. `code`, `section` (of the FD&C Act unless it says another) and `meaning` are None when unknown."""

    id: str
    code: str | None = None
    section: str | None = None
    meaning: str | None = None


_CHARGES = (
    Charge("9", "SALMONELLA", "402(a)(1), 801(a)(3); adulteration", "appears to contain Salmonella"),
    Charge("11", "UNSAFE COL", "402(c), 801(a)(3); adulteration", "appears to contain an unsafe colour additive"),
    Charge("16", "DIRECTIONS", "502(f)(1), 801(a)(3); misbranding", "label lacks adequate directions for use"),
    Charge("62", "NEEDS FCE", "402(a)(4), 801(a)(3); adulteration", "the canner is not registered"),
    Charge("75", "UNAPPROVED", "505(a), 801(a)(3); unapproved new drug", "a new drug without an approved application"),
    Charge("83", "NO PROCESS", "402(a)(4), 801(a)(3); adulteration", "no scheduled process was filed"),
    Charge("118", "NOT LISTED", "502(o), 801(a)(3); misbranding", "the drug or device is not listed"),
    Charge("218", "LIST INGRE", "403(i)(2), 801(a)(3); misbranding", "label does not list the ingredients"),
    Charge(
        "238", "UNSAFE ADD", "402(a)(2)(C)(i), 801(a)(3); adulteration", "appears to contain an unsafe food additive"
    ),
    Charge("241", "PESTICIDE", "402(a)(2)(B), 801(a)(3); adulteration", "appears to contain a pesticide residue"),
    Charge("249", "FILTHY", "402(a)(3), 801(a)(3); adulteration", "appears to be filthy, putrid or decomposed"),
    Charge("258", "FLAVR LBLG-258", "403(k), 801(a)(3); misbranding", "label does not declare an artificial flavour"),
    Charge("260", "FALSE-260", "403(a)(1), 801(a)(3)", "label appears to be false or misleading"),
    Charge(
        "262", "DIETARY-262", "403(j), 801(a)(3); misbranding", "label of a food for special dietary use lacks facts"
    ),
    Charge("274", "COLOR LBLG", "403(k), 801(a)(3); misbranding", "label does not declare an artificial colour"),
    Charge("320", "LACKS FIRM", "403(e)(1), 801(a)(3); misbranding", "label lacks the firm's name and place"),
    Charge("321", "LACKS N/C", "403(e)(2), 801(a)(3); misbranding", "label lacks the net contents"),
    Charge("324", "NO ENGLISH", "403(f), 801(a)(3); misbranding", "label is not in English"),
    Charge("328", "USUAL NAME", "403(i)(1), 801(a)(3); misbranding", "label lacks the usual name"),
    Charge("341", "REGISTERED", "502(o), 801(a)(3); misbranding", "the device's distributor is not registered"),
    Charge("471", "CSTIC LBLG", "602(a), (b) or (c), 801(a)(3); misbranding", "label of a cosmetic is not in order"),
    Charge("473", "LABELING", "Fair Packaging and Labeling Act 4(a); 801(a)(3); misbranding", "packaging or labelling"),
    Charge("482", "NUTRIT LBL", "403(q), 801(a)(3); misbranding", "label lacks the nutrition facts"),
    Charge("508", "NO 510(K)", "502(o), 801(a)(3); misbranding", "a device without a premarket notification 510(k)"),
    Charge("3280", "FRNMFGREG", "502(o), 801(a)(3); misbranding", "the foreign maker is not registered"),
    Charge("3842", "TP NO PMTA", "902(6)(A), 801(a)(3); adulteration", "tobacco product without a marketing order"),
    Charge("3843", "TP NO SE", "903(a)(6), 801(a)(3); misbranding", "tobacco product without the required notice"),
    Charge("3854", "TPLKUSSLLB", "903(a)(2)(D), 801(a)(3); misbranding", "tobacco label lacks the U.S. sale statement"),
)

_BY_ID = {charge.id: charge for charge in _CHARGES}


def charge_of(charge_id: str) -> Charge:
    """The charge of this id; one that is nothing but its id when it is not in the table."""
    return _BY_ID.get(charge_id) or Charge(charge_id)
