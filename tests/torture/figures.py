"""What a variant came to, and whether it holds the bars: nothing hung, nothing wrong, no slot lost, never too many."""

import dataclasses
import json
from dataclasses import dataclass, field

__all__ = ["OVER", "Figures", "Variant"]

#: Over what the callers of each mode go. aiohttp alone knows traces and loops.
OVER = {"async": ("plain", "tls", "uvloop", "proxy", "trace"), "sync": ("plain", "tls", "proxy")}

#: From so many requests on, memory is judged: a short run is all beginning.
_MEMORY_FROM_REQUESTS = 5_000
_MEMORY_BYTES = 4 * 1024 * 1024
#: Objects that the collector knows; what leaks one for each hundredth request leaks more.
_OBJECTS_PER_REQUEST = 0.01
#: Connections opened for each request. Many answers end theirs, and a busy peer ends all; a storm opens hundreds.
_OPENED_PER_REQUEST = 1.5
#: Of the requests whose answer comes whole, at least this share is answered; the others met a connection that died.
_ANSWERED_SHARE = 0.75


@dataclass(frozen=True, slots=True)
class Variant:
    """Which pool, over what, how much."""

    mode: str
    over: str
    requests: int
    seed: int
    limit: int

    @property
    def name(self) -> str:
        return f"{self.mode} {self.over}"


@dataclass(slots=True)
class Figures:
    """What a variant came to. Lists hold what must not be, one line each."""

    variant: Variant
    took_s: float = 0.0
    counts: dict[str, int] = field(default_factory=dict)
    errors: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)
    hung: list[str] = field(default_factory=list)
    leaked: list[str] = field(default_factory=list)
    #: Most sockets at once as the peer's kernel has it, and most connections at once as the pool counts them.
    most_sockets: int = 0
    most_counted: int = 0
    opened: int = 0
    #: Answers to nothing that the peer sent by themselves; those that crossed with a request, so that no client can
    #: know them.
    unasked: int = 0
    crossed: int = 0
    memory_grew_bytes: int = 0
    objects_grew: int = 0

    def failures(self) -> list[str]:
        """Which bars are missed; empty when all are held."""
        variant, failed = self.variant, []
        for what, lines in (("hung", self.hung), ("wrong", self.wrong), ("strange", self.strange)):
            if lines:
                failed += [f"{self.counts.get(what)} {what}: {lines[0]}", *lines[1:3]]
        failed += [f"leaked: {what}" for what in self.leaked]
        if self.most_sockets > variant.limit:
            failed.append(f"{self.most_sockets} sockets at the peer at once, {variant.limit} allowed")
        if self.most_counted > variant.limit:
            failed.append(f"{self.most_counted} connections counted at once, {variant.limit} allowed")
        if self.opened > _OPENED_PER_REQUEST * variant.requests:
            failed.append(f"{self.opened} connections opened for {variant.requests} requests")
        if self.counts.get("answered", 0) < _ANSWERED_SHARE * self.counts.get("to be answered", 0):
            failed.append(f"only {self.counts.get('answered', 0)} answered")
        if variant.requests >= _MEMORY_FROM_REQUESTS and self.memory_grew_bytes > _MEMORY_BYTES:
            failed.append(f"memory grew by {self.memory_grew_bytes / 2**20:.1f} MiB in the second half")
        if variant.requests >= _MEMORY_FROM_REQUESTS and self.objects_grew > _OBJECTS_PER_REQUEST * variant.requests:
            failed.append(f"{self.objects_grew} objects more after the second half")
        return failed

    def line(self) -> str:
        """All of it in one line."""
        counts = {name: self.counts.get(name, 0) for name in ("answered", "busy", "failed", "cut", "hung", "wrong")}
        counted = ", ".join(f"{name} {count}" for name, count in counts.items())
        return (
            f"{self.variant.name:13}{self.variant.requests} in {self.took_s:.0f} s: {counted}, "
            f"strange {self.counts.get('strange', 0)}, leaked {len(self.leaked)}; "
            f"{self.crossed} of {self.unasked} answers to nothing crossed; "
            f"at most {self.most_sockets} sockets of {self.variant.limit}, {self.opened} opened; "
            f"memory {self.memory_grew_bytes / 2**20:+.1f} MiB, {self.objects_grew:+} objects; "
            f"{'MISSED' if self.failures() else 'ok'}"
        )

    def as_json(self) -> str:
        """For another process, in one line."""
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def from_json(cls, line: str) -> "Figures":
        """What `as_json` wrote."""
        found = json.loads(line)
        return cls(Variant(**found.pop("variant")), **found)
