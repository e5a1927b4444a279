"""Pairs of names with the word of people on whether both may be one party: a few of our own, or those of a file."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.quality.list_file import entry_named
from tools.screening.index import build_index
from tools.screening.match import Matcher
from tools.screening.subject import Subject

__all__ = ["OURS", "Pair", "Scored", "Tally", "cross_validated", "read_pairs", "scored", "tally"]

_KINDS = {"Person": "Individual", "Vessel": "Vessel", "Airplane": "Aircraft", "Aircraft": "Aircraft"}
_THRESHOLDS = [at / 100 for at in range(60, 98)]
_OURS = """
Individual|Marta Kowalska|KOWALSKA, Marta|yes
Individual|Matra Kowalska|KOWALSKA, Marta|yes
Individual|Martha Kowalska|KOWALSKA, Marta|yes
Individual|M. Kowalska|KOWALSKA, Marta|yes
Individual|Marta Anna Kowalska|KOWALSKA, Marta|yes
Individual|MartaKowalska|KOWALSKA, Marta|yes
Individual|Marek Kowalski|KOWALSKA, Marta|no
Individual|Piotr Kowalska|KOWALSKA, Marta|no
Individual|Marta Nowak|KOWALSKA, Marta|no
Individual|Yusuf Abd al-Rahman|ABDUL RAHMAN, Yousef|yes
Individual|Youssef Abdulrahman|ABDUL RAHMAN, Yousef|yes
Individual|Yusuf Abdul Karim|ABDUL RAHMAN, Yousef|no
Individual|Khaled Abdul Rahman|ABDUL RAHMAN, Yousef|no
Individual|Mohamed Salah Farouk|FAROUK, Mohammad Salah|yes
Individual|Dr. Mohammed S. Farouk|FAROUK, Mohammad Salah|yes
Individual|Mahmoud Salim Farid|FAROUK, Mohammad Salah|no
Individual|Дмитрий Орлов|ORLOV, Dmitri Pavlovich|yes
Individual|Dmitriy Orlov|ORLOV, Dmitri Pavlovich|yes
Individual|Dmitry Pavlovich Orlov|ORLOV, Dmitri Pavlovich|yes
Individual|Dmitry Sergeyevich Orlov|ORLOV, Dmitri Pavlovich|no
Individual|Denis Orlov|ORLOV, Dmitri Pavlovich|no
Individual|Jose Luis Herrera|HERRERA LUNA, Jose Luis|yes
Individual|José Luis Herrera Luna|HERRERA LUNA, Jose Luis|yes
Individual|Luis Herrera Soto|HERRERA LUNA, Jose Luis|no
Individual|Li Na|LI, Na|yes
Individual|Lu Na|LI, Na|no
Individual|Chen Weimin|CHEN, Wei Min|yes
Individual|Chen Jianmin|CHEN, Wei Min|no
Individual|Jürgen Köhler|Juergen Kohler|yes
Individual|Jurgen Kühn|Juergen Kohler|no
Entity|Sunrise Marine Trading LLC|SUNRISE MARINE TRADING CO., LTD.|yes
Entity|Sun Rise Marine Trading|SUNRISE MARINE TRADING CO., LTD.|yes
Entity|Sunrise Marine Tradng Limited|SUNRISE MARINE TRADING CO., LTD.|yes
Entity|Moonrise Marine Trading LLC|SUNRISE MARINE TRADING CO., LTD.|no
Entity|Sunset General Trading|SUNRISE MARINE TRADING CO., LTD.|no
Entity|OOO Severnaya Liniya|Severnaya Liniya, Limited Liability Company|yes
Entity|ООО Северная Линия|Severnaya Liniya, Limited Liability Company|yes
Entity|Severny Potok OOO|Severnaya Liniya, Limited Liability Company|no
Entity|Bank of Arland|BANK OF ARLANDIA|no
Entity|Arlandia Bank|BANK OF ARLANDIA|yes
Entity|Bank of Norlandia|BANK OF ARLANDIA|no
Entity|Kestrel Aktiengesellschaft|KESTREL AG|yes
Entity|KestrelAG|KESTREL AG|yes
Entity|Petrel AG|KESTREL AG|no
Entity|Zenith Electronics Import Export|ZENITH ELECTRONICS|yes
Entity|Zenith Chemicals|ZENITH ELECTRONICS|no
Entity|Delta Four Logistics|DELTA 4 LOGISTICS|yes
Entity|Delta 7|DELTA 4|no
Entity|A.B.C. Shipping|ABC SHIPPING CORP|yes
Entity|ABD Shipping|ABC SHIPPING CORP|no
Entity|The Falcon Relief Foundation|FALCON RELIEF FOUNDATION|yes
Entity|Ministry of Trade of Norlandia|MINISTRY OF TRADE OF ARLANDIA|no
Vessel|Ocean Breeze|OCEAN BREEZE|yes
Vessel|Ocean Breze|OCEAN BREEZE|yes
Vessel|Ocean Bridge|OCEAN BREEZE|no
Vessel|Victoria 2|VICTORIA 3|no
Vessel|Star Lady|STAR LION|no
"""  # noqa: RUF001


@dataclass(frozen=True, slots=True)
class Pair:
    """An asked and a listed name of a type, and whether people say that they may be one party."""

    kind: str
    asked: str
    listed: str
    is_match: bool


@dataclass(frozen=True, slots=True)
class Scored:
    """A pair and its score, 0 to 1 (0 too where the listed name was not found at all)."""

    pair: Pair
    score: float


@dataclass(frozen=True, slots=True)
class Tally:
    """What a threshold makes of scored pairs."""

    precision: float
    recall: float
    f1: float


OURS = tuple(
    Pair(kind, asked, listed, said == "yes")
    for kind, asked, listed, said in (line.split("|") for line in _OURS.strip().splitlines())
)


def read_pairs(path: Path) -> tuple[Pair, ...]:
    """A CSV file with the columns schema, name1 (asked), name2 (listed), is_match (true or false)."""
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(
            [
                Pair(_KINDS.get(row["schema"], "Entity"), row["name1"], row["name2"], row["is_match"] == "true")
                for row in csv.DictReader(file)
            ]
        )


def scored(pairs: Sequence[Pair]) -> list[Scored]:
    """The score of each pair when its asked name is screened against a list of all listed names."""
    entries = {(pair.kind, pair.listed): at for at, pair in enumerate({(p.kind, p.listed): p for p in pairs}.values())}
    with TemporaryDirectory() as folder:
        build_index((entry_named(name, kind) for kind, name in entries), Path(folder))
        matcher = Matcher.load(Path(folder))
        return [Scored(pair, _score(matcher, pair, entries[pair.kind, pair.listed])) for pair in pairs]


def _score(matcher: Matcher, pair: Pair, at: int) -> float:
    hits = matcher.screen(Subject(pair.asked, type=pair.kind), threshold=0.3, limit=10_000)
    return next((hit.score for hit in hits if hit.at == at), 0.0)


def tally(pairs: Iterable[Scored], threshold: float) -> Tally:
    """Precision, recall and F1 at a threshold."""
    counts = [(each.score >= threshold, each.pair.is_match) for each in pairs]
    found = counts.count((True, True))
    wrong, missed = counts.count((True, False)), counts.count((False, True))
    return Tally(
        found / max(found + wrong, 1), found / max(found + missed, 1), 2 * found / max(2 * found + wrong + missed, 1)
    )


def cross_validated(pairs: Sequence[Scored], folds: int = 5) -> float:
    """The mean F1 on each fold at the threshold that is best on the others."""
    scores: list[float] = []
    for fold in range(folds):
        others = [each for at, each in enumerate(pairs) if at % folds != fold]
        best = max(_THRESHOLDS, key=lambda threshold: tally(others, threshold).f1)
        scores.append(tally(pairs[fold::folds], best).f1)
    return sum(scores) / folds
