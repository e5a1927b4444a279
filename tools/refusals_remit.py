"""Which goods are surely none of FDA's business, by tariff heading. Pure.

FDA regulates food, drugs, cosmetics, devices and tobacco (21 USC 321), and electronic products that emit radiation
(21 USC 360hh). No public table says which tariff lines that are; FDA flags them for customs brokers only. So this is a
short list of headings whose goods are none of these, our own reading of the headings' texts; whatever is not in it is
asked about. Data with a date, `POLICY_VERSION`.
"""

from dataclasses import dataclass

__all__ = ["POLICY_VERSION", "OutsideRemit", "outside_remit"]

POLICY_VERSION = "2026-11-25"


@dataclass(frozen=True, slots=True)
class OutsideRemit:
    """Headings `first` to `last` (four digits each) and what their goods are."""

    first: str
    last: str
    goods: str


_OUTSIDE = (
    OutsideRemit("2601", "2621", "ores, slag and ash"),
    OutsideRemit("2701", "2704", "coal and coke"),
    OutsideRemit("3101", "3105", "fertilisers"),
    OutsideRemit("3601", "3606", "explosives and fireworks"),
    OutsideRemit("4101", "4115", "hides and leather"),
    OutsideRemit("4301", "4304", "furskins"),
    OutsideRemit("4701", "4707", "pulp of wood"),
    OutsideRemit("4901", "4911", "printed matter"),
    OutsideRemit("5001", "5007", "silk"),
    OutsideRemit("5101", "5113", "wool"),
    OutsideRemit("5301", "5311", "vegetable textile fibres"),
    OutsideRemit("5701", "5705", "carpets"),
    OutsideRemit("6101", "6114", "knitted garments"),
    OutsideRemit("6401", "6406", "footwear"),
    OutsideRemit("7201", "7229", "iron and steel"),
    OutsideRemit("8501", "8507", "electric motors, transformers and batteries"),
    OutsideRemit("8601", "8609", "railway vehicles and containers"),
    OutsideRemit("8701", "8704", "motor vehicles"),  # 8705 has mobile X-ray units
    OutsideRemit("8706", "8712", "parts of motor vehicles, and cycles"),
    OutsideRemit("8801", "8807", "aircraft"),
    OutsideRemit("8901", "8908", "ships"),
    OutsideRemit("9101", "9114", "clocks and watches"),
    OutsideRemit("9301", "9307", "arms and ammunition"),
    OutsideRemit("9701", "9706", "works of art"),
)


def outside_remit(tariff_digits: str) -> OutsideRemit | None:
    """What the goods of a tariff number (4 digits or more, no dots) are, if they are surely none of FDA's."""
    heading = tariff_digits[:4]
    return next((each for each in _OUTSIDE if each.first <= heading <= each.last), None)
