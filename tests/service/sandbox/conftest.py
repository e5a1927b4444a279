"""A sandbox with its built-in data, a client that knows nothing of the product, and the folder of real exports."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from service.sandbox import Sandbox

#: The built-in data, laid out as a folder of the caller's own would be.
SAMPLE_DATA = Path(__file__).parents[3] / "service/sandbox/sample_data"
#: The agencies' own export files, where they stand beside the checkout.
REAL = Path(__file__).parents[3] / "../shared/samples"


class Agency:
    """Asks the tariff agency at `base`."""

    def __init__(self, base: str, session: aiohttp.ClientSession) -> None:
        self.base, self._session = base, session

    def get(self, path: str, **parameters: str) -> Any:
        """For `async with`: the response as it came."""
        return self._session.get(self.base + path, params=parameters, headers={"User-Agent": "sandbox-tests/1.0"})

    async def json(self, path: str, **parameters: str) -> Any:
        """The decoded body of a good answer."""
        async with self.get(path, **parameters) as response:
            assert response.status == 200
            return await response.json()

    async def export(self, first: str, last: str, **more: str) -> Any:
        """The rows from `first` to `last`."""
        asked = {"from": first, "to": last, "format": "JSON", "styles": "false"} | more
        return await self.json("/exportList", **asked)


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    running = Sandbox()
    await running.start()
    yield running
    await running.close()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as plain:
        yield plain


@pytest.fixture
def agency(sandbox: Sandbox, session: aiohttp.ClientSession) -> Agency:
    return Agency(sandbox.url("hts"), session)
