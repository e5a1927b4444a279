"""How tariff numbers are written: by callers in any way, by the schedule as 8507.60.00.20, by CBP as 8507.60.0020."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

__all__ = ["TariffDigits", "as_cbp_writes", "as_the_schedule_prints"]

_NUMBER = re.compile(r"[0-9]{4}(?:\.?[0-9]{2}(?:\.?[0-9]{2}(?:\.?[0-9]{2})?)?)?")


def _plain_digits(number: str) -> str:
    if not _NUMBER.fullmatch(number):
        raise PydanticCustomError("hts_code", "must be 4, 6, 8 or 10 digits, dotted as in 8507.60.00.20 or not")
    return number.replace(".", "")


#: A tariff number that a caller asks for, as 4, 6, 8 or 10 digits without dots.
TariffDigits = Annotated[
    str, AfterValidator(_plain_digits), Field(json_schema_extra={"pattern": f"^{_NUMBER.pattern}$"})
]


def as_the_schedule_prints(digits: str) -> str:
    """Groups of 4.2.2.2: `8507600020` is 8507.60.00.20."""
    return ".".join([digits[:4], *[digits[at : at + 2] for at in range(4, len(digits), 2)]])


def as_cbp_writes(digits: str) -> str:
    """Groups of 4.2.4, as in rulings: `8507600020` is 8507.60.0020."""
    return ".".join(filter(None, (digits[:4], digits[4:6], digits[6:10])))
