"""Judges one answer of the gateway: exactly right, an honest error, or wrong."""

from dataclasses import dataclass
from typing import Any, Literal

import orjson

from service.errors import STATUSES
from tests.integration.faults.questions import Question
from tools import errors

__all__ = ["HONEST_CODES", "Verdict", "judge"]

#: Everything asked here can be asked and exists, every key is set, and nobody stops the service: these would be lies.
_LIES = (errors.InvalidQuery, errors.NotFound, errors.TooLarge, errors.NotConfigured, errors.PoolClosed)
HONEST_CODES = frozenset(each.code for each in STATUSES if each not in _LIES)


@dataclass(frozen=True, slots=True)
class Verdict:
    """`code` is the problem's, and for a right answer where it was served from; of a wrong one `why` says it all."""

    kind: Literal["right", "honest", "wrong"]
    code: str
    why: str = ""


def judge(question: Question, status: int, content_type: str, body: bytes) -> Verdict:
    """What the answer to `question` is worth."""
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        return _wrong(question, f"{status} {content_type} is not JSON: {body[:200]!r}")
    if not isinstance(said, dict):
        return _wrong(question, f"{status} {content_type} is no object: {body[:200]!r}")
    return _judge_answer(question, said) if status == 200 else _judge_problem(question, status, content_type, said)


def _judge_answer(question: Question, said: dict[str, Any]) -> Verdict:
    try:
        is_right = question.is_right(said["result"])
        source = str(said["source"]["served_from"])
    except (KeyError, TypeError, IndexError) as exc:
        return _wrong(question, f"{exc!r} in {orjson.dumps(said)[:400]!r}")
    return Verdict("right", source) if is_right else _wrong(question, f"{orjson.dumps(said.get('result'))[:400]!r}")


def _judge_problem(question: Question, status: int, content_type: str, said: dict[str, Any]) -> Verdict:
    is_screening = question.agency == "csl"
    flaws = [
        flaw
        for flaw, is_there in (
            ("it is no problem+json", not content_type.startswith("application/problem+json")),
            ("it has a result", "result" in said),
            ("its status is another", said.get("status") != status or status < 500),
            ("its code is not honest", said.get("code") not in HONEST_CODES),
            ("it names another agency", said.get("upstream") not in (question.agency, None)),
            ("its outcome is wrong", said.get("outcome") != ("not_screened" if is_screening else None)),
        )
        if is_there
    ]
    if flaws:
        return _wrong(question, f"{status} {', '.join(flaws)}: {orjson.dumps(said)[:400]!r}")
    return Verdict("honest", str(said["code"]))


def _wrong(question: Question, why: str) -> Verdict:
    return Verdict("wrong", "wrong", f"{question.path}: {why}")
