"""Countries as people write them: read for what they say, in every reading, and never by likeness."""

import pycountry
import pytest

from tools.countries import COUNTRIES, countries_in_address, read_country, short_name


@pytest.mark.parametrize("country", list(pycountry.countries), ids=lambda each: each.alpha_2)
def test_every_code_and_english_name_is_read_in_any_case(country: pycountry.db.Country) -> None:
    texts = {country.alpha_2, country.alpha_3, country.numeric, country.name, f"{country.name} ({country.alpha_2})"}
    texts |= {getattr(country, each) for each in ("common_name", "official_name") if hasattr(country, each)}
    for text in texts:
        for written in (text, text.lower(), text.upper(), f" {text} "):
            reading = read_country(written)
            assert country.alpha_2 in reading.codes, written
            assert reading.how == "exact", written


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("China", "CN"), ("P.R. China", "CN"), ("Mainland China", "CN"), ("PRC", "CN"), ("中国", "CN"), ("Chine", "CN"),
        ("Iraq", "IQ"), ("Iran", "IR"), ("IRAN, ISLAMIC REP. OF", "IR"), ("I.R. Iran", "IR"), ("ایران", "IR"),
        ("North Korea", "KP"), ("N. Korea", "KP"), ("DPRK", "KP"), ("Korea, North", "KP"), ("Nordkorea", "KP"),
        ("Korea, Democratic People's Republic of", "KP"), ("Democratic Peoples Republic of Korea", "KP"),
        ("South Korea", "KR"), ("Republic of Korea", "KR"), ("Korea, Rep.", "KR"), ("ROK", "KR"),
        ("Russia", "RU"), ("Россия", "RU"), ("Russland", "RU"), ("Rusia", "RU"), ("Russian Fed.", "RU"),
        ("Republic of China", "TW"), ("R.O.C.", "TW"), ("Taiwan, Province of China", "TW"), ("Chinese Taipei", "TW"),
        ("Hong Kong, China", "HK"), ("Hong Kong SAR", "HK"), ("Macau", "MO"), ("Macao SAR, China", "MO"),
        ("Zaire", "CD"), ("DR Congo", "CD"), ("Congo-Brazzaville", "CG"), ("Republic of the Congo", "CG"),
        ("Kosovo", "XK"), ("XKX", "XK"), ("Palestine", "PS"), ("Gaza", "PS"), ("Burma", "MM"),
        ("Northern Ireland", "GB"),
        ("UK", "GB"), ("U.K.", "GB"), ("England", "GB"), ("U.S.A.", "US"), ("U. S. A.", "US"), ("America", "US"),
        ("United States of America (USA)", "US"), ("Turkey", "TR"), ("Türkiye", "TR"), ("TURKIYE", "TR"),
        ("Ivory Coast", "CI"), ("Cote d’Ivoire", "CI"), ("CÔTE D'IVOIRE", "CI"), ("Swaziland", "SZ"), ("Holland", "NL"),
        ("Czech Republic", "CZ"), ("Vietnam", "VN"), ("Viet Nam", "VN"), ("Syria", "SY"), ("Laos", "LA"),
        ("Deutschland", "DE"), ("Suisse", "CH"), ("España", "ES"), ("ßwitzerland (CH)", "CH"), ("CN - China", "CN"),
        ("DE/Germany", "DE"), ("US-CA", "US"), ("CN-HK", "HK"),
        ("CN-XJ", "CN"), ("Iranian", "IR"), ("North Korean", "KP"), ("Cuban", "CU"), ("chinese", "CN"),
        ("UAE", "AE"), ("EL", "GR"), ("GER", "DE"), ("\ufeffIran\u200b", "IR"),
        ("ＩＲＡＮ", "IR"), ("I.R.Iran", "IR"), ("I R A N", "IR"), ("Ir&#97;n", "IR"), ("<b>Iran</b>", "IR"),
        ("Cu&shy;ba", "CU"), ("\U0001f1ee\U0001f1f7", "IR"), ("Ιράν", "IR"), ("איראן", "IR"), ("อิหร่าน", "IR"),
        # A letter of another script that looks like ours.
        ("Ir\u0430n", "IR"), ("\u0421uba", "CU"),
        ("Cuban citizen", "CU"), ("citizen of Iran", "IR"), ("North Korean national", "KP"), ("Zhongguo", "CN"),
        ("Tehran, Iran", "IR"), ("Tehran", "IR"), ("Kish Island", "IR"), ("La Habana", "CU"), ("Pyongyang", "KP"),
        ("Democratic People's Rep. of Korea", "KP"), ("Dem. People's Republic of Korea", "KP"), ("N.K.", "KP"),
        ("Democratic Rep. of Congo", "CD"), ("P.R.of China", "CN"), ("P. R. China", "CN"), ("U A E", "AE"),
        ("Inner Mongolia", "CN"), ("Xinjiang", "CN"), ("Росія", "RU"), ("РСФСР", "RU"), ("俄罗斯联邦", "RU"),
        ("New Mexico", "US"), ("New Jersey", "US"), ("Rhode Island", "US"), ("Island", "IS"), ("UA", "UA"),
    ],
)  # fmt: skip
def test_what_people_write_is_read(text: str, code: str) -> None:
    assert read_country(text).codes == (code,)


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("Korea", {"KP", "KR"}),
        ("Congo", {"CG", "CD"}),
        ("Guinea", {"GN", "GQ", "GW", "PG"}),
        ("Georgia", {"GE", "US"}),
        ("GA", {"GA", "US"}),
        ("mo", {"MO", "US"}),
        ("SD", {"SD", "US"}),
        ("850", {"VI", "KP"}),
        ("Iran / UAE", {"IR", "AE"}),
        ("DE or IR", {"DE", "IR"}),
        ("CN and KP", {"CN", "KP"}),
        ("IR -> AE", {"IR", "AE"}),
        ("Iranian and Canadian", {"IR", "CA"}),
        # A word beside the name makes it another country's.
        ("Democratic Republic of Korea", {"KP", "KR"}),
        ("Pyongyang, Republic of Korea", {"KP", "KR"}),
        ("Kinshasa, Republic of Congo", {"CD", "CG"}),
        ("Southern Sudan", {"SD", "SS"}),
        ("USSR", {"RU", "BY", "UA", "AM", "AZ", "EE", "GE", "KG", "KZ", "LT", "LV", "MD", "TJ", "TM", "UZ"}),
    ],
)
def test_a_word_with_several_readings_keeps_them_all(text: str, codes: set[str]) -> None:
    reading = read_country(text)
    assert set(reading.codes) == codes
    assert not reading.is_certain


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "Narnia",
        "Irnn",
        "Chnia",
        "Swizerland",
        "98",
        "+98",
        "0",
        "86",
        "XX",
        "Iraan",
        "IR-RU",
        "ZZ",
        "n/a",
        "N.A.",
        "Long Island",
        "?" * 600,
    ],
)
def test_what_is_not_understood_is_never_guessed(text: str) -> None:
    assert read_country(text).countries == ()


@pytest.mark.parametrize("text", ["Valiasr, Iran", "Made in Iran", "Isl. Rep. Iran", "Iran (Office 5)"])
def test_a_country_in_a_longer_text_is_read_and_not_certain(text: str) -> None:
    assert read_country(text).codes == ("IR",)
    assert read_country(text).how == "in_part"


def test_an_ambiguous_word_beside_a_certain_one_means_that() -> None:
    assert read_country("Georgia, USA").codes == ("US",)
    assert read_country("Korea (KR)").codes == ("KR",)


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("Crimea", "Crimea"),
        ("Республика Крым", "Crimea"),
        ("Sevastopol", "Crimea"),
        ("Yalta, Crimea", "Crimea"),
        ("Sevastopol, Russia", "Crimea"),
        ("UA-43", "Crimea"),
        ("UA-40", "Crimea"),
        ("Ukraine 95000", "Crimea"),
        ("RU 295000", "Crimea"),
        ("RU-299011 Simferopol", "Crimea"),
        ("DNR", "Donetsk People's Republic (so-called)"),
        ("Lugansk", "Luhansk People's Republic (so-called)"),
        ("Donetsk oblast", "Donetsk oblast"),
        ("UA-09", "Luhansk oblast"),
        ("RU-SEV", "Crimea"),
        ("so-called DNR", "Donetsk People's Republic (so-called)"),
        ("Crimean Peninsula", "Crimea"),
        ("Kırım", "Crimea"),
        ("克里米亚", "Crimea"),
        ("Donbass", "Donetsk oblast"),
    ],
)
def test_a_region_of_ukraine_is_read_in_a_country_field(text: str, region: str) -> None:
    assert region in {each.region for each in read_country(text).countries}


@pytest.mark.parametrize(
    ("address", "beside", "named"),
    [
        ("Valiasr St, Tehran, Iran", (), ["Iran (IR)"]),
        ("Valiasr St, Tehran, IR", (), ["Iran (IR)"]),
        ("St. Louis, MO", ("US",), []),
        ("Pierre, SD", ("US",), []),
        ("Seoul, Korea", ("KR",), ["South Korea (KR)"]),
        ("Seoul, Korea", (), ["North Korea (KP)", "South Korea (KR)"]),
        ("Juba, South Sudan", (), ["South Sudan (SS)"]),
        ("ul. Sverdlova 1, Yalta", ("DE",), ["Crimea, Ukraine (UA)"]),
        ("Prospekt Kirova 1, 295000 Simferopol", ("RU",), ["Crimea, Ukraine (UA)"]),
        ("Artema 1, 283001", ("RU",), ["Donetsk People's Republic (so-called), Ukraine (UA)"]),
        ("Russian Hill, San Francisco", ("US",), []),
        ("Main St 1, 95014 Cupertino", ("US",), []),
        ("Khreshchatyk 1, 01001 Kyiv", ("UA",), []),
        ("Shevchenka 1, 84100", ("UA",), ["Donetsk oblast, Ukraine (UA)"]),
    ],
)
def test_an_address_names_its_countries_and_regions(address: str, beside: tuple[str, ...], named: list[str]) -> None:
    assert [str(each) for each in countries_in_address(address, beside)] == named


@pytest.mark.parametrize(
    ("address", "beside", "named"),
    [
        ("12 Cuba Street, Wellington 6011", ("NZ",), []),
        ("152 Teheran-ro, Gangnam-gu, Seoul, South Korea", (), ["South Korea (KR)"]),
        ("Rue de Crimée 12, 75019 Paris", ("FR",), []),
        ("Calle Cuba 45, Centro", ("MX",), []),
        ("100 Main St, Lebanon, NH 03766", ("US",), []),
        ("100 Main St, Lebanon, NH 03766", (), []),
        ("Cuba, MO 65453", ("US",), []),
        ("Sebastopol, CA, USA", ("US",), ["United States (US)"]),
        ("Yalta Way 5, Las Vegas NV 89123", ("US",), []),
        ("Saki Naka, Andheri East, Mumbai", ("IN",), []),
        # What is not certain counts.
        ("Lenina 5, Simferopol, Crimea AR, 95000", (), ["Crimea, Ukraine (UA)"]),
        ("12 Cuba Street", (), ["Cuba (CU)"]),
        ("Havana, IL", (), ["Cuba (CU)"]),
        ("Iran Street 5, Tehran", ("AE",), ["Iran (IR)"]),
        ("Valiasr Avenue Iran", ("AE",), ["Iran (IR)"]),
        ("Crimea Street 5, Sevastopol", ("RU",), ["Crimea, Ukraine (UA)"]),
        ("Saki, Lenina 5", ("RU",), ["Crimea, Ukraine (UA)"]),
        ("Lebanon, NH 03766", ("LB",), ["Lebanon (LB)"]),
        ("Yalta", ("US",), ["Crimea, Ukraine (UA)"]),
    ],
)
def test_a_street_or_a_town_abroad_is_no_country(address: str, beside: tuple[str, ...], named: list[str]) -> None:
    assert [str(each) for each in countries_in_address(address, beside)] == named


@pytest.mark.parametrize(
    ("address", "named"),
    [
        ("No. 12, Valiasr Ave, Tehran", ["Iran (IR)"]),
        ("Valiasr Ave, Tehran 11369 IR", ["Iran (IR)"]),
        ("IRN, Valiasr 12", ["Iran (IR)"]),
        ("Calle 23, Vedado, La Habana", ["Cuba (CU)"]),
        ("ul. Artema 5, DNR, 2nd floor", ["Donetsk People's Republic (so-called), Ukraine (UA)"]),
        ("Valiasr Ave, T&eacute;h&eacute;ran", ["Iran (IR)"]),
        ("Valiasr Ave, \u0406ran", ["Iran (IR)"]),
        ("Democratic People's Rep. of Korea", ["North Korea (KP)"]),
    ],
)
def test_an_address_names_an_embargoed_country_without_its_name(address: str, named: list[str]) -> None:
    for beside in ((), ("AE",)):
        assert [str(each) for each in countries_in_address(address, beside)] == named


def test_every_code_has_a_short_name() -> None:
    assert all(short_name(code) for code in COUNTRIES)
    assert len(COUNTRIES) == 250
