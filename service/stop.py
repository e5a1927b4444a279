"""How what keeps running is told to stop."""

import asyncio
import signal

__all__ = ["Stop", "stay_up", "stop_by_signals"]


class Stop:
    """Tells the service to stop: `ask` gracefully, when asked again at once. Belongs to one event loop."""

    def __init__(self) -> None:
        self.asked, self.at_once = asyncio.Event(), asyncio.Event()

    def ask(self) -> None:
        """Stop gracefully; at once when it is asked again."""
        (self.at_once if self.asked.is_set() else self.asked).set()

    def ask_at_once(self) -> None:
        """Stop without waiting for the requests in flight."""
        self.asked.set()
        self.at_once.set()


def stop_by_signals() -> Stop:
    """One that SIGTERM and SIGINT ask."""
    stop, loop = Stop(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.ask)
    return stop


async def stay_up() -> None:
    """Return on SIGTERM or SIGINT."""
    await stop_by_signals().asked.wait()
