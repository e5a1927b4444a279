"""Why there is no answer, for people."""

from service.cli.tables.layout import Page, facts, word
from service.errors import Fault

__all__ = ["error_page"]

#: Of faults that a wait alone does not mend, and that are mended all the same.
_AGAIN = {
    "not_configured": "helps once the key is set",
    "script_not_covered": "helps with the spelling in Latin letters",
    "not_screened": "may help with more of the name",
    "provider_rejected": "helps once the agency takes our requests again: check the key and the address",
    "provider_too_large": "may help with less at a time",
    "not_found": "brings the same answer, as long as the data are the same",
    "internal_error": "may bring the same: the log has this request id",
}


def error_page(fault: Fault, *, screening: bool, sandbox: bool) -> Page:
    """Whose fault it is, what happened, and whether asking again may help."""
    again = "may help" if fault.retryable else _AGAIN.get(fault.code, "brings the same answer")
    if fault.retry_after_s is not None:
        again += f"; wait {fault.retry_after_s:g} s"
    return [
        word(f"compliance-gateway: {fault.title}", "bold red"),
        facts(
            ("What", fault.detail),
            ("Screening", "no name was compared: do not ship" if screening else None),
            ("Code", fault.code + (f" ({fault.upstream})" if fault.upstream else "")),
            ("Asking again", again),
            ("Sandbox", "of sample data" if sandbox else None),
        ),
    ]
