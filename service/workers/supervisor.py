"""Keeps the workers: starts them, replaces one that died, stops all. Serves nothing itself."""

import gc
import math
import os
import signal
import socket
import sys
from types import FrameType
from typing import Any, ClassVar

from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.errors import HaltServer
from gunicorn.glogging import Logger

from service.config import Config
from service.figures.shared import forget_gauges, shared_directory
from service.sandbox import Sandbox
from service.server import LAST_BYTES_S
from service.workers.listening import open_listeners
from service.workers.worker import SIGNALS, GatewayWorker, Orders
from tools.http_client.manager import DRAIN_S

__all__ = ["serve_in_workers"]

#: Seconds beyond the bounds of a graceful stop after which a worker is taken to hang.
_SPARE_S = 5.0


def serve_in_workers(config: Config, *, demo: bool) -> int:
    """Serve in `config.workers` processes until SIGTERM or SIGINT; the exit code.

    A second signal stops at once. `demo`: one of them asks about a shipment at its start.

    Raises ConfigError, SandboxDataError and PortTaken, before there is any process.
    """
    directory = shared_directory()
    if config.sandbox:
        # Each worker reads it for itself; what is wrong with it is said once.
        Sandbox(config.sandbox_data).check_data()
    listeners = open_listeners(config)
    gateway = _Gateway(Orders(config, demo, *os.pipe()), directory)
    try:
        _Supervisor(gateway, listeners).run()
    except HaltServer:
        return 1  # one more worker that did not start, while the others were being stopped for that reason
    except SystemExit as exc:
        return 1 if exc.code else 0
    return 0


class _Gateway(BaseApplication):
    """What gunicorn is to run, and how. `figures` is the directory that workers share."""

    def __init__(self, orders: Orders, figures: str | None) -> None:
        self.orders = orders
        self._figures = figures
        super().__init__()

    def load_config(self) -> None:
        """Tell gunicorn. Whatever it would read from its own files and variables stays unread."""
        settings: dict[str, Any] = {
            "workers": self.orders.config.workers,
            "worker_class": GatewayWorker,
            "logger_class": _Log,
            # A machine that stood still for a while would make every worker look hung.
            "timeout": 0,
            "graceful_timeout": math.ceil(self.orders.config.shutdown_s + LAST_BYTES_S + DRAIN_S + _SPARE_S),
            "control_socket_disable": True,
            # The one place that can be written to for sure.
            "worker_tmp_dir": self._figures,
            "pre_fork": _share_memory,
            "child_exit": self._forget_worker,
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def _forget_worker(self, _: Arbiter, worker: GatewayWorker) -> None:
        if self._figures is not None:
            forget_gauges(self._figures, int(worker.pid))


class _Supervisor(Arbiter):
    """SIGTERM and SIGINT mean the same, and are all that it listens to: another signal ends it as it ends any process,
    and the workers notice."""

    SIGNALS: ClassVar[list[int]] = [signal.SIGTERM, signal.SIGINT]

    def __init__(self, gateway: _Gateway, listeners: list[socket.socket]) -> None:
        super().__init__(gateway)
        # gunicorn's own name; in place of sockets in its own wrapping, plain ones do.
        self.LISTENERS = listeners  # type: ignore[misc, assignment]
        self._signals = 0

    def signal(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - gunicorn's signature
        """Queue what gunicorn reads as a graceful stop, and as one at once."""
        self._signals += 1
        self.SIG_QUEUE.put_nowait(signal.SIGTERM if self._signals == 1 else signal.SIGQUIT)

    def stop(self, graceful: bool = True) -> None:
        """Stop all workers. Of two signals that came together, the queue has lost the second."""
        super().stop(graceful and self._signals < 2)

    def spawn_worker(self) -> int:
        """Fork one. Signals are held back until each process has its own handlers."""
        supervisor = os.getpid()
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        try:
            pid: int = super().spawn_worker()
        except SystemExit as exc:
            if os.getpid() != supervisor:
                # What the supervisor has open is not the worker's to close.
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(exc.code if isinstance(exc.code, int) else 0)
            raise
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        return pid


class _Log(Logger):
    """gunicorn's messages as all the others: through the root logger."""

    def setup(self, cfg: Any) -> None:  # noqa: ARG002 - gunicorn's signature
        """No handler of its own, nor what the service tells already: when it starts and ends, and of access."""
        self.error_log.propagate = True
        self.error_log.setLevel("WARNING")


def _share_memory(_arbiter: Arbiter, _worker: GatewayWorker) -> None:
    """What is there by now is never collected, so that workers do not write to it, and copy it, to find that out."""
    gc.freeze()
