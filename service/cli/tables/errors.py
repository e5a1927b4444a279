"""Why there is no answer, for people."""

from service.cli.tables.layout import Page, facts, word
from service.errors import Fault

__all__ = ["error_page"]


def error_page(fault: Fault, *, screening: bool, sandbox: bool) -> Page:
    """Whose fault it is, what happened, and whether asking again may help."""
    again = "may help" if fault.retryable else "will not help"
    if fault.retry_after_s is not None:
        again += f"; not before {fault.retry_after_s:g} s have passed"
    return [
        word(f"compliance-gateway: {fault.title}", "bold red"),
        facts(
            ("What", fault.detail),
            ("Screening", "nobody was screened, which is no clear" if screening else None),
            ("Code", fault.code + (f" ({fault.upstream})" if fault.upstream else "")),
            ("Asking again", again),
            ("Sandbox", "of sample data" if sandbox else None),
        ),
    ]
