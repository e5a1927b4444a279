"""`pool`: asks a running service how its pools and breakers stand."""

import argparse
from urllib.parse import urlsplit

from pydantic import ValidationError

from service.cli.exits import NOT_ANSWERED, NOTHING_ADVERSE, TO_LOOK_AT
from service.cli.output import complain, show, write
from service.cli.settings import prepared_to_ask
from service.cli.spinner import spinning
from service.cli.tables.pools import Health, health_concerns, health_page
from service.config import Config, ConfigError
from service.parts import make_clients
from service.port import host_to_call
from tools.call import calling
from tools.errors import ToolError
from tools.transports import translating

__all__ = ["show_pools"]


def show_pools(arguments: argparse.Namespace) -> int:
    """Ask for `GET /health`, and print it."""
    config = prepared_to_ask(arguments)
    url = _service_url(arguments.url, config)
    try:
        with spinning(f"asking {url}"):
            body = _get(f"{url}/health", config)
        health = Health.model_validate_json(body)
    except ToolError as exc:
        complain(f"{url}: {exc}")
        return NOT_ANSWERED
    except ValidationError:
        complain(f"{url} answers, but not as this service does")
        return NOT_ANSWERED
    if arguments.json:
        write(body + b"\n")
    else:
        show(health_page(health, url))
    return TO_LOOK_AT if health_concerns(health) else NOTHING_ADVERSE


def _service_url(given: str | None, config: Config) -> str:
    """Raises ConfigError when that is not an address."""
    if given is None:
        if config.port == 0:
            raise ConfigError("GATEWAY_PORT is 0, which the service chose itself: name its URL")
        return f"http://{host_to_call(config.host)}:{config.port}"
    try:
        parts = urlsplit(given)
        is_url = parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.query and not parts.fragment
    except ValueError:
        is_url = False
    if not is_url:
        raise ConfigError(f"URL is {given!r}, allowed: http:// or https://, a host, optionally a port and a path")
    return given.rstrip("/")


def _get(url: str, config: Config) -> bytes:
    """The body, whatever the status: what is no health of a service tells itself. Raises ToolError."""
    clients = make_clients(config)
    try:
        with calling(config.deadline_s), translating("the service"):
            content: bytes = clients.sync_client.get(url).content
            return content
    finally:
        clients.close_sync(drain_s=0.0)
