"""Which names are equal, how like the others are, and what must not be taken for likeness."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.sanctions_names import compare, is_in_latin_script, words_of


@pytest.mark.parametrize(
    ("asked", "listed"),
    [
        ("bank melli iran", "BANK MELLI IRAN"),
        ("Esmail Khatib", "KHATIB, Esmail"),
        ("Mr. Esmail Khatib", "KHATIB, Esmail"),
        ("Huawei Technologies Company Limited", "Huawei Technologies Co., Ltd."),
        ("Huawei Technologies", "Huawei Technologies Co., Ltd."),
        ("A.B.C. Trading S.A.", "ABC Trading SA"),
        ("Société Générale", "SOCIETE GENERALE"),
        ("ГАЗПРОМ", "Gazprom"),
        ("华为技术有限公司", "华为 技术 有限公司"),
        ("O'Brien Shipping", "OBRIEN SHIPPING"),
        ("SPC Supachoke", "SPC Supachoke "),
        ("X Corp", "X CORP."),
        ("HP Inc", "HP"),
        (
            "Sinobright Import and Export Company",
            "Sinobright Import and Export Company; and any successor, sub-unit, or subsidiary thereof",
        ),
        ("Semiconductor Systems Intl., Inc.", "SEMICONDUCTOR SYSTEMS INTL., INC. (SSI)"),
    ],
)
def test_what_is_the_same_but_for_its_writing_is_equal(asked: str, listed: str) -> None:
    likeness = compare(asked, listed)
    assert (likeness.score, likeness.equal) == (1.0, True)
    assert compare(listed, asked).score >= 0.9


@pytest.mark.parametrize(
    ("asked", "listed"),
    [
        ("Huawei", "Huawei Technologies Co., Ltd."),
        ("Sinobright", "Sinobright Import and Export Company; and any successor, sub-unit, or subsidiary thereof"),
        ("Bank Meli Iran", "BANK MELLI IRAN"),
        ("Al Qaida", "AL-QA'IDA IN THE ISLAMIC MAGHREB"),
        ("Bank Melli Iran Hamburg Branch", "BANK MELLI IRAN"),
        ("Sinobright Ltd", "Sinobright Import and Export Company; and any successor, sub-unit, or subsidiary thereof"),
        ("Rosneft Inc", "PUBLIC JOINT STOCK OIL CONCERN ROSNEFT"),
        ("Kunlun Bank, LLC", "BANK OF KUNLUN CO LTD"),
        ("Huawei Technologies Co., Ltd.", "Huawei Technologies (Thailand) Co., Ltd."),
        ("Cloudminds Limited", "Cloudminds (Hong Kong) Limited"),
    ],
)
def test_a_part_of_a_name_and_a_slip_of_the_pen_are_alike_and_not_equal(asked: str, listed: str) -> None:
    likeness = compare(asked, listed)
    assert likeness.score >= 0.8
    assert not likeness.equal


@pytest.mark.parametrize(
    ("asked", "listed"),
    [
        ("Acme Batteries", "A"),
        ("A Trading Company", "A"),
        ("Acme Trading Co Ltd", "Trading"),
        ("General Trading Ltd", "Ltd"),
        ("Ltd", "Acme Ltd"),
        ("A Ltd", "A"),
        ("X Corp", "X"),
        ("X Corp", "X Ltd"),
        ("X Ltd", "X (Holdings Group) Ltd"),
        ("X Ltd", "X Foo Trading Ltd"),
        ("Acme Batteries", "Bank Melli Iran"),
        ("!!", "Bank Melli Iran"),
        ("Bank Melli Iran", ""),
    ],
)
def test_a_letter_or_a_word_that_everybody_bears_is_no_likeness(asked: str, listed: str) -> None:
    assert compare(asked, listed).score < 0.8


@pytest.mark.parametrize(
    ("asked", "listed"),
    [("高石早苗", "高市早苗"), ("章伟", "张伟"), ("華為", "华为"), ("Zhang 章伟", "Zhang 张伟")],
)
def test_other_characters_of_the_same_sound_are_alike_and_not_equal(asked: str, listed: str) -> None:
    likeness = compare(asked, listed)
    assert 0.8 <= likeness.score < 1
    assert not likeness.equal
    assert compare(listed, listed).equal


def test_characters_in_another_order_are_equal() -> None:
    assert compare("早苗 高市", "高市早苗").equal


def test_words_of_a_listed_name_are_counted_without_its_legal_form() -> None:
    assert compare("HAMAS", "HAMAS").words == 1
    assert compare("Hamas Ltd", "HAMAS").words == 1
    assert compare("Bank Melli", "Bank Melli Iran").words == 3
    assert compare("X Corp", "X Corp.").words == 1


@given(st.text(max_size=60), st.text(max_size=60))
def test_a_score_is_always_from_0_to_1_and_1_means_equal(asked: str, listed: str) -> None:
    likeness = compare(asked, listed)
    assert 0 <= likeness.score <= 1
    assert (likeness.score == 1) == likeness.equal
    assert all(word.isascii() and word for word in words_of(asked))


@given(st.lists(st.text("abcdefgh", min_size=2, max_size=8), min_size=1, max_size=5), st.randoms())
def test_the_order_of_words_does_not_count(words: list[str], dice: random.Random) -> None:
    shuffled = list(words)
    dice.shuffle(shuffled)
    assert compare(" ".join(words), " ".join(shuffled)).equal


def test_scripts_are_told_apart() -> None:
    assert is_in_latin_script("Société Générale 21")
    assert not is_in_latin_script("ГАЗПРОМ")
    assert not is_in_latin_script("Huawei 华为")
