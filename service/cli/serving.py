"""`serve`, `worker` and `sandbox`: what keeps running until it is stopped."""

import argparse
import sys
from collections.abc import Awaitable, Callable

from service.cli.output import complain
from service.cli.settings import read_settings
from service.config import Config
from service.event_loop import run
from service.logs import set_up_logging
from service.port import PortTaken
from service.sandbox import KEYS, Sandbox, parse_faults
from service.stop import stay_up
from service.workers.figures import shared_figures

__all__ = ["run_sandbox", "run_service", "run_worker"]


def run_service(arguments: argparse.Namespace) -> int:
    """Serve the REST API until a signal comes."""
    config = read_settings(arguments, "host", "port", "workers", "sandbox", "sandbox_data")
    set_up_logging(config.log_level, config.log_format)
    if config.workers > 1:
        return _serve_in_workers(config, demo=arguments.demo)
    # Not imported by then: how prometheus-client keeps figures is decided when it is.
    from service.app import create_app
    from service.server import serve

    run(serve(create_app(config), _demo() if arguments.demo else None))
    return 0


def _demo() -> Callable[[str], Awaitable[None]]:
    # What lays it out takes a while to import.
    from service.demo import show_one_snapshot

    return show_one_snapshot


def _serve_in_workers(config: Config, *, demo: bool) -> int:
    with shared_figures():
        from service.workers.supervisor import serve_in_workers

        return serve_in_workers(config, demo=demo)


def run_worker(arguments: argparse.Namespace) -> int:
    """Screen chunks of jobs from the database until a signal comes."""
    config = read_settings(arguments, "host", "port", "sandbox", "sandbox_data")
    set_up_logging(config.log_level, config.log_format)
    from service.batches.worker import run_worker

    run(run_worker(config))
    return 0


def run_sandbox(arguments: argparse.Namespace) -> int:
    """Serve the four agencies, simulated, until a signal comes."""
    # The settings of the service, keys above all, are none of the sandbox's.
    set_up_logging("info", "auto")
    try:
        faults = parse_faults(",".join(arguments.fault or ()))
    except ValueError as exc:
        complain(str(exc))
        return 2
    sandbox = Sandbox(arguments.sandbox_data, host=arguments.host, port=arguments.port, faults=faults)
    run(_serve_sandbox(sandbox, f"{arguments.host}:{arguments.port}"))
    return 0


async def _serve_sandbox(sandbox: Sandbox, where: str) -> None:
    try:
        await sandbox.start()
    except (OSError, OverflowError) as exc:
        raise PortTaken(f"cannot listen on {where}: {getattr(exc, 'strerror', None) or exc}") from exc
    lines = [
        "Four agencies with SAMPLE DATA. To ask them through the gateway, set:",
        *(f"GATEWAY_{agency.upper()}_URL={sandbox.url(agency)}" for agency in ("hts", "csl", "fda", "cross")),
        f"GATEWAY_LIST_URL={sandbox.list_url}",
        "GATEWAY_LIST_MIN_ROWS=1",
        f"GATEWAY_CSL_SUBSCRIPTION_KEY={KEYS['subscription_key']}",
        f"GATEWAY_FDA_AUTHORIZATION_USER={KEYS['authorization_user']}",
        f"GATEWAY_FDA_AUTHORIZATION_KEY={KEYS['authorization_key']}",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
    try:
        await stay_up()
    finally:
        await sandbox.close()
