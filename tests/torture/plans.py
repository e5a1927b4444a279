"""What is asked, how its answer comes, and what the caller does with it: drawn from one seed, known to both ends.

The path of a request names the kind of its answer and the number of the request: `/chunked/17`. So the peer needs no
word of what the caller expects, and an answer to another request is known by its number.
"""

import gzip
import random
from dataclasses import dataclass
from urllib.parse import urlsplit

__all__ = [
    "BUSY",
    "EARLY_UPLOAD_BYTES",
    "KINDS",
    "MAX_BODY_BYTES",
    "READ_S",
    "UNASKED",
    "Kind",
    "Plan",
    "body_of",
    "draw",
    "number_of",
    "on_the_wire",
]

#: Seconds without a byte after which a caller gives up.
READ_S = 1.0
#: Bytes of an answer that a caller takes at most.
MAX_BODY_BYTES = 4 * 1024 * 1024
#: Bytes of a body that is answered before it is read.
EARLY_UPLOAD_BYTES = 300_000
#: In place of a request's number in X-Id: a peer that answers whatever connects to it.
BUSY = "busy"
#: Likewise: bytes that answer nothing, sent after an answer.
UNASKED = "unasked"


@dataclass(frozen=True, slots=True)
class Kind:
    """How an answer comes, and how often.

    `is_whole`: all of it comes; else a caller must never take it for whole. `is_well_behaved`: nothing about it is
    wrong, nor about its connection. `is_of_head`: it is another thing than others even when the answer has no body.
    """

    name: str
    weight: int
    is_whole: bool
    is_well_behaved: bool
    is_of_head: bool


_WELL_BEHAVED = {
    "plain": 300, "chunked": 90, "trailers": 40, "interim": 40, "long-head": 30, "close": 40, "http10": 25, "gzip": 30,
    "no-content": 20, "not-modified": 20, "redirect": 40, "redirect-close": 20, "large": 20, "huge": 4, "trickle": 10,
    "slow-head": 10,
}  # fmt: skip
#: Whole, but the connection is not what it seems, or (the last two) the end is odd, and some clients mind.
_TREACHEROUS = {
    "early": 15, "early-close": 10, "idle-close": 40, "idle-reset": 20, "stale": 40, "extra-now": 15, "extra-later": 15,
    "bad-trailer": 6, "bad-chunk-end": 6,
}  # fmt: skip
_NEVER_WHOLE = {
    "no-head": 6, "reset-head": 6, "half-head": 6, "endless-head": 3, "not-http": 6, "stalled-head": 4,
    "stalled-body": 4, "stalled-chunk": 4, "cut-length": 8, "reset-length": 8, "cut-chunk": 8, "reset-chunk": 8,
    "no-last-chunk": 6, "bad-chunk-size": 10, "reset-http10": 4, "bad-gzip": 4, "endless": 3, "endless-chunks": 3,
    "too-large": 4,
}  # fmt: skip
_OF_HEAD = {
    "plain", "interim", "long-head", "close", "no-content", "not-modified", "redirect", "redirect-close", "slow-head",
    "idle-close", "idle-reset", "stale", "no-head", "reset-head", "half-head", "endless-head", "not-http",
    "stalled-head",
}  # fmt: skip
KINDS = [
    Kind(name, weight, kinds is not _NEVER_WHOLE, kinds is _WELL_BEHAVED, name in _OF_HEAD)
    for kinds in (_WELL_BEHAVED, _TREACHEROUS, _NEVER_WHOLE)
    for name, weight in kinds.items()
]
_KINDS_OF_HEAD = [kind for kind in KINDS if kind.is_of_head]

#: What a caller does instead of reading to the end, by mode. `cancel` and `storm` cancel a task, the second many at
#: once; `deadline` is a call whose time is short; the rest take the head of a streamed answer, and some of its body.
CUTS = {
    "async": {"cancel": 6.0, "storm": 2.0, "leave": 1.0, "leave-midway": 1.0},
    "sync": {
        "drop": 2.0,
        "drop-in-cycle": 2.0,
        "drop-midway": 1.5,
        "drop-midway-in-cycle": 1.5,
        "close": 1.0,
        "deadline": 2.0,
    },
}
#: How an answer is read to its end.
READINGS = {"async": ("read", "read", "pieces"), "sync": ("content", "content", "pieces", "stream-content", "raw")}
_METHODS = {"GET": 60, "POST": 15, "PUT": 8, "DELETE": 5, "OPTIONS": 4, "HEAD": 8}


@dataclass(frozen=True, slots=True)
class Plan:
    """One request. `cut` names what ends it early, after `cut_after_s` where that is a matter of time."""

    number: int
    kind: Kind
    method: str
    path: str
    place: int
    body: bytes | None
    has_declared_length: bool
    expects_continue: bool
    reading: str
    cut: str | None
    cut_after_s: float
    pause_s: float

    def __str__(self) -> str:
        return f"{self.method} {self.path}, {self.reading}, {self.cut or 'not cut'}"

    @property
    def body_to_come(self) -> bytes:
        """The body of a whole answer."""
        return b"" if self.method == "HEAD" else body_of(self.number, self.kind.name)


def draw(number: int, dice: random.Random, mode: str, cut_share: float = 0.15) -> Plan:
    """The request of this number."""
    method = dice.choices(list(_METHODS), list(_METHODS.values()))[0]
    kinds = _KINDS_OF_HEAD if method == "HEAD" else KINDS
    kind = dice.choices(kinds, [each.weight for each in kinds])[0]
    if kind.name in ("early", "early-close"):
        method = dice.choice(("POST", "PUT"))
    is_redirect = kind.name.startswith("redirect")
    cuts = CUTS[mode]
    cut = dice.choices(list(cuts), list(cuts.values()))[0] if dice.random() < cut_share else None
    reading = dice.choice(READINGS[mode])
    if reading == "raw" and (kind.name.startswith("endless") or kind.name in ("bad-gzip", "gzip")):
        reading = "pieces"  # what reads below the bound, and below the decoder, is on its own
    return Plan(
        number=number,
        kind=kind,
        method="GET" if is_redirect and method not in ("GET", "HEAD") else method,
        path=f"/{kind.name}/{number}",
        place=dice.choices((0, 1, 2), (70, 20, 10))[0],
        body=_upload(kind, dice) if method in ("POST", "PUT") and not is_redirect else None,
        has_declared_length=dice.random() < 0.8,
        expects_continue=dice.random() < 0.1,
        reading=reading,
        cut=cut,
        cut_after_s=dice.choice((0.0, dice.uniform(0, 0.005), dice.uniform(0, 0.05), dice.uniform(0, 0.3))),
        # Most callers are always at it; a pause leaves connections idle for a moment.
        pause_s=dice.choice((0.0,) * 6 + (dice.uniform(0, 0.01), dice.uniform(0, 0.1))),
    )


def _upload(kind: Kind, dice: random.Random) -> bytes:
    if kind.name in ("early", "early-close"):
        return b"u" * EARLY_UPLOAD_BYTES
    return b"u" * dice.choice((0, 10, 3_000, 100_000))


def number_of(target: str) -> tuple[str, int]:
    """The kind and the number that a request line asks for, as a path or (to a proxy) as a URL."""
    _, kind, number = urlsplit(target).path.split("/")
    return kind, int(number)


def body_of(number: int, kind: str) -> bytes:
    """The body of the whole answer: the number, over and over, so that no two answers share a piece of it."""
    if kind in ("no-content", "not-modified"):
        return b""
    size = {"large": 400_000, "huge": 3_000_000}.get(kind)
    if size is None:
        # About a buffer of the clients' own, too: what comes after the answer then is in the buffer, or half of it.
        size = (20, 500, 3_000, 7_900 + number % 400, 16_200 + number % 400)[number % 5]
    piece = b"%d." % number
    return (piece * (size // len(piece) + 1))[:size]


def on_the_wire(number: int, kind: str) -> bytes:
    """The same as it is sent, decoded by the clients."""
    body = body_of(number, kind)
    return gzip.compress(body, 1, mtime=0) if kind == "gzip" else body
