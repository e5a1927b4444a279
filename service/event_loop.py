"""Which event loop the service runs on: uvloop's where there is one, else asyncio's own."""

__all__ = ["run"]

try:
    from uvloop import run
except ImportError:  # Windows, PyPy
    from asyncio import run  # type: ignore[assignment]  # of its arguments we use one
