"""Processes of the bench's own: started on the processors that they are to have, ended by their handles."""

import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

__all__ = ["ROOT", "DidNotStart", "free_port", "running", "wait_until_answering"]

#: Where programs are started: the project's root, so that it is what they import.
ROOT = Path(__file__).parents[2]
_STOP_S = 10.0


class DidNotStart(Exception):
    """A process ended, or never answered. The message is one line."""


def free_port() -> int:
    """A port of loopback that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(
    command: Sequence[str],
    cores: set[int],
    environment: Mapping[str, str] | None = None,
    *,
    reads_output: bool = False,
) -> Iterator[subprocess.Popen[str]]:
    """A process on these processors. No setting of the gateway's comes from our own environment."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE if reads_output else None,
        stdin=subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
        env=clean | dict(environment or {}),
        process_group=0,  # a terminal's Ctrl-C is for the bench alone, which then ends the others
        # Set between fork and exec, so that no thread of its start runs elsewhere.
        preexec_fn=lambda: os.sched_setaffinity(0, cores),
    )
    try:
        yield process
    finally:
        _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


def wait_until_answering(process: subprocess.Popen[str], url: str, within_s: float = 30.0) -> float:
    """Return once `url` answers 200, with the seconds that it took. Raises DidNotStart."""
    started = time.perf_counter()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while (took_s := time.perf_counter() - started) < within_s:
        try:
            with opener.open(url, timeout=5):
                return time.perf_counter() - started
        except urllib.error.HTTPError as answer:
            answer.close()
        except OSError:
            if process.poll() is not None:
                raise DidNotStart(f"ended with {process.returncode} before it answered") from None
        time.sleep(0.01)
    raise DidNotStart(f"did not answer within {took_s:.0f} s")
