"""Several processes behind one port: gunicorn keeps so many alive, and each serves the application by itself.

They share one listening socket, so that what a killed one had not yet accepted is the next one's. What is divided among
them, and what each has of its own, follows from `Config.workers`.
"""

import asyncio
import logging
import os
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

import structlog
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.glogging import Logger
from gunicorn.workers.base import Worker
from prometheus_client import values

from service import VERSION
from service.app import create_app
from service.config import Config, ConfigError
from service.event_loop import run
from service.figures.shared import forget_gauges
from service.sandbox import SandboxDataError
from service.server import serve

__all__ = ["serve_by_workers"]

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

_FIGURES = "PROMETHEUS_MULTIPROC_DIR"
_SHARED_MEMORY = "/dev/shm"  # noqa: S108 - names in it are made by tempfile
#: How often a worker tells that it lives, and looks whether the supervisor does.
_PULSE_S = 1.0
#: A worker that has not told for so long hangs, and is replaced.
_HANGS_S = 120
#: Beyond the time for requests in flight, for closing the rest.
_LAST_S = 5

WhenUp = Callable[[str], Awaitable[None]]


def serve_by_workers(config: Config, listeners: Sequence[socket.socket], when_up: WhenUp | None) -> int:
    """Serve with `config.workers` processes on `listeners` until SIGTERM or SIGINT, then drain all; the exit code.

    A second signal stops at once. `when_up` is called by the first worker. Ends with 2 when the workers cannot start
    for a reason that they told in one line, with 1 for another one.
    """
    with _shared_figures():
        port = listeners[0].getsockname()[1]
        log.info(
            "listening", host=config.host, port=port, sandbox=config.sandbox, version=VERSION, workers=config.workers
        )
        supervisor = os.getpid()
        try:
            _Supervisor(_Application(config, listeners, when_up)).run()
        except SystemExit as end:
            if os.getpid() != supervisor:
                raise  # a worker's end, which the supervisor understands
            ended = {Arbiter.APP_LOAD_ERROR: 2, Arbiter.WORKER_BOOT_ERROR: 1}
            return ended.get(int(end.code or 0), int(end.code or 0))
    return 0


@contextmanager
def _shared_figures() -> Iterator[None]:
    """A directory in which all workers tell their figures."""
    if _FIGURES in os.environ:
        yield
        return
    directory = os.environ[_FIGURES] = tempfile.mkdtemp(prefix="compliance-gateway-", dir=_in_memory())
    # prometheus-client decided at its import that this process was alone.
    values.ValueClass = values.get_value_class()  # type: ignore[no-untyped-call]  # it has no types
    supervisor = os.getpid()
    try:
        yield
    finally:
        if os.getpid() == supervisor:  # workers come by here, too
            shutil.rmtree(directory, ignore_errors=True)


def _in_memory() -> str | None:
    """Where files go that are none to keep: a container may have no other place to write to. None: where all go."""
    return _SHARED_MEMORY if os.access(_SHARED_MEMORY, os.W_OK) else None


class _Application(BaseApplication):
    """What gunicorn takes for its settings and its application."""

    def __init__(self, config: Config, listeners: Sequence[socket.socket], when_up: WhenUp | None) -> None:
        self.config, self.when_up = config, when_up
        # gunicorn takes them over.
        self._listeners = [f"fd://{each.detach()}" for each in listeners]
        super().__init__()

    def load_config(self) -> None:
        """Of gunicorn's settings those that differ from its defaults."""
        settings: dict[str, object] = {
            "bind": self._listeners,
            "workers": self.config.workers,
            "worker_class": _GatewayWorker,
            "logger_class": _OurLog,
            "timeout": _HANGS_S,
            "graceful_timeout": int(self.config.shutdown_s) + _LAST_S,
            "child_exit": _forget_figures,
            "worker_tmp_dir": _in_memory(),
            "control_socket_disable": True,
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """What a worker serves it makes itself, on its event loop."""
        return self


class _Supervisor(Arbiter):
    """Takes SIGINT for SIGTERM, and a second one for the wish to stop at once. Others have no meaning here: one
    worker more or less would have another share of what is divided."""

    SIGNALS: ClassVar[list[int]] = [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT]
    _is_stopping = False

    def signal(self, sig: int, frame: Any) -> None:
        """Called by Python for each signal."""
        if sig in (signal.SIGTERM, signal.SIGINT):
            sig = signal.SIGQUIT if self._is_stopping else signal.SIGTERM
            self._is_stopping = True
        super().signal(sig, frame)


class _OurLog(Logger):
    """gunicorn's messages, in our log."""

    def setup(self, cfg: Any) -> None:
        """Leave formats and streams to the root logger."""
        self.cfg = cfg
        self._access_log_enabled = False
        self.error_log = logging.getLogger("gunicorn")
        # That it starts and stops processes we say ourselves.
        self.error_log.setLevel(logging.WARNING)


class _GatewayWorker(Worker):
    """One process that serves the application."""

    def init_signals(self) -> None:
        """The event loop's, once it runs; until then they end the process."""
        for number in self.SIGNALS:
            signal.signal(number, signal.SIG_DFL)

    def run(self) -> None:
        """Serve until the supervisor says stop, or is gone. A start that fails ends with gunicorn's own codes."""
        self.booted = False
        try:
            run(self._serve())
        except (ConfigError, SandboxDataError) as exc:
            if self.age == 1:
                sys.stderr.write(f"compliance-gateway: {exc}\n")
            sys.exit(Arbiter.APP_LOAD_ERROR)

    async def _serve(self) -> None:
        # As gunicorn's stubs do not know: what `load` returned, and sockets in gunicorn's wrapping.
        application: Any = self.wsgi
        sockets: list[Any] = self.sockets
        pulse = asyncio.create_task(self._tell_that_it_lives())

        async def when_up(url: str) -> None:
            self.booted = True
            if application.when_up is not None and self.age == 1:
                await application.when_up(url)

        try:
            await serve(create_app(application.config), when_up, listeners=[each.sock for each in sockets])
        finally:
            pulse.cancel()

    async def _tell_that_it_lives(self) -> None:
        while True:
            self.notify()
            if os.getppid() != self.ppid:
                log.warning("the supervisor is gone")
                os.kill(os.getpid(), signal.SIGTERM)
                return
            await asyncio.sleep(_PULSE_S)


def _forget_figures(_: Arbiter, worker: Worker) -> None:
    forget_gauges(os.environ[_FIGURES], int(worker.pid))
