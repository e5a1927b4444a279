"""The application: what it is wired from. What happens at its start and end is in `lifecycle`."""

from collections.abc import Iterable

from aiohttp import web

from service.config import Config
from service.keys import CONFIG, LIFE, METRICS
from service.life import Life
from service.lifecycle import Lifecycle
from service.metrics import Metrics
from service.middleware import around_every_request
from service.routes import add_routes
from tools.base import ComplianceTool

__all__ = ["MAX_JSON_BYTES", "create_app"]

MAX_JSON_BYTES = 1024 * 1024
#: A parameter that is too long for us is to get an answer that names it, so the server has to let it through.
MAX_REQUEST_LINE_BYTES = 64 * 1024


def create_app(config: Config | None = None, *, tools: Iterable[type[ComplianceTool]] = ()) -> web.Application:
    """The gateway with `config` (default: from the environment) and, beside the built-in tools, `tools`.

    Raises ConfigError when the environment holds a wrong setting. Start-up raises ValueError when two tools share a
    name, and SandboxDataError when the sandbox cannot use its data.
    """
    app = web.Application(
        middlewares=[around_every_request],
        client_max_size=MAX_JSON_BYTES,
        # A caller who leaves is not worked for any longer. Bodies are decoded by `encoded_body`.
        handler_args={
            "max_line_size": MAX_REQUEST_LINE_BYTES,
            "handler_cancellation": True,
            "auto_decompress": False,
        },
    )
    app[CONFIG] = config if config is not None else Config()
    app[LIFE] = Life()
    app[METRICS] = Metrics()
    lifecycle = Lifecycle(tuple(tools))
    app.on_startup.append(lifecycle.start)
    app.on_cleanup.append(lifecycle.stop)
    add_routes(app)
    return app
