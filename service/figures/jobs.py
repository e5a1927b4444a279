"""Jobs: how much of them waits. Of several processes each tells the same number, that of the ledger."""

from math import nan

from prometheus_client import CollectorRegistry, Gauge

__all__ = ["JobFigures"]


class JobFigures:
    """The depth of the queue: what workers beyond this machine are scaled by."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._waiting = Gauge(
            "compliance_gateway_job_chunks_waiting",
            "Chunks of jobs that are not screened yet; not a number while that is not known",
            registry=registry,
            multiprocess_mode="livemax",
        )
        self.update(None)

    def update(self, waiting: int | None) -> None:
        """Tell how many wait; None: nobody knows."""
        self._waiting.set(nan if waiting is None else waiting)
