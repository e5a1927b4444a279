"""`make chaos`: everything at once against a gateway in its own process, a table, and exit code 1 when a bar is missed.

`python -m tests.integration.faults.chaos --seconds 60 --callers 100 --seed 1`
"""

import argparse
import asyncio
import os
import random
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.integration.faults.authority import Authority
from tests.integration.faults.callers import CallerHabits, storm
from tests.integration.faults.gateway import GatewayProcess, running_gateway
from tests.integration.faults.pulse import feeling_pulse
from tests.integration.faults.report import Findings, missed_bars, table
from tests.integration.faults.settings import settings_for
from tests.integration.faults.upstream import serving_agencies
from tests.integration.faults.weather import changing_weather

__all__ = ["main", "run"]

_FAIR_S, _OUTAGE_S = 6.0, 3.0
_MEMORY_EVERY_S = 0.25
#: Longer than any deadline of a caller: by then nothing may be held any more.
_CALM_S = 5.0


async def run(seconds: float, callers: int, seed: int, share: float, folder: Path) -> Findings:
    """A storm of so many `callers` for `seconds`, with misdeeds to a `share` of the agencies' requests."""
    habits = CallerHabits()
    authority = Authority(folder)
    async with serving_agencies(seed, authority) as agencies:
        settings = settings_for(agencies, deadline_s=habits.deadline_s)
        async with running_gateway(settings, folder, authority.file) as gateway:
            _keep_apart(gateway)
            memory: list[int] = []
            weighing = asyncio.create_task(_weigh(gateway, memory))
            weather = changing_weather(agencies, random.Random(f"{seed} weather"), share, _FAIR_S, _OUTAGE_S)
            async with feeling_pulse(gateway.url, seconds) as pulse, weather:
                tally = await storm(gateway.url, seconds, callers, seed, habits)
            weighing.cancel()
            return Findings(
                seconds=seconds,
                tally=tally,
                leaked_slots=await gateway.leaked_slots(_CALM_S),
                pulse_ms=pulse,
                memory=memory,
                starved_s=gateway.starved_s(),
                peak_bytes=gateway.memory_bytes()[1],
                upstream={each.name: (len(each.arrivals), each.connections) for each in agencies.values()},
                misdeeds=sum((each.done for each in agencies.values()), Counter[str]()),
                logged_errors=gateway.errors(),
            )


def _keep_apart(gateway: GatewayProcess) -> None:
    """Give the gateway a processor of its own: woken on ours, it would wait for us, and look slow."""
    ours = sorted(os.sched_getaffinity(0))
    if len(ours) > 1:
        gateway.run_on({ours[0]})
        os.sched_setaffinity(0, ours[1:])


async def _weigh(gateway: GatewayProcess, memory: list[int]) -> None:
    while True:
        memory.append(gateway.memory_bytes()[0])
        await asyncio.sleep(_MEMORY_EVERY_S)


def main() -> int:
    """Run by the command line; 0 when every bar is met."""
    parser = argparse.ArgumentParser(description="Everything at once against one gateway.")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--callers", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--share", type=float, default=0.2, help="share of the agencies' requests that go wrong, 0 to 1"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        findings = asyncio.run(run(options.seconds, options.callers, options.seed, options.share, Path(folder)))
    missed = missed_bars(findings)
    lines = [table(findings), *(f"MISSED: {said}" for said in missed)]
    sys.stdout.write("\n".join(lines) + f"\nseed {options.seed}: {'missed' if missed else 'all bars met'}\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
