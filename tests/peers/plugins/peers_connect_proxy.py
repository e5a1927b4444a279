"""Lets the proxy of urllib3's test server answer CONNECT, which released hypercorn does not: theirs is a fork.

The front sees every connection to the proxy, opens tunnels itself, and hands all else to the proxy behind it.
"""

import asyncio
import contextlib
import ssl
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path.cwd()))  # the source package; its test server is not installed

from dummyserver import asgi_proxy, hypercornserver  # type: ignore[import-not-found]

_stock_run = hypercornserver.run_hypercorn_in_thread


@contextlib.contextmanager
def _run(host: str, certs: dict[str, Any] | None, app: Any) -> Iterator[int]:
    if not isinstance(app, asgi_proxy.ProxyApp):
        with _stock_run(host, certs, app) as port:
            yield port
        return
    with _stock_run("127.0.0.1", None, app) as behind:
        loop = asyncio.new_event_loop()
        listening: asyncio.Future[int] = loop.create_future()
        over = asyncio.Event()
        serving = _serve(host, _context(certs), behind, listening, over)
        thread = threading.Thread(target=loop.run_until_complete, args=(serving,), name="connect-proxy", daemon=True)
        thread.start()
        port = asyncio.run_coroutine_threadsafe(_result(listening), loop).result(10)
        try:
            yield port
        finally:
            loop.call_soon_threadsafe(over.set)
            thread.join(10)
            loop.close()


async def _result(future: asyncio.Future[int]) -> int:
    return await future


def _context(certs: dict[str, Any] | None) -> ssl.SSLContext | None:
    if not certs:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certs["certfile"], certs["keyfile"])
    if certs.get("ca_certs"):
        context.load_verify_locations(certs["ca_certs"])
    context.verify_mode = certs.get("cert_reqs", ssl.CERT_NONE)
    return context


async def _serve(
    host: str, context: ssl.SSLContext | None, behind: int, listening: asyncio.Future[int], over: asyncio.Event
) -> None:
    opened: list[asyncio.BaseTransport] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        opened.append(writer.transport)
        try:
            await _front(reader, writer, behind, opened)
        except (OSError, EOFError, asyncio.CancelledError):
            pass  # one of the three has gone, or the test is over
        finally:
            writer.close()

    first = await asyncio.start_server(serve, "127.0.0.1" if host == "localhost" else host, 0, ssl=context)
    servers = [first]
    port: int = first.sockets[0].getsockname()[1]
    if host == "localhost":
        with contextlib.suppress(OSError):
            servers.append(await asyncio.start_server(serve, "::1", port, ssl=context))
    listening.set_result(port)
    await over.wait()
    for server in servers:
        server.close()
    await asyncio.sleep(0)  # who has just come is served from now on
    serving = asyncio.all_tasks() - {asyncio.current_task()}
    for task in serving:
        task.cancel()
    await asyncio.gather(*serving, return_exceptions=True)
    for transport in opened:
        transport.abort()  # type: ignore[attr-defined]  # each is a Transport
    await asyncio.sleep(0.01)  # the loop closes their sockets, or else the collector warns of them


async def _front(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, behind: int, opened: list[asyncio.BaseTransport]
) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    method, target, _ = head.split(b" ", 2)
    if method == b"CONNECT":
        host, _, port = target.decode().rpartition(":")
        far_reader, far_writer = await asyncio.open_connection(host.strip("[]"), int(port))
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
    else:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", behind)
        far_writer.write(head)
    opened.append(far_writer.transport)
    relays = [asyncio.ensure_future(_relay(reader, far_writer)), asyncio.ensure_future(_relay(far_reader, writer))]
    try:
        await asyncio.wait(relays, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for relay in relays:
            relay.cancel()
        await asyncio.gather(*relays, return_exceptions=True)
        far_writer.close()


async def _relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()


hypercornserver.run_hypercorn_in_thread = _run
