"""Names are compared as the rule says, written here once more step by step, whatever is made ready beforehand."""

import re
import unicodedata

from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.fuzz import ratio, token_sort_ratio

from tools.sanctions_names import IGNORED_WORDS, AskedName, Likeness, compare, is_in_latin_script, words_of
from tools.sanctions_scripts import has_han, has_same_han, in_ascii

FORMS = IGNORED_WORDS - {"organization", "univ", "university"}
FORMULA = re.compile(r"[;,]?\s*\band any (?:successor|sub-?unit|subsidiar).*", re.IGNORECASE | re.DOTALL)
IN_BRACKETS = re.compile(r"\(([^()]*)\)")

PIECES = st.sampled_from(
    [
        *("Acme", "acme", "Trading", "Bank", "Co.", "Ltd", "LLC", "Mr", "X", "A.B.C.", "O'Neil", "O\u2019Neil", "(AT)"),
        *("(Iran)", "and any successor", "Universit\u00e9", "\u4e2d\u56fd\u94f6\u884c", "\u0411\u0430\u043d\u043a"),
        *("\ufb01rst", "-", "_", ".", "'", "\x00", "\xa0", "\u200b"),
    ]
)
NAMES = st.lists(PIECES | st.text(max_size=4), max_size=6).map(" ".join) | st.lists(PIECES, max_size=5).map("".join)


def words(name: str) -> tuple[str, ...]:
    # How each sign is put into ASCII is test_sanctions_scripts.py's.
    plain = re.sub("['`]", "", in_ascii(name).lower())
    plain = re.sub(r"\b(\w)\.(?=\w\b)", r"\1", plain)
    return tuple(re.sub(r"[\W_]+", " ", plain).split())


def telling(name: tuple[str, ...]) -> list[str]:
    return [word for word in name if word not in FORMS]


def core(name: tuple[str, ...]) -> list[str]:
    return sorted(telling(name) if sum(map(len, telling(name))) > 1 else name)


def score(asked: tuple[str, ...], listed: tuple[str, ...]) -> float:
    alike = max(token_sort_ratio(" ".join(asked), " ".join(listed)), ratio("".join(asked), "".join(listed))) / 100
    both = {word for word in {*asked} & {*listed} if word not in IGNORED_WORDS and len(word) > 1}
    if {*asked} <= {*listed} and both:
        alike = max(alike, 0.95)
    elif {*listed} <= {*asked} and len(both) > 1:
        alike = max(alike, 0.9)
    return round(min(alike, 0.99), 4)


def likeness(asked: str, listed: str) -> Likeness:
    wanted, whole = words(asked), words(listed)
    if not wanted or not whole:
        return Likeness(0.0, equal=False, words=len(whole))
    bare = FORMULA.sub("", listed)
    names = {whole, words(bare)}
    if (short := IN_BRACKETS.search(bare)) is not None:
        rest = IN_BRACKETS.sub(" ", bare)
        letters = "".join(words(short[1]))
        if len(letters) > 1 and "".join(word[0] for word in words(rest)).startswith(letters):
            names.add(words(rest))
    names.discard(())
    is_homophone = has_han(asked) and has_han(listed) and not has_same_han(asked, listed)
    if any(core(name) == core(wanted) for name in names) and not is_homophone:
        return Likeness(1.0, equal=True, words=len(telling(tuple(core(wanted)))))
    rest_words = words(IN_BRACKETS.sub(" ", bare))
    parts = {*names, rest_words} if sum(map(len, telling(rest_words))) > 1 else names
    alike = max(score(form, part) for form in (wanted, tuple(core(wanted))) for part in parts)
    return Likeness(alike, equal=False, words=len(telling(whole)))


@given(name=NAMES | st.text())
def test_words_are_those_of_the_rule(name: str) -> None:
    assert words_of(name) == words(name)


@given(asked=NAMES, listed=st.lists(NAMES, min_size=1, max_size=3))
def test_a_name_made_ready_once_is_compared_as_the_rule_says(asked: str, listed: list[str]) -> None:
    ready = AskedName(asked)
    for name in listed:
        assert ready.compare(name) == compare(asked, name) == likeness(asked, name)


@given(name=NAMES | st.text())
def test_a_name_is_in_latin_script_when_each_of_its_letters_is(name: str) -> None:
    letters = [each for each in name if each.isalpha()]
    assert is_in_latin_script(name) == all("LATIN" in unicodedata.name(each, "") for each in letters)
