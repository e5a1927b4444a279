"""One snapshot asked of the service's own REST API, and shown as a page: what `make run` greets with."""

import asyncio
import sys
import time
import urllib.error
import urllib.request

import orjson
from pydantic import TypeAdapter

from service.cli.output import complain, show
from service.cli.tables.snapshot import snapshot_page
from service.snapshot import Snapshot

__all__ = ["SHIPMENT", "show_one_snapshot"]

# Not one of the pooled clients: the figures in /health are to be those of the callers alone. No proxy in between.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
#: A little longer than readiness waits for a list.
_READY_WITHIN_S = 20.0
#: A little longer than a process takes to see the list that another one has put there.
_ANOTHER_OPENS_THE_LIST_WITHIN_S = 2.5

SHIPMENT = {
    "direction": "import",
    "product": {"description": "Lithium-ion battery packs", "hts_code": "8507.60.00.20"},
    "lane": {"origin": "CN", "destination": "US"},
    "parties": [
        {"name": "Atlas Sanatgaran", "role": "seller", "country": "AM"},
        {"name": "Quiet Harbor Tools", "role": "consignee", "country": "US"},
    ],
}


async def show_one_snapshot(service_url: str) -> None:
    """Ask the service at `service_url`, print the answer or why there is none, and where to go on."""
    try:
        await asyncio.to_thread(_wait_until_ready, f"{service_url}/health/ready")
        snapshot = await _ask(f"{service_url}/v1/snapshot")
        if not snapshot.complete:
            # Of several processes one was ready; the one that answered may not have opened the list yet.
            await asyncio.sleep(_ANOTHER_OPENS_THE_LIST_WITHIN_S)
            snapshot = await _ask(f"{service_url}/v1/snapshot")
        show(snapshot_page(snapshot))
    except (OSError, ValueError) as exc:
        complain(f"the example was not answered: {exc}")
    sys.stdout.write(f"\nServing on {service_url}: the page at /, the contract at /docs\n")
    sys.stdout.flush()


async def _ask(url: str) -> Snapshot:
    return TypeAdapter(Snapshot).validate_json(await asyncio.to_thread(_post, url))


def _wait_until_ready(url: str) -> None:
    """Return when the service takes work, or after a while: then what it answers says why it does not."""
    give_up_at = time.monotonic() + _READY_WITHIN_S
    while time.monotonic() < give_up_at:
        try:
            with _OPENER.open(url, timeout=5):
                return
        except urllib.error.HTTPError as exc:
            exc.close()
            time.sleep(0.05)


def _post(url: str) -> bytes:
    asked = urllib.request.Request(url, orjson.dumps(SHIPMENT), {"Content-Type": "application/json"})  # noqa: S310 - our own address
    with _OPENER.open(asked, timeout=60) as answer:
        content: bytes = answer.read()
    return content
