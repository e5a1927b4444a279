"""One of several processes: the service, run by gunicorn on the sockets that all share."""

import asyncio
import os
import signal
import sys
from dataclasses import dataclass

import structlog
from gunicorn.arbiter import Arbiter
from gunicorn.workers.base import Worker

from service.app import create_app
from service.config import Config
from service.event_loop import run
from service.server import serve
from service.stop import Stop

__all__ = ["SIGNALS", "GatewayWorker", "Orders"]

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

#: What the supervisor says to a worker, and what it is told itself.
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)


@dataclass(frozen=True, slots=True)
class Orders:
    """What workers are told by their supervisor; they find it in the `orders` of what gunicorn calls the app.

    `demo`: the first of them asks about a shipment at its start. `lifeline` is the end of a pipe whose other end,
    `lifeline_of_supervisor`, the supervisor alone keeps, so that it comes to its end with it, however that dies.
    """

    config: Config
    demo: bool
    lifeline: int
    lifeline_of_supervisor: int


class GatewayWorker(Worker):
    """SIGTERM, or the end of the supervisor, stops it gracefully; SIGQUIT at once."""

    def init_signals(self) -> None:
        """Forget the supervisor's handlers; the event loop will have its own."""
        # What is sent by then ends the process: it has nothing in flight yet.
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGQUIT, signal.SIG_DFL)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        # A terminal sends it to all processes; what is to be done about it the supervisor says.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)

    def load_wsgi(self) -> None:
        """There is nothing of that kind: the application is made on the event loop."""

    def run(self) -> None:
        """Serve. A start that fails ends all processes, since the next would fail likewise."""
        # gunicorn takes it for running by now.
        self.booted = False
        orders: Orders = self.app.orders  # type: ignore[attr-defined]  # what gunicorn calls the app is ours
        os.close(orders.lifeline_of_supervisor)
        structlog.contextvars.bind_contextvars(pid=self.pid)
        try:
            run(self._serve(orders))
        except Exception:
            log.exception("a worker failed")
            sys.exit(1 if self.booted else Arbiter.WORKER_BOOT_ERROR)

    async def _serve(self, orders: Orders) -> None:
        stop, loop = Stop(), asyncio.get_running_loop()
        # Told twice, where a service manager tells every process, it is still the same stop.
        loop.add_signal_handler(signal.SIGTERM, stop.asked.set)
        loop.add_signal_handler(signal.SIGQUIT, stop.ask_at_once)

        def without_supervisor() -> None:
            loop.remove_reader(orders.lifeline)
            log.warning("the supervisor is gone")
            stop.asked.set()

        # Nobody writes there: it comes to its end with the process that has the other one.
        loop.add_reader(orders.lifeline, without_supervisor)

        async def when_up(url: str) -> None:
            self.booted = True
            if orders.demo and self.age == 1:
                # What lays it out takes a while to import.
                from service.demo import show_one_snapshot

                await show_one_snapshot(url)

        await serve(create_app(orders.config), when_up, stop=stop, listeners=self.sockets)
