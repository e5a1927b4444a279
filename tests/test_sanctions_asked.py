"""Which names one asked name holds, and what mark-up in it means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.sanctions_asked import names_in, plain_text
from tools.sanctions_names import words_of


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("AL QA&#039;IDA NETWORK", "AL QA'IDA NETWORK"),
        ("AL QA&#x27;IDA NETWORK", "AL QA'IDA NETWORK"),
        ("AL QA&#39IDA NETWORK", "AL QA'IDA NETWORK"),
        ("AL QA&apos;IDA NETWORK", "AL QA'IDA NETWORK"),
        ("Igor&nbsp;Ivanovich&nbsp;Sechin", "Igor Ivanovich Sechin"),
        ("Igor&nbsp Sechin", "Igor Sechin"),
        ("Igor&#160;Sechin", "Igor Sechin"),
        ("Igor&#10;Sechin", "Igor Sechin"),
        ("Roskom &amp;amp;amp; Neft", "Roskom & Neft"),
        ("Soci&eacute;t&eacute;", "Société"),
        ("&#1056;&#1086;&#1089;", "\u0420\u043e\u0441"),
        ("<b>Roskom</b> <i class='x'>Neft</i>", "Roskom Neft"),
        ("<b>R</b>oskom Neft", "Roskom Neft"),
        ("Roskom<br/>Neft", "Roskom Neft"),
        ("<p>Roskom</p><P>Neft</P>", "Roskom Neft"),
        ("<td>Roskom</td><td>Neft</td>", "Roskom Neft"),
        ("&lt;b&gt;Roskom&lt;/b&gt; Neft", "Roskom Neft"),
        ("<![CDATA[Roskom Neft]]>", "Roskom Neft"),
        ("Roskom <!-- draft --> Neft", "Roskom Neft"),
        ("Roskom\u2122 Neft&trade;", "Roskom Neft"),
        ("Roskom\u2105Neft \u21165", "Roskom c/o Neft No 5"),
        ("Igor%20Sechin", "Igor Sechin"),
        ("Soci%C3%A9t%C3%A9%20G", "Société G"),
        (r"AL QA\u0027IDA", "AL QA'IDA"),
        ("Soci\u00c3\u00a9t\u00c3\u00a9", "Société"),
        ("Нефть".encode().decode("latin-1"), "Нефть"),
        # And what is no mark-up stays as it is.
        ("B&Q Ltd", "B&Q Ltd"),
        ("B&COPPER R&REGENT A&GT B&amplifier", "B&COPPER R&REGENT A&GT B&amplifier"),
        ("Acme <Roskom Neft> 3 < 4 > 2", "Acme <Roskom Neft> 3 < 4 > 2"),
        ("<a Roskom Neft>", "<a Roskom Neft>"),
        ("Roskom &unknown; Neft", "Roskom &unknown; Neft"),
        ("100%AB Trading 50%E9", "100%AB Trading 50%E9"),
        ("Société À la Carte", "Société À la Carte"),
    ],
)
def test_markup_is_read_as_what_it_means(text: str, plain: str) -> None:
    assert " ".join(plain_text(text).split()) == plain


@pytest.mark.parametrize(
    "between",
    [
        *("a/k/a", "A/K/A", "a.k.a.", "A.K.A", "a k a", "aka", "AKA:", "a / k / a", "a\\k\\a", "a-k-a"),
        *("f/k/a", "fka", "n/k/a", "d/b/a", "D/B/A", "d.b.a.", "dba", "t/a", "T/A", "p/k/a"),
        *("also known as", "Also Known As", "formerly known as", "now known as", "doing business as", "trading as"),
        *("previously known as", "formerly", "alias", "operating as", "also called", "known as"),
        *("ak/a", "a/ka", "d/ba", "n\u00e9e"),
        *("c/o", "C / O", "o/b/o", "on behalf of"),
        *("; ", "|", " / ", ", a/k/a", "; f/k/a", "- a/k/a -"),
        *("\u0442\u0430\u043a\u0436\u0435 \u0438\u0437\u0432\u0435\u0441\u0442\u043d\u044b\u0439 \u043a\u0430\u043a",),
        *("\u53c8\u540d",),
    ],
)
def test_a_name_with_another_is_both(between: str) -> None:
    asked = f"Happy Trading {between} Roskom Neft"
    assert names_in(asked) == ("Happy Trading", "Roskom Neft", asked)


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ("Happy Trading (a/k/a Roskom Neft)", ("Happy Trading", "Roskom Neft")),
        ("Happy Trading (AKA: Roskom Neft) Ltd", ("Happy Trading Ltd", "Roskom Neft")),
        ("Happy Trading [aka \u201cRoskom Neft\u201d]", ("Happy Trading", "Roskom Neft")),
        ("Happy Trading (a/k/a Roskom Neft", ("Happy Trading", "Roskom Neft")),
        ("Happy (Hong Kong) a/k/a Roskom Neft", ("Happy (Hong Kong)", "Roskom Neft")),
        (
            "Happy Trading (a/k/a 'Roskom Neft'; f/k/a Third Heron, d/b/a Fourth Egret)",
            ("Happy Trading", "Roskom Neft", "Third Heron", "Fourth Egret"),
        ),
        ("a/k/a Roskom Neft", ("Roskom Neft",)),
        ("Happy Trading a/k/a X", ("Happy Trading",)),
        ("Roskom Neft; Ltd", ("Roskom Neft",)),
        ("A.K.A. Rahman", ("Rahman",)),
        ("Happy Trading/Roskom Neft", ("Happy Trading", "Roskom Neft")),
        ("Happy Trading\\Roskom Neft", ("Happy Trading", "Roskom Neft")),
    ],
)
def test_brackets_quotes_and_several_names(asked: str, names: tuple[str, ...]) -> None:
    assert names_in(asked) == (*names, asked)


@pytest.mark.parametrize(
    "asked",
    [
        *(
            "AKA Bank",
            "T.A. Smith",
            "A.K. Al-Rashid",
            "Akamai Formerlyx",
            "D B Aerospace",
            "ABA Trading",
        ),
        *("Smith/Jones Trading", "Happy (Hong Kong) Ltd", "Aliasgar Trading", "Known Assets", "a.k.a.", "Dba"),
        "Northern Rocket Works; and any successor, sub-unit, or subsidiary thereof",
    ],
)
def test_one_name_is_one(asked: str) -> None:
    assert names_in(asked) == (asked,)


@pytest.mark.parametrize(
    ("asked", "name"), [("AKA Roskom Neft", "Roskom Neft"), ("Roskom Neft DBA", "Roskom Neft"), ("alias: A B", "A B")]
)
def test_a_border_at_an_end_may_be_one(asked: str, name: str) -> None:
    assert names_in(asked) == (asked, name) or names_in(asked) == (name, asked)


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ("Roskom Neft \u682a\u5f0f\u4f1a\u793e", ("Roskom Neft", "\u682a\u5f0f\u4f1a\u793e")),
        ("\u682a\u5f0f\u4f1a\u793eRoskom Neft", ("Roskom Neft", "\u682a\u5f0f\u4f1a\u793e")),
        ("Roskom Neft Завод", ("Roskom Neft", "Завод")),
        ("Roskom Neft \uc0bc\uc131", ("Roskom Neft",)),
        ("IT \u0421\u0435\u0440\u0432\u0438\u0441", ("\u0421\u0435\u0440\u0432\u0438\u0441",)),
        ("S\u00f8ren \u00c5gren", ()),
        ("\u0417\u0430\u0432\u043e\u0434 44", ()),
    ],
)
def test_a_name_in_several_scripts_is_looked_for_in_each_of_them(asked: str, names: tuple[str, ...]) -> None:
    assert names_in(asked) == (asked, *names)


def test_a_name_that_looks_latin_is_looked_for_in_latin_letters_too() -> None:
    assert names_in("\u041d\u0415\u0412\u0410") == ("\u041d\u0415\u0412\u0410", "HEBA")
    assert "HEBA" in names_in("Roskom a/k/a \u041d\u0415\u0412\u0410")


@given(st.lists(st.sampled_from(["Acme", "a/k/a", "aka", "(", ")", ";", "Ltd", "/", "X", "Neft", "formerly"])))
def test_the_whole_is_always_among_the_names(pieces: list[str]) -> None:
    asked = " ".join(pieces)
    names = names_in(asked)
    assert asked in names
    assert set(words_of(asked)) >= {word for name in names for word in words_of(name)}


@given(st.text(max_size=60))
def test_any_text_is_read(text: str) -> None:
    assert len(plain_text(text)) <= len(text)
