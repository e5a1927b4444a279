"""What a run of the lab found, as a table, and the bars that it has to meet."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tests.integration.faults.callers import Tally

__all__ = ["Findings", "missed_bars", "table"]

MIB = 1024 * 1024
#: Beyond the deadline, ms; p99 of the pulse, ms; growth of memory over the second half, bytes.
_LATE_MS, _STALL_MS, _GROWTH_BYTES = 250.0, 50.0, 4 * MIB
_EXAMPLES = 10


@dataclass(frozen=True, slots=True)
class Findings:
    """Of one run. `pulse_ms` are latencies of `/health`; `memory` the gateway's resident bytes, in even steps.

    `starved_s` is how long the gateway wanted a processor and had none. `upstream` counts requests and connections by
    agency, `misdeeds` what the agencies did.
    """

    seconds: float
    tally: Tally
    leaked_slots: int
    pulse_ms: Sequence[float]
    starved_s: float
    memory: Sequence[int]
    peak_bytes: int
    upstream: Mapping[str, tuple[int, int]]
    misdeeds: Counter[str]
    logged_errors: Sequence[str]

    @property
    def growth_bytes(self) -> int:
        """Growth of memory from the beginning of the second half to its end."""
        half = self.memory[len(self.memory) // 2 :]
        some = max(1, len(half) // 5)
        return int(sum(half[-some:]) / some - sum(half[:some]) / some)

    @property
    def stall_ms(self) -> float:
        """p99 of the pulse."""
        return quantile(self.pulse_ms, 0.99)


def quantile(values: Sequence[float], share: float) -> float:
    """The value that a `share` (0 to 1) of `values` does not exceed; 0 of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


def missed_bars(findings: Findings) -> list[str]:
    """Each bar that was missed, with the figure."""
    tally = findings.tally
    bars = (
        (not tally.wrong, f"wrong outcomes: {len(tally.wrong)}, bar 0"),
        (findings.leaked_slots == 0, f"leaked slots: {findings.leaked_slots}, bar 0"),
        (tally.late_s * 1000 <= _LATE_MS, f"beyond its deadline: {tally.late_s * 1000:.0f} ms, bar {_LATE_MS:.0f} ms"),
        (findings.stall_ms < _STALL_MS, f"event-loop stall p99: {findings.stall_ms:.1f} ms, bar {_STALL_MS:.0f} ms"),
        (
            findings.growth_bytes <= _GROWTH_BYTES,
            f"growth of memory over the second half: {_mib(findings.growth_bytes)}, bar {_mib(_GROWTH_BYTES)}",
        ),
        (not findings.logged_errors, f"errors in the gateway's log: {len(findings.logged_errors)}, bar 0"),
    )
    return [said for is_met, said in bars if not is_met]


def table(findings: Findings) -> str:
    """For people."""
    return "\n".join(f"{name:<38} {figure}" for name, figure in _rows(findings))


def _rows(findings: Findings) -> Iterator[tuple[str, object]]:
    tally, memory = findings.tally, findings.memory
    yield (
        "requests of callers",
        f"{tally.requests} in {findings.seconds:g} s ({tally.requests / findings.seconds:.0f}/s)",
    )
    for (kind, code), count in sorted(tally.outcomes.items(), key=lambda each: (each[0][0] != "right", -each[1])):
        yield f"  {kind}: {code}", f"{count:>6}  {count / tally.requests:6.1%}"
    yield "  left before the answer", f"{tally.left:>6}  {tally.left / tally.requests:6.1%}"
    yield "answer after, p50 / p99", f"{quantile(tally.took_s, 0.5):.3f} s / {quantile(tally.took_s, 0.99):.3f} s"
    yield "wrong outcomes", f"{len(tally.wrong)} (bar 0)"
    yield "leaked slots", f"{findings.leaked_slots} (bar 0)"
    yield "longest call beyond its deadline", f"{tally.late_s * 1000:.0f} ms (bar {_LATE_MS:.0f} ms) {tally.latest}"
    pulse = (quantile(findings.pulse_ms, 0.5), findings.stall_ms, max(findings.pulse_ms, default=0.0))
    figures = " / ".join(f"{each:.1f}" for each in pulse)
    yield (
        "event-loop stall, p50 / p99 / max",
        f"{figures} ms (bar of p99 {_STALL_MS:.0f} ms, {len(findings.pulse_ms)} beats)",
    )
    yield "  of it without a processor", f"{findings.starved_s / findings.seconds:.1%} of the time"
    yield "memory at start / peak", f"{_mib(memory[0])} / {_mib(findings.peak_bytes)}"
    yield "growth of memory, second half", f"{_mib(findings.growth_bytes)} (bar {_mib(_GROWTH_BYTES)})"
    yield "errors in the gateway's log", f"{len(findings.logged_errors)} (bar 0)"
    for name, (requests, connections) in findings.upstream.items():
        asked = tally.asked[name]
        ratio = f"{requests / asked:.2f}" if asked else "-"
        yield (
            f"upstream {name}",
            f"{ratio} requests per caller's request ({requests} / {asked}), {connections} connections",
        )
    did = ", ".join(f"{name} {count}" for name, count in sorted(findings.misdeeds.items()))
    yield "misdeeds done", f"{findings.misdeeds.total()}: {did}"
    for name, examples in (("wrong", tally.wrong), ("logged", findings.logged_errors)):
        for example in examples[:_EXAMPLES]:
            yield name, example[:600]


def _mib(size: float) -> str:
    return f"{size / MIB:.1f} MiB"
