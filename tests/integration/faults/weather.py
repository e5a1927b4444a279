"""How the agencies' weather changes while callers ask: showers everywhere, and now and then a total outage of one."""

import asyncio
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress

from tests.integration.faults.misdeeds import MISDEEDS
from tests.integration.faults.upstream import Agency, everything_at_once

__all__ = ["changing_weather"]


@asynccontextmanager
async def changing_weather(
    agencies: Mapping[str, Agency], dice: random.Random, share: float, fair_s: float, outage_s: float
) -> AsyncIterator[None]:
    """Every misdeed at once, to a `share` of the requests; every `fair_s` one agency does one of them to all.

    An outage lasts for `outage_s`. In the end all is good again.
    """

    async def change() -> None:
        while True:
            await asyncio.sleep(fair_s)
            agency, misdeed = dice.choice(list(agencies.values())), dice.choice(list(MISDEEDS))
            agency.weather = {misdeed: 1.0}
            await asyncio.sleep(outage_s)
            agency.weather = everything_at_once(share)

    for agency in agencies.values():
        agency.weather = everything_at_once(share)
    changing = asyncio.create_task(change())
    try:
        yield
    finally:
        changing.cancel()
        with suppress(asyncio.CancelledError):
            await changing
        for agency in agencies.values():
            agency.weather = {}
