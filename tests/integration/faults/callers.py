"""Callers of a gateway: they ask at random, some give a time, some leave, and all of them check what they are told."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import aiohttp

from tests.integration.faults.questions import Question, ask
from tests.integration.faults.verdict import Verdict, judge

__all__ = ["CallerHabits", "Tally", "call", "storm"]

#: Seconds beyond its deadline after which a caller no longer believes in an answer.
_PATIENCE_S = 10.0


@dataclass(frozen=True, slots=True)
class CallerHabits:
    """How callers behave. Shares are from 0 to 1; `deadline_s` is what the gateway gives who names no time.

    There are few `different` questions of each kind, so that what the gateway keeps stops growing early in a run, and
    half of the callers want a live answer, so that it does not hide the agencies.
    """

    different: int = 100
    deadline_s: float = 3.0
    think_s: float = 0.5
    share_with_time: float = 0.3
    share_leaving: float = 0.05
    share_wanting_live: float = 0.5


@dataclass(slots=True)
class Tally:
    """What all callers met. `late_s` is the longest time that one had to wait beyond its deadline."""

    asked: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    left: int = 0
    late_s: float = 0.0
    latest: str = ""
    took_s: list[float] = field(default_factory=list)

    @property
    def requests(self) -> int:
        return self.asked.total()

    def add(self, question: Question, verdict: Verdict, took_s: float, deadline_s: float) -> None:
        """Count one call."""
        self.asked[question.agency] += 1
        self.outcomes[verdict.kind, verdict.code] += 1
        self.took_s.append(took_s)
        if verdict.kind == "wrong":
            self.wrong.append(verdict.why)
        if took_s - deadline_s > self.late_s:
            self.late_s, self.latest = took_s - deadline_s, f"{question.path} ({deadline_s:.2f} s, {verdict.code})"


async def storm(url: str, seconds: float, callers: int, seed: int, habits: CallerHabits | None = None) -> Tally:
    """`callers` ask the gateway at `url` for so many `seconds`, each its next question after the answer to the last."""
    tally, until = Tally(), time.monotonic() + seconds
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(url, connector=connector, timeout=aiohttp.ClientTimeout(None)) as session:
        dice = [random.Random(f"{seed} caller {number}") for number in range(callers)]
        await asyncio.gather(*(_live(session, each, until, habits or CallerHabits(), tally) for each in dice))
    return tally


async def _live(
    session: aiohttp.ClientSession, dice: random.Random, until: float, habits: CallerHabits, tally: Tally
) -> None:
    await asyncio.sleep(dice.uniform(0, 2 * habits.think_s))  # not all in the same moment
    while time.monotonic() < until:
        question = ask(dice, habits.different)
        headers, deadline_s = {}, habits.deadline_s
        if dice.random() < habits.share_with_time:
            deadline_s = round(dice.uniform(0.2, 2.0), 2)
            headers["X-Request-Timeout"] = f"{deadline_s}"
        if dice.random() < habits.share_wanting_live:
            headers["Cache-Control"] = "no-cache"
        leaves_s = dice.uniform(0.005, 0.3) if dice.random() < habits.share_leaving else None
        try:
            async with asyncio.timeout(leaves_s):
                await call(session, question, deadline_s, tally, headers)
        except TimeoutError:
            tally.asked[question.agency] += 1
            tally.left += 1
        await asyncio.sleep(dice.uniform(0, 2 * habits.think_s))


async def call(
    session: aiohttp.ClientSession,
    question: Question,
    deadline_s: float,
    tally: Tally,
    headers: Mapping[str, str],
    base: str = "",
) -> Verdict:
    """Ask once, judge the answer, count it. An answer that does not come at all is wrong.

    `base` is the gateway's URL, where `session` does not know it.
    """
    started = time.monotonic()
    patience = aiohttp.ClientTimeout(deadline_s + _PATIENCE_S)
    try:
        async with session.get(base.rstrip("/") + question.path, headers=headers, timeout=patience) as response:
            body = await response.read()
        verdict = judge(question, response.status, response.headers.get("Content-Type", ""), body)
    except aiohttp.ClientError as exc:
        verdict = Verdict("wrong", "no answer", f"{question.path}: {exc!r}")
    tally.add(question, verdict, time.monotonic() - started, deadline_s)
    return verdict
