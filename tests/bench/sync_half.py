"""What the sync half costs beside a plain `requests.Session`, in alternating rounds of one process on one core.

`python -m tests.bench.sync_half`: the screening tool over the pooled session, and the pooled session alone, each beside
a plain session that keeps as many connections and parses the JSON. Many threads; the agency runs on another core. And
the pooled session without each of its short ways: what does not save much is not worth its lines.
"""

import argparse
import itertools
import os
import re
import statistics
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from unittest import mock

import requests
from requests.adapters import HTTPAdapter

from tests.bench.grounds import running_agencies
from tools.http_client import HTTPClientManager, sync_answer, sync_session
from tools.http_client.sync_adapter import PooledAdapter
from tools.sanctions import SanctionsTool

__all__ = ["measure"]

#: Asks once, about the party that it is given.
Ask = Callable[[str], object]
#: In force while a contender has its round.
Setting = Callable[[], AbstractContextManager[object]]


def _not_plain(*_: object) -> None:
    """Find no request plain."""


#: The short ways of the pooled session, and what takes each of them away.
SHORT_WAYS: dict[str, Setting] = {
    "preparing requests": lambda: mock.patch.object(sync_session, "prepared_shortly", _not_plain),
    "reading heads": lambda: mock.patch.object(sync_answer, "_PLAIN", re.compile(rb"(?!)")),
    "what is kept by origin": lambda: mock.patch.multiple(
        PooledAdapter,
        get_connection_with_tls_context=HTTPAdapter.get_connection_with_tls_context,
        cert_verify=HTTPAdapter.cert_verify,
        request_url=HTTPAdapter.request_url,
    ),
    "sending": lambda: mock.patch.object(sync_session.PooledSession, "send", requests.Session.send),
}


def plain_session() -> requests.Session:
    """requests as it comes, but for the connections that it keeps: one for each thread."""
    session = requests.Session()
    session.mount("http://", HTTPAdapter(pool_maxsize=100))
    return session


def asking(session: requests.Session, base_url: str) -> Ask:
    """Asks over `session`, and parses."""
    headers = {"subscription-key": "bench"}
    url = f"{base_url}/search"
    return lambda name: session.get(url, params={"name": name}, headers=headers).json()


def paired(
    contenders: dict[str, tuple[Ask, Setting]], *, threads: int, times: int, rounds: int
) -> list[dict[str, float]]:
    """Answers per second of processor time of each, round by round, which other work on the machine changes little.

    `times` of them are asked for in a round, by so many threads.
    """
    names = itertools.count()
    with ThreadPoolExecutor(threads) as executor:

        def round_of(ask: Ask, setting: Setting) -> float:
            together = threading.Barrier(threads)

            def ask_some() -> None:
                together.wait()
                for _ in range(times // threads):
                    ask(f"Party Number {next(names)}")

            with setting():
                started = time.process_time()
                for done in [executor.submit(ask_some) for _ in range(threads)]:
                    done.result()
                return times / (time.process_time() - started)

        for each in contenders.values():  # warm
            round_of(*each)
        found = []
        for at in range(rounds):
            # Who comes first changes, so that a machine that slows down or speeds up favors none.
            order = sorted(contenders, reverse=bool(at % 2))
            found.append({name: round_of(*contenders[name]) for name in order})
        return found


def measure(*, rounds: int = 21, threads: int = 32) -> dict[str, dict[str, float]]:
    """Answers per second of processor time by contender (`tools`, `pooled session`, `plain session`, and `without` each
    short way), with ratios to the plain session, and `saves`: how much more the pooled session answers than without it.

    Runs on one core, the last that this process may use; the agency has the first.
    """
    cores = sorted(os.sched_getaffinity(0))
    manager = HTTPClientManager()
    with running_agencies(cores[0]) as (_, ports), plain_session() as plain:
        base_url = f"http://127.0.0.1:{ports['plain']}"
        tool = SanctionsTool(subscription_key="bench", base_url=base_url, sandbox=True, client=manager.sync_client)
        pooled = asking(manager.sync_client, base_url)
        contenders: dict[str, tuple[Ask, Setting]] = {
            "tools": (lambda name: tool.run(name=name), nullcontext),
            "pooled session": (pooled, nullcontext),
            "plain session": (asking(plain, base_url), nullcontext),
        }
        contenders |= {f"without {way}": (pooled, setting) for way, setting in SHORT_WAYS.items()}
        os.sched_setaffinity(0, {cores[-1]})
        try:
            found = paired(contenders, threads=threads, times=threads * 8, rounds=rounds)
        finally:
            os.sched_setaffinity(0, cores)
            manager.close_sync(0)
    return {name: _figures(name, found) for name in contenders}


def _figures(name: str, rounds: list[dict[str, float]]) -> dict[str, float]:
    ratios = [each[name] / each["plain session"] for each in rounds]
    saves = [each["pooled session"] / each[name] for each in rounds]
    return {
        "per_second": statistics.median(each[name] for each in rounds),
        "ratio": statistics.median(ratios),
        "ratio_min": min(ratios),
        "ratio_max": max(ratios),
        "saves": statistics.median(saves),
        "saves_min": min(saves),
        "saves_max": max(saves),
    }


def main() -> None:
    """Print medians and paired ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--threads", type=int, default=32)
    options = parser.parse_args()
    figures = measure(rounds=options.rounds, threads=options.threads)
    print(f"{options.threads} threads, {options.rounds} paired rounds; ratio to a plain session, median [least..most]")  # noqa: T201 - its purpose
    for name, of in figures.items():
        ratio = "{ratio:.2f}x [{ratio_min:.2f}..{ratio_max:.2f}]".format(**of)
        if name.startswith("without"):
            ratio += ", saves {saves:.2f}x [{saves_min:.2f}..{saves_max:.2f}]".format(**of)
        print(f"{name:<30} {of['per_second']:>7.0f} answers per CPU s  {ratio}")  # noqa: T201 - likewise


if __name__ == "__main__":
    main()
