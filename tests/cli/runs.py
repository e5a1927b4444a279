"""Runs the command line with settings of its own and no others: as a process, or quicker, in this one."""

import asyncio
import io
import os
import sys
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import orjson

from service.cli.main import main

COMMAND = (sys.executable, "-m", "service")


@dataclass(frozen=True)
class Ended:
    """A run that has ended."""

    code: int
    out: str
    err: str

    @property
    def body(self) -> Any:
        """What it printed, as JSON."""
        return orjson.loads(self.out)


def environment(**settings: Any) -> dict[str, str]:
    """The environment of a run; `settings` are those of the gateway, in capitals any other variable.

    Unless they say otherwise, parties are screened by the agency's search.
    """
    settings = {"sanctions_source": "api"} | settings
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        clean.pop(name, None)
    named = {name if name.isupper() else f"GATEWAY_{name.upper()}": str(value) for name, value in settings.items()}
    return clean | named


async def run(*words: str, given: bytes = b"", **settings: Any) -> Ended:
    """Run it to its end, as a process."""
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        *words,
        env=environment(**settings),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(60):
        out, err = await process.communicate(given)
    assert process.returncode is not None
    return Ended(process.returncode, out.decode(), err.decode())


async def typed(*words: str, given: bytes = b"", **settings: Any) -> Ended:
    """Run it to its end, in a thread of this process, whose logging stays as it is."""
    return await asyncio.to_thread(_typed, words, given, environment(**settings))


def _typed(words: tuple[str, ...], given: bytes, environ: dict[str, str]) -> Ended:
    stdin, stdout, stderr = (io.TextIOWrapper(io.BytesIO(each), "utf-8") for each in (given, b"", b""))
    with (
        patch.dict(os.environ, environ, clear=True),
        patch.multiple(sys, stdin=stdin, stdout=stdout, stderr=stderr),
        patch("service.cli.settings.set_up_logging"),
    ):
        code = main(words)
    for each in (stdout, stderr):
        each.seek(0)
    return Ended(code, stdout.read(), stderr.read())
