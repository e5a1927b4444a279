"""The process and its interpreter: memory, CPU, files, garbage. Of several processes, the sum over those that live."""

from prometheus_client import CollectorRegistry, Gauge, GCCollector, ProcessCollector
from prometheus_client.core import Metric

from service.figures.kinds import Total, gauge

__all__ = ["ProcessFigures"]


class ProcessFigures:
    """What prometheus-client's own collectors tell, as metrics that several processes can share: those cannot be."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self._read = CollectorRegistry()
        ProcessCollector(registry=self._read)
        GCCollector(registry=self._read)
        self._totals: dict[str, Total] = {}
        self._gauges: dict[str, Gauge] = {}
        self.update()

    def update(self) -> None:
        """Look. Reads files of the kernel, so not on the event loop."""
        for family in self._read.collect():
            if family.type == "counter":
                self._count(family)
            else:
                self._measure(family)

    def _count(self, family: Metric) -> None:
        for sample in family.samples:
            if family.name not in self._totals:
                labels = tuple(sample.labels)
                self._totals[family.name] = Total(family.name, family.documentation, labels, self._registry)
            self._totals[family.name].bring_to(sample.value, *sample.labels.values())

    def _measure(self, family: Metric) -> None:
        [sample] = family.samples
        if family.name not in self._gauges:
            self._gauges[family.name] = (
                # A sum of times tells nothing; the oldest of them does.
                Gauge(family.name, family.documentation, registry=self._registry, multiprocess_mode="livemin")
                if family.name == "process_start_time_seconds"
                else gauge(family.name, family.documentation, (), self._registry)
            )
        self._gauges[family.name].set(sample.value)
