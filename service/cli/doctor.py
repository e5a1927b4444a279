"""`doctor`: asks each agency one small question, reads the list file once, and says what is not as expected."""

import argparse
import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

from service import VERSION
from service.cli.exits import exit_of_statuses
from service.cli.holding import within_s
from service.cli.opening import sandbox_beside
from service.cli.output import show, write
from service.cli.settings import prepared_to_ask
from service.cli.spinner import spinning
from service.cli.tables.doctor import checkups_page
from service.config import Config
from service.doctor.agencies import examine
from service.doctor.checkup import Checkup
from service.envelope import as_json, rfc3339
from service.parts import make_clients
from service.registry import make_tools
from service.sandbox import Sandbox

__all__ = ["examine_agencies"]


def examine_agencies(arguments: argparse.Namespace) -> int:
    """Examine all, and print what was found."""
    config = prepared_to_ask(arguments)
    with spinning("asking four agencies, and reading the list"), sandbox_beside(config) as sandbox:
        checkups = asyncio.run(_examine(config, sandbox))
    code = exit_of_statuses(each.status for each in checkups)
    if arguments.json:
        body = {
            "version": VERSION,
            "checked_at": rfc3339(datetime.now(UTC)),
            "sandbox": any(each.sandbox for each in checkups),
            "exit_code": code,
            "checks": checkups,
        }
        write(as_json(body) + b"\n")
    else:
        show(checkups_page(checkups))
    return code


async def _examine(config: Config, sandbox: Sandbox | None) -> Sequence[Checkup]:
    clients = make_clients(config)
    try:
        # Nothing that was kept will do, so there is no store.
        tools = make_tools(config, None, sandbox, client=clients.sync_client, async_client=clients.async_client)
        return await examine(config, tools, sandbox, clients.async_client, within_s(config, is_first=True))
    finally:
        await clients.aclose(drain_s=0.0)
