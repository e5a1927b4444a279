"""How the process logs: structured lines on standard error, JSON for machines or plain text for a terminal."""

import logging
import sys
from collections.abc import Callable
from typing import Any

import orjson
import structlog

__all__ = ["set_up_logging"]


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
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    # These log whole URLs, with whatever their query strings hold.
    logging.getLogger("urllib3").setLevel(logging.WARNING)


def _to_json(line: object, default: Callable[[Any], Any], **_: object) -> str:
    return orjson.dumps(line, default=default, option=orjson.OPT_NON_STR_KEYS).decode()
