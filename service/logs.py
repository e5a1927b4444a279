"""How the process logs: structured lines on standard error, JSON for machines or plain text for a terminal."""

import logging
import sys
from collections.abc import Callable
from typing import Any, TextIO

import orjson
import structlog
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web import RequestPayloadError

__all__ = ["is_wanted", "set_up_logging"]

#: How asyncio begins to say it, a thousand times for one caller that it cannot accept, and at the stop again.
_OUT_OF_FILES = (
    "socket.accept() out of system resource",
    "Exception in callback BaseSelectorEventLoop._start_serving",
)
#: How psycopg's pool begins to say it, at each attempt while the database is away.
_NOT_CONNECTED = ("error connecting in",)


def set_up_logging(level: str, style: str) -> None:
    """Log from `level` on. `style`: `json`, `console`, or `auto` for console on a terminal and JSON elsewhere."""
    console = style == "console" or (style == "auto" and sys.stderr.isatty())
    shared: list[Callable[..., Any]] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[Callable[..., Any]] = (
        [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
        if console
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(serializer=_to_json)]
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = _OurHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    logging.getLogger("aiohttp.server").addFilter(_without_trace)
    logging.getLogger("asyncio").addFilter(_Seldom(_OUT_OF_FILES))
    logging.getLogger("psycopg.pool").addFilter(_Seldom(_NOT_CONNECTED))
    # These log whole URLs, with whatever their query strings hold.
    logging.getLogger("urllib3").setLevel(logging.WARNING)
    # This one says of every chunk of a job that it begins, and that it ends.
    logging.getLogger("procrastinate").setLevel(logging.WARNING)


class _OurHandler(logging.StreamHandler[TextIO]):
    """Tells by its presence that logging is set up."""


def is_wanted(level: int) -> bool:
    """Whether a line of that level is logged. Asked first where a line costs something to make.

    Until logging is set up, whoever listens decides for himself.
    """
    root = logging.root
    return level >= root.level or _OurHandler not in map(type, root.handlers)


def _without_trace(record: logging.LogRecord) -> bool:
    """Bytes that are not HTTP come from whoever finds the port: they are worth a line, not an error with a trace."""
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, HttpProcessingError | RequestPayloadError):
        record.levelno, record.levelname, record.exc_info = logging.INFO, "INFO", None
        record.msg, record.args = "a request that is not HTTP: %s", (type(error).__name__,)
    return True


class _Seldom(logging.Filter):
    """Lets messages that begin with one of `beginnings` through once in `interval_s`."""

    def __init__(self, beginnings: tuple[str, ...], interval_s: float = 10.0) -> None:
        super().__init__()
        self._beginnings, self._interval_s = beginnings, interval_s
        self._next_at = 0.0

    def filter(self, record: logging.LogRecord) -> bool:
        if not str(record.msg).startswith(self._beginnings):
            return True
        due = record.created >= self._next_at
        if due:
            self._next_at = record.created + self._interval_s
        return due


def _to_json(line: object, default: Callable[[Any], Any], **_: object) -> str:
    return orjson.dumps(line, default=default, option=orjson.OPT_NON_STR_KEYS).decode()
