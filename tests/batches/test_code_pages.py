"""Files in code pages that do not say so: read rightly, or not at all and with a guess; never as other letters."""

import random
from collections.abc import Sequence

import pytest

from service.batches.code_pages import CODE_PAGES
from service.batches.intake import FileFormat
from tests.batches.reading import Reading, pieces_of, read

NAMES: dict[str, tuple[str, ...]] = {
    "russian": (
        "Барак Квариани",
        "Иван Петров",
        "ООО Рога и Копыта",
        "Сергей Сидоров",
        "АО Северсталь",
        "Дмитрий Кузнецов",
        "Ольга Николаевна Смирнова",
        "ЗАО Транснефть",
        "Банк России",
        "Газпром нефть",
        "Юрий Щербаков",
        "Ян Ли",
        "Андрей Жуков",
        "Елена Ильинична",
        "Общество с ограниченной ответственностью Вектор",
        "Алексей Мордашов",
        "Михаил Фридман",
        "Завод имени Дегтярёва",
        "ЦЕНТР ТЕХНОЛОГИЙ",
        "КОНСТРУКТОРСКОЕ БЮРО",
        "Роснефть Трейдинг",
        "Фёдор Емельяненко",
    ),
    "german": (
        "Müller GmbH",
        "Jürgen Groß",
        "Bäckerei Schön",
        "Österreichische Post",
        "Äpfel & Söhne",
        "Köln Straße",
        "Günther Jäger",
        "Möbel Höffner",
        "Süddeutsche Verlag",
        "Vögele",
        "Schäfer Büro",
        "Fröhlich KG",
        "Hänsel",
        "Löwenbräu",
        "Weiß",
    ),
    "french": (
        "Société Générale",
        "Crème brûlée",
        "Besançon",
        "Hôtel de la Forêt",
        "Noël Lefèvre",
        "François Mitterrand",
        "Crédit Agricole",
        "Chambre à louer",
        "Électricité de France",
        "Compagnie Générale des Établissements Michelin",
        "Hélène Béranger",
        "Agnès Varda",
        "Jérôme Kerviel",
        "L’Oréal",
        "Zoé",
    ),
    "spanish": (
        "Peña Nieto",
        "José Núñez",
        "María Muñoz",
        "Compañía Española",
        "Iñigo Ibáñez",
        "Ramón García",
        "Cía. Minera Ñuñoa",
        "Begoña Güemes",
        "Andrés López",
        "Señor Pérez",
        "Construcción Económica",
        "Málaga",
        "León",
    ),
    "danish": (
        "Ørsted A/S",
        "Bjørn Åsen",
        "Mærsk Møller",
        "Håkon Sæther",
        "København",
        "Rødgrød",
        "Tromsø Skipsverft",
        "Ålesund",
        "Søren Kierkegaard",
        "Pål Bøe",
        "Jørgensen",
        "Næss",
    ),
    "turkish": (
        "Doğan Holding",
        "Işık Çelik",
        "Şahin Öztürk",
        "Güneş Sigorta",
        "Türkiye İş Bankası",
        "Ağaoğlu",
        "Çağrı Şirketi",
        "Erdoğan",
        "Yıldız",
        "Gümüş Diş",
        "İstanbul Ticaret",
    ),
    "czech": (
        "Jiří Dvořák",
        "Kříž s.r.o.",
        "Škoda Auto",
        "Pavel Černý",
        "Žďár nad Sázavou",
        "Tomáš Němec",
        "Věra Nováková",
        "Plzeňský Prazdroj",
        "Zdeněk Růžička",
        "Kateřina Procházková",
        "Ústí nad Labem",
        "České dráhy",
        "Václav Havel",
        "Lukáš Šťastný",
        "Ondřej Koudelka",
    ),
    "polish": (
        "Łódź",
        "Kołodziej",
        "Bolesław Chrobry",
        "Gdańsk Stocznia",
        "Małgorzata Wiśniewska",
        "Spółka z ograniczoną odpowiedzialnością",
        "Józef Piłsudski",
        "Święty Krzyż",
        "Częstochowa",
        "Źródło",
        "Paweł Dąbrowski",
        "Zakłady Chemiczne Police Ćwik",
    ),
    "hungarian": (
        "Győr Kft.",
        "Szűcs Ödön",
        "Kovács Béla",
        "Tóth Gyöngyi",
        "Magyar Külkereskedelmi",
        "Fővárosi Vízművek",
        "Németh Zoltán",
        "Nagyné Szabó Erzsébet",
        "Ügyvédi Iroda",
        "Hódmezővásárhely",
    ),
    "greek": (
        "Παπαδόπουλος",
        "Αθήνα Τράπεζα",
        "Γεώργιος Παπανδρέου",
        "Ελληνική Εταιρεία",
        "ΕΘΝΙΚΗ ΤΡΑΠΕΖΑ",
        "Νίκος Καζαντζάκης",
        "Μαρία Κάλλας",
        "Ναυτιλιακή Α.Ε.",
        "Θεσσαλονίκη",
        "Χρήστος Δήμας",
        "Πειραιάς",
    ),
    "hebrew": (
        "בנק לאומי",
        "דוד בן גוריון",
        "תעשיות אוויריות",
        "יוסף כהן",
        "משה לוי",
        "שרה ישראלי",
        "חברת חשמל",
        "אלביט מערכות",
        "רפאל",
        "טבע תעשיות",
    ),
    "arabic": (
        "شركة النفط",
        "محمد علي",
        "بنك سورية",
        "عبد الله الأحمد",
        "مؤسسة التجارة",
        "حسن نصر",
        "الشركة العامة",
        "فاطمة الزهراء",
        "خالد بن الوليد",
        "مصطفى كامل",
    ),
    "chinese": (
        "中国银行",
        "北京贸易公司",
        "张伟",
        "王小明",
        "上海浦东发展银行",
        "深圳市华为技术有限公司",
        "李娜",
        "香港新华电子科技有限公司",
        "陈晓东",
        "广州海格通信集团",
        "刘洋",
        "中国石油化工集团",
        "周杰伦",
        "大连造船厂",
    ),
    "japanese": (
        "三菱電機株式会社",
        "山田太郎",
        "トヨタ自動車",
        "株式会社ソニー",
        "鈴木一郎",
        "さくら銀行",
        "日本貿易振興機構",
        "高市早苗",
        "ホンダ技研工業",
        "佐藤花子",
        "中村商店",
        "イトーヨーカ堂",
    ),
    "korean": (
        "삼성전자",
        "김철수",
        "현대자동차",
        "대한민국 은행",
        "박근혜",
        "한국수출입은행",
        "이영희",
        "주식회사 엘지",
        "포항제철",
        "조선무역회사",
        "기아",
    ),
    "thai": (
        "ธนาคารกรุงเทพ",
        "บริษัท ปตท จำกัด",
        "สมชาย ใจดี",
        "เชียงใหม่",
        "การบินไทย",
        "วิชัย ศรีวัฒน",
        "ไทยพาณิชย์",
        "โรงแรม",
    ),
}
#: What programs write such names in.
WRITTEN = [
    *(("russian", each) for each in ("cp1251", "koi8-r", "cp866", "iso8859-5", "mac_cyrillic")),
    *(("german", each) for each in ("cp1252", "cp850", "mac_roman")),
    *(("french", each) for each in ("cp1252", "cp850", "mac_roman")),
    *(("spanish", each) for each in ("cp1252", "cp850")),
    *(("czech", each) for each in ("cp1250", "cp852", "iso8859-2")),
    *(("polish", each) for each in ("cp1250", "cp852")),
    *(("hungarian", "cp1250"), ("danish", "cp1252"), ("turkish", "cp1254"), ("greek", "cp1253")),
    *(("hebrew", "cp1255"), ("arabic", "cp1256"), ("thai", "cp874")),
    *(("chinese", "gb18030"), ("japanese", "cp932"), ("japanese", "euc_jp"), ("korean", "cp949")),
]
SIZES = (1, 2, 5, 10, 40)


def sent(names: Sequence[str], encoding: str, format: FileFormat = "csv") -> bytes:  # noqa: A002 - as there
    """A file of `names`."""
    if format == "csv":
        rows = [name.encode(encoding) + b";%d" % at for at, name in enumerate(names)]
        return b"\r\n".join([b"Name;Kd-Nr", *rows])
    return b"\n".join(b'{"name": "' + name.encode(encoding) + b'", "ref": "%d"}' % at for at, name in enumerate(names))


def misread(found: Reading, names: Sequence[str]) -> list[tuple[str | None, str]]:
    """Rows that were read, and as something else; every row is there."""
    assert len(found.rows) == len(names)
    return [(row.name, name) for row, name in zip(found.rows, names, strict=True) if not row.fault and row.name != name]


@pytest.mark.parametrize("format", ["csv", "ndjson"])
@pytest.mark.parametrize(("language", "encoding"), WRITTEN)
def test_no_name_is_read_as_another(language: str, encoding: str, format: FileFormat) -> None:  # noqa: A002 - as there
    names, draw = NAMES[language], random.Random(language)
    for size in SIZES:
        for _ in range(5):
            chosen = [each.upper() if draw.random() < 0.1 else each for each in draw.choices(names, k=size)]
            chosen = [each for each in chosen if each.encode(encoding, "replace").decode(encoding) == each]
            if format == "ndjson" and any(b"\\" in each.encode(encoding) for each in chosen):
                continue
            found = read(sent(chosen, encoding, format), format)
            assert misread(found, chosen) == []
            for row in found.rows:
                assert row.fault is None or row.fault_code == "unknown_encoding"


@pytest.mark.parametrize(("language", "encoding"), [each for each in WRITTEN if each[1] != "cp949"])
def test_a_file_of_some_size_is_read(language: str, encoding: str) -> None:
    names = [each for each in NAMES[language] * 4 if each.encode(encoding, "replace").decode(encoding) == each]
    found = read(sent(names, encoding))
    assert misread(found, names) == []
    assert sum(row.fault is None for row in found.rows) >= 0.9 * len(names)
    assert found.reader is not None
    assert found.reader.encoding in {CODE_PAGES[encoding], CODE_PAGES.get("iso8859-2" if encoding == "cp1250" else "")}


def test_one_name_alone_is_not_cleared_in_other_letters_and_the_guess_is_offered() -> None:
    data = "name,ref\nБарак Квариани,A-1\nPlain Ltd,A-2\n".encode("cp1251")
    for format in ("csv", None):  # noqa: A001 - as there
        (row, plain) = read(data, format).rows
        assert row.fault_code == "unknown_encoding"
        assert row.fault is not None
        assert "looks like" in row.fault
        assert "or say its charset" in row.fault
        assert (row.ref, plain.name, plain.fault) == ("A-1", "Plain Ltd", None)
    assert read(data, charset="windows-1251").names == ["Барак Квариани", "Plain Ltd"]


@pytest.mark.parametrize(("other", "encoding"), [("russian", "cp1251"), ("greek", "cp1253"), ("chinese", "gb18030")])
@pytest.mark.parametrize("first", ["plain", "german", "utf-8"])
def test_a_few_rows_late_in_a_large_file_are_not_read_as_what_came_before(
    first: str, other: str, encoding: str
) -> None:
    if first == "plain":
        head, names = b"Plain Trading Ltd;1\r\n" * 20_000, ["Plain Trading Ltd"] * 20_000
    else:
        names = list(NAMES["german"]) * 400
        head = b"".join(each.encode("utf-8" if first == "utf-8" else "cp1252") + b";1\r\n" for each in names)
    late = [each for each in NAMES[other] if len(each) > 2][:3]
    data = b"Name;Kd-Nr\r\n" + head + b"".join(each.encode(encoding) + b";2\r\n" for each in late)
    found = read(pieces_of(data, (16_384,)), max_rows=100_000)
    assert misread(found, [*names, *late]) == []
    assert all(row.fault is None for row in found.rows[: len(names)])
    assert {row.fault_code for row in found.rows[len(names) :]} <= {"unknown_encoding", None}


def test_rows_far_apart_tell_together() -> None:
    """Few rows beyond ASCII in a large file: the first ones wait in vain, the later ones are read."""
    names = [each for each in NAMES["russian"] * 3 for each in (each, *(["Plain Trading Ltd"] * 3000))]
    found = read(pieces_of(sent(names, "cp1251"), (16_384,)), max_rows=10**6)
    assert misread(found, names) == []
    beyond = [row for row, name in zip(found.rows, names, strict=True) if not name.isascii()]
    assert all(row.fault is None for row in beyond[-20:])
    assert all(row.fault is None for row, name in zip(found.rows, names, strict=True) if name.isascii())


def test_rows_keep_their_order_while_some_wait() -> None:
    names = ["Plain Ltd", *NAMES["russian"], "Other Ltd", "zu;viel;davon"]
    data = sent(names, "cp1251")
    found = read(pieces_of(data, (7,)))
    assert [row.number for row in found.rows] == list(range(1, len(names) + 1))
    assert [row.ref for row in found.rows[:-1]] == [str(at) for at in range(len(names) - 1)]
    assert found.rows == read(data).rows


def test_few_rows_wait_at_a_time() -> None:
    names, waited, handed_out = list(NAMES["russian"]) * 2000, 0, 0
    data = sent(names, "cp1251")
    from service.batches.intake import RowReader

    reader = RowReader("csv", {}, 10**6)
    for at in range(0, len(data), 4096):
        handed_out += len(reader.feed(data[at : at + 4096]))
        waited = max(waited, data.count(b"\n", 0, at + 4096) - handed_out)
    handed_out += len(reader.end())
    assert handed_out == len(names)
    assert waited < 3000


def test_rows_that_waited_are_handed_out_when_the_array_breaks() -> None:
    data = b'[{"name": "' + "Барак Квариани".encode("cp1251") + b'"}, {"name": "Plain Ltd"}, , ]'
    found = read(data, "json")
    assert [row.fault_code for row in found.rows] == ["unknown_encoding", None]
    assert found.fault is not None
    assert (found.fault.code, found.fault.row) == ("broken_array", 2)


def test_rows_that_waited_are_handed_out_when_the_sender_breaks_off() -> None:
    from service.batches.intake import RowReader

    reader = RowReader("csv", {}, 10)
    assert reader.feed("name\nБарак Квариани\nPlain Ltd\nhalf a ro".encode("cp1251")) == []
    assert [(row.number, row.fault_code) for row in reader.break_off()] == [(1, "unknown_encoding"), (2, None)]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [("三菱電機", "iso2022_jp"), ("中国银行", "hz"), ("삼성전자", "iso2022_kr")],
)
def test_what_is_written_in_ascii_alone_is_not_cleared_either(text: str, encoding: str) -> None:
    found = read(b"name\n" + text.encode(encoding) + b"\nPlain {Trading} ~ Ltd\n")
    assert [row.fault_code for row in found.rows[-2:]] == ["unknown_encoding", None]


@pytest.mark.parametrize(
    ("text", "charset", "shown"),
    [
        ("Барак Квариани", "windows-1251", "windows-1251"),
        ("Барак Квариани", "koi8-r", "koi8-r"),
        ("Барак Квариани", "cp866", "ibm866"),
        ("中国银行", "gb2312", "gb18030"),
        ("中国银行", "GBK", "gb18030"),
        ("三菱電機ソニー", "Shift_JIS", "shift_jis"),
        ("三菱電機", "euc-jp", "euc-jp"),
        ("삼성전자", "euc-kr", "euc-kr"),
        ("台灣銀行", "big5", "big5"),
        ("Müller", "iso-8859-1", "windows-1252"),
        ("Doğan", "iso-8859-9", "windows-1254"),
    ],
)
@pytest.mark.parametrize("format", ["csv", "ndjson"])
def test_a_stated_charset_is_used(text: str, charset: str, shown: str, format: FileFormat) -> None:  # noqa: A002
    found = read(sent([text, "Plain Ltd"], charset, format), format, charset=charset)
    assert found.names == [text, "Plain Ltd"]
    assert found.reader is not None
    assert found.reader.encoding == shown


def test_what_does_not_fit_the_stated_charset_is_invalid() -> None:
    found = read(b"name\n\x81\xff bad\nPlain\n", charset="shift_jis")
    assert [row.fault is None for row in found.rows] == [False, True]
    assert found.rows[0].fault == "the row holds bytes that are no text in shift_jis"


def test_json_that_is_utf_8_is_read_as_such_whatever_is_stated() -> None:
    assert read('{"name": "Müller"}'.encode(), "ndjson", charset="iso-8859-1").names == ["Müller"]


def test_a_header_in_a_code_page_finds_its_columns() -> None:
    names = NAMES["russian"]
    rows = "".join(f"{each};Москва;{at}\n" for at, each in enumerate(names))
    found = read(f"Имя;Город;Номер\n{rows}".encode("cp1251"), mapping={"name": "Имя", "ref": "Номер"})
    assert found.fault is None
    assert misread(found, names) == []
    assert [row.ref for row in found.rows] == [str(at) for at in range(len(names))]
