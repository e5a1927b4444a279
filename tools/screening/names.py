"""Makes a name ready to be compared: words in ASCII, each with the weight of what it tells.

The words are those of `tools.sanctions_names`, so that both ways of screening read a name alike. Nothing is dropped but
legal forms, and the formula of notices ("and any successor ...").
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tools.sanctions_names import without_formula, words_of
from tools.screening.words import LEGAL_PHRASES, NUMBERS, weight_of

__all__ = ["LEAST_WEIGHT", "NameWords", "read_name", "with_weights"]

#: A name of nothing but words that tell nothing is compared by all of them.
LEAST_WEIGHT = 0.3


@dataclass(frozen=True, slots=True)
class NameWords:
    """The `words` of a name that count, their `weights` (0 to 1) in that order, and the words that were `ignored`."""

    words: tuple[str, ...]
    weights: tuple[float, ...]
    ignored: tuple[str, ...]

    @property
    def weight(self) -> float:
        """Of all words together."""
        return sum(self.weights)


def read_name(text: str) -> NameWords:
    """The words of a name, in the order in which they stand. No words at all where there are no letters or digits."""
    words = _numbers_in_digits(words_of(without_formula(text)))
    kept, ignored = _without_legal_forms(words)
    weights = [weight_of(word) for word in kept]
    if sum(weights) < LEAST_WEIGHT:
        return NameWords(words, (1.0,) * len(words), ())
    return with_weights(kept, weights, tuple(ignored))


def with_weights(words: Sequence[str], weights: Sequence[float], ignored: tuple[str, ...]) -> NameWords:
    """A name of the words that weigh anything; the others join the `ignored`."""
    pairs = list(zip(words, weights, strict=True))
    told = [(word, weight) for word, weight in pairs if weight]
    nothing = [word for word, weight in pairs if not weight]
    return NameWords(tuple([word for word, _ in told]), tuple([weight for _, weight in told]), (*ignored, *nothing))


def _without_legal_forms(words: tuple[str, ...]) -> tuple[list[str], list[str]]:
    kept: list[str] = []
    ignored: list[str] = []
    at = 0
    while at < len(words):
        for phrase in LEGAL_PHRASES.get(words[at], ()):
            if words[at : at + len(phrase)] == phrase:
                ignored.append(" ".join(phrase))
                at += len(phrase)
                break
        else:
            kept.append(words[at])
            at += 1
    return kept, ignored


def _numbers_in_digits(words: tuple[str, ...]) -> tuple[str, ...]:
    """Forty four, forty 4 and 44 are the same."""
    if not any(word in NUMBERS for word in words):
        return words
    made: list[str] = []
    tens = False
    for word in words:
        number = NUMBERS.get(word, int(word) if tens and len(word) == 1 and word.isdigit() else None)
        if number is not None and tens and 0 < number < 10:
            made[-1] = str(int(made[-1]) + number)
            tens = False
            continue
        made.append(word if number is None else str(number))
        tens = word in NUMBERS and number is not None and number >= 20
    return tuple(made)
