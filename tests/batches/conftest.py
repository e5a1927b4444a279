"""Gateways for streamed batches."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from pytest_aiohttp import AiohttpClient

from service.app import create_app
from service.config import Config
from service.keys import LISTS
from tests.batches.batch_gateway import Gateway

OpenBatches = Callable[..., Awaitable[Gateway]]


@pytest.fixture
def open_batches(aiohttp_client: AiohttpClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OpenBatches:
    """Starts a gateway of sample data with a list in force, whose rows `matching` screens."""

    async def open_one(matching: Any, **settings: Any) -> Gateway:
        own = {"sandbox": True, "sanctions_source": "list", "data_dir": tmp_path}
        app = create_app(Config(**own | settings))
        monkeypatch.setattr("service.lifecycle.make_matching", lambda _: matching)
        gateway: Gateway = await aiohttp_client(app)
        lists = app[LISTS]
        if lists is not None:
            await lists.settled()
        return gateway

    return open_one
