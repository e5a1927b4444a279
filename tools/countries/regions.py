"""Regions of Ukraine under Russian control, and what of an address or a country field names them. Pure.

Sources: Executive Orders 13685 and 14065; 15 CFR 746.6; OFAC FAQ 1009, which accepts screening by postcodes. Cities are
those that the orders' regions hold; their postcodes are the Ukrainian ones and those that Russia has given them.
"""

import re
from collections.abc import Mapping

__all__ = ["CONTESTED", "EMBARGOED", "region_by_postcode", "region_names"]

#: The regions that are embargoed as such.
EMBARGOED = ("Crimea", "Donetsk People's Republic (so-called)", "Luhansk People's Republic (so-called)")
#: Their oblasts: on which side of the line a place is does not show.
CONTESTED = ("Donetsk oblast", "Luhansk oblast")

_NAMES: Mapping[str, str] = {
    EMBARGOED[0]: "Crimea|Krim|Krym|Crimée|Republic of Crimea|Autonomous Republic of Crimea|Крым|Крим|Республика Крым|"
    "Sevastopol|Sebastopol|Севастополь|Simferopol|Simferopil|Симферополь|Сімферополь|Yalta|Jalta|Ялта|Kerch|Kertch|Керчь|"
    "Керч|Feodosia|Feodosiya|Feodosiia|Theodosia|Феодосия|Феодосія|Yevpatoria|Yevpatoriya|Yevpatoriia|Evpatoria|"
    "Evpatoriya|Eupatoria|Евпатория|Євпаторія|Alushta|Алушта|Alupka|Алупка|Dzhankoi|Dzhankoy|Джанкой|Sudak|Судак|Saki|"
    "Saky|Саки|Armyansk|Armiansk|Армянск|Bakhchysarai|Bakhchisaray|Bakhchisarai|Бахчисарай|Krasnoperekopsk|"
    "Красноперекопск|Koktebel|Коктебель|Inkerman|Balaklava|Gurzuf|Shcholkine|Shchelkino|Chornomorske|"
    "Krasnohvardiiske|Simeiz|Foros|Massandra|Crimean Peninsula|Crimean|Crimeia|Qırım|Qirim|Kırım|Sewastopol|"
    "Sevastopol'|АР Крим|АРК|Кримский полуостров|克里米亚|克里米亞|クリミア|크림반도|القرم|Κριμαία|Krimea|Krymu|Krymie|"
    "塞瓦斯托波尔|Kırım Özerk Cumhuriyeti|Occupied Crimea",
    EMBARGOED[1]: "Donetsk|Donezk|Донецк|Донецьк|Donetsk People's Republic|Donetsk Peoples Republic|DNR|DPR|"
    "Makiivka|Makeyevka|Makeevka|Макеевка|Макіївка|Horlivka|Gorlovka|Горловка|Горлівка|Mariupol|Мариуполь|Маріуполь|"
    "Yenakiieve|Yenakiyevo|Enakievo|Енакиево|Khartsyzk|Khartsyzsk|Харцызск|Snizhne|Snezhnoye|Torez|Chystiakove|"
    "Debaltseve|Debaltsevo|Дебальцево|Ilovaisk|Иловайск|Dokuchaievsk|Dokuchaevsk|Yasynuvata|Yasinovataya|Ясиноватая|"
    "Starobesheve|Volnovakha|Волноваха|Amvrosiivka|Novoazovsk|Novoazovs'k|Shakhtarsk|Zuhres|Bakhmut|Artemivsk|"
    "Донецкая Народная Республика|ДНР|Donetskaya Narodnaya Respublika|Donetzk|Doneck|Donetsk Peoples' Rep",
    EMBARGOED[2]: "Luhansk|Lugansk|Луганск|Луганськ|Luhansk People's Republic|Lugansk People's Republic|"
    "Luhansk Peoples Republic|Lugansk Peoples Republic|LNR|LPR|Alchevsk|Алчевск|Алчевськ|Stakhanov|Kadiivka|Стаханов|"
    "Krasnyi Luch|Krasny Luch|Khrustalnyi|Красный Луч|Rovenky|Rovenki|Ровеньки|Dovzhansk|Antratsyt|Antratsit|Антрацит|"
    "Krasnodon|Sorokyne|Краснодон|Brianka|Bryanka|Sievierodonetsk|Severodonetsk|Северодонецк|Lysychansk|Lisichansk|"
    "Лисичанск|Rubizhne|Rubezhnoye|Рубежное|Starobilsk|Starobelsk|Svatove|Popasna|Perevalsk|"
    "Луганская Народная Республика|ЛНР|Luganskaya Narodnaya Respublika|Lugansk Peoples' Rep",
    CONTESTED[0]: "Donetsk oblast|Donetska oblast|Donetskaya oblast|Donetsk region|Donetsk Obl|Донецкая область|"
    "Донецька область|Donetsk Oblast'|Donetska|Donbas|"
    "Donbass|Донбасс|Донбас",
    CONTESTED[1]: "Luhansk oblast|Luhanska oblast|Luganskaya oblast|Lugansk oblast|Luhansk region|Lugansk region|"
    "Luhansk Obl|Луганская область|Луганська область|Luhanska",
}  # fmt: skip

_UKRAINIAN = {EMBARGOED[0]: (95, 99), CONTESTED[0]: (83, 87), CONTESTED[1]: (91, 94)}
_RUSSIAN = {EMBARGOED[0]: (295, 299), EMBARGOED[1]: (283, 287), EMBARGOED[2]: (291, 294)}
_FIVE_DIGITS = re.compile(r"(?<![0-9])([0-9]{2})[0-9]{3}(?![0-9])")
_SIX_DIGITS = re.compile(r"(?<![0-9])([0-9]{3})\s?[0-9]{3}(?![0-9])")


def region_names() -> dict[str, str]:
    """Return the region of each name that names one, as people write it."""
    return {name: region for region, names in _NAMES.items() for name in names.split("|")}


def region_by_postcode(text: str, *, in_ukraine: bool, in_russia: bool) -> str | None:
    """Return the region of a postcode in `text`, or None.

    Five digits are read only where the rest says Ukraine or Russia, six only where it says either: elsewhere they are
    another country's.
    """
    if in_ukraine or in_russia:
        for found in _FIVE_DIGITS.finditer(text):
            for region, (first, last) in _UKRAINIAN.items():
                if first <= int(found[1]) <= last:
                    return region
        for found in _SIX_DIGITS.finditer(text):
            for region, (first, last) in _RUSSIAN.items():
                if first <= int(found[1]) <= last:
                    return region
    return None
