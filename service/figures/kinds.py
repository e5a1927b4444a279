"""Kinds of metrics: a counter that follows what somebody else counted, a gauge that several processes share."""

from prometheus_client import CollectorRegistry, Counter, Gauge

__all__ = ["BUCKETS_S", "Total", "gauge"]

#: Upper bounds of durations, in seconds, up to the longest time that a caller may give a call.
BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0)


class Total:
    """A counter that is brought to what somebody else counted. What that has lost it does not take back."""

    def __init__(self, name: str, says: str, labels: tuple[str, ...], registry: CollectorRegistry) -> None:
        self._counter = Counter(name, says, labels, registry=registry)
        self._has_labels = bool(labels)
        self._seen: dict[tuple[str, ...], float] = {}

    def bring_to(self, value: float, *labels: str) -> None:
        """Count up to `value`."""
        more = value - self._seen.get(labels, 0.0)
        counter = self._counter.labels(*labels) if self._has_labels else self._counter
        if more >= 0:
            counter.inc(more)
            self._seen[labels] = value


def gauge(name: str, says: str, labels: tuple[str, ...], registry: CollectorRegistry) -> Gauge:
    """Of several processes, the sum over those that live."""
    return Gauge(name, says, labels, registry=registry, multiprocess_mode="livesum")
