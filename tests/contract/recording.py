"""Asks the sandbox what the contract shows: `python -m tests.contract.recording` writes the examples anew."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import orjson
from aiohttp.test_utils import TestClient, TestServer

from service.app import create_app
from service.config import Config

EXAMPLES = Path(__file__).parents[2] / "service/contract/examples"
SHIPMENT: dict[str, Any] = {
    "direction": "import",
    "product": {"description": "Canned tuna", "hts_code": "1604.14.30.99", "fda_product_code": "16AGT64"},
    "lane": {"origin": "TH", "destination": "US"},
    "parties": [{"name": "Atlas Sanatgaran", "role": "seller", "country": "AM", "ref": "S-1"}],
    "ref": "PO-4711",
}
TOOL_ARGUMENTS = {"keyword": "asses", "limit": 1}

#: What each file of `examples` is the answer to: a path, and a body if it is posted.
QUESTIONS: dict[str, tuple[str, Any]] = {
    "hts_search.json": ("/v1/hts?q=lithium-ion&limit=2", None),
    "hts_line.json": ("/v1/hts/8507.60.00.20", None),
    "sanctions.json": ("/v1/sanctions?name=Atlas+Sanatgaran&country=AM", None),
    "refusals.json": ("/v1/refusals?country=TH&product=16AGT64&limit=2", None),
    "rulings.json": ("/v1/rulings?q=tuna&limit=1", None),
    "ruling.json": ("/v1/rulings/N305619", None),
    "snapshot.json": ("/v1/snapshot", SHIPMENT),
    "snapshot.ndjson": ("/v1/snapshot?stream=1", SHIPMENT),
    "tools.json": ("/v1/tools", None),
    "tool.json": ("/v1/tools/hts", TOOL_ARGUMENTS),
    "health.json": ("/health", None),
    "ready.json": ("/health/ready", None),
}
#: And what is no answer: bodies to post, and the beginning of a text.
GIVEN: dict[str, bytes] = {
    "snapshot.request.json": orjson.dumps(SHIPMENT, option=orjson.OPT_INDENT_2) + b"\n",
    "tool.request.json": orjson.dumps(TOOL_ARGUMENTS, option=orjson.OPT_INDENT_2) + b"\n",
    "metrics.txt": b"# HELP http_client_pool_limit Open sockets at most\n"
    b'# TYPE http_client_pool_limit gauge\nhttp_client_pool_limit{pool="async"} 100.0\n',
    "openapi.json": b'{"openapi": "3.1.0"}\n',
}


async def answers() -> dict[str, bytes]:
    """What a gateway of sample data answers to the questions, one after the other."""
    async with TestClient(TestServer(create_app(Config(sandbox=True)))) as gateway:
        found = {}
        for name, (path, body) in QUESTIONS.items():
            method, headers = ("GET", {}) if body is None else ("POST", {"Content-Type": "application/json"})
            data = None if body is None else orjson.dumps(body)
            async with gateway.request(method, path, data=data, headers=headers) as response:
                assert response.status == 200, await response.text()
                found[name] = await response.read()
        return found


def main() -> None:
    """Write every example."""
    for name, content in asyncio.run(answers()).items():
        lines = content.splitlines()[:1] if name.endswith(".ndjson") else [content]
        shown = orjson.dumps(orjson.loads(lines[0]), option=0 if name.endswith(".ndjson") else orjson.OPT_INDENT_2)
        (EXAMPLES / name).write_bytes(shown + b"\n")
    for name, content in GIVEN.items():
        (EXAMPLES / name).write_bytes(content)
    sys.stdout.write(f"{len(QUESTIONS) + len(GIVEN)} examples written\n")


if __name__ == "__main__":
    main()
