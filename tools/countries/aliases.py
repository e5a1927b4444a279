"""What people write for a country beside the codes and names of ISO 3166, state of 2026-11-30.

An alias stands for itself: nothing here is guessed from what is spelled alike. A word with several readings names all.
"""

from collections.abc import Mapping

__all__ = ["ALIASES", "AMBIGUOUS", "CITIES", "DEMONYMS", "ONLY_WHOLE", "UNITED_STATES_STATES"]

#: By alpha-2 code, the aliases, separated by "|".
ALIASES: Mapping[str, str] = {
    "AE": "UAE|U.A.E.|Emirates|Dubai|Abu Dhabi|Sharjah",
    "AG": "Antigua|Antigua & Barbuda",
    "BA": "Bosnia|Bosnia-Herzegovina|BIH",
    "BF": "Upper Volta|HV|HVO",
    "BJ": "Dahomey|DY|DHY",
    "BN": "Brunei",
    "BO": "Bolivia",
    "BQ": "Caribbean Netherlands|Bonaire",
    "BS": "The Bahamas",
    "BY": "Belarus|Byelorussia|Belorussia|White Russia|Белоруссия|Беларусь|Weißrussland|Biélorussie|"
    "Bielorrusia|Bielorussia|Bielarus|Білорусь|Λευκορωσία|Bielorus",
    "CD": "DRC|DR Congo|D.R. Congo|DROC|Congo DR|Congo, Dem Rep|Congo-Kinshasa|Congo Kinshasa|Congo (Kinshasa)|"
    "Zaire|Zaïre|ZR|ZAR|Democratic Republic of Congo|Dem Rep of Congo|RDC",
    "CF": "CAR|Central African Rep",
    "CG": "Congo-Brazzaville|Congo Brazzaville|Congo (Brazzaville)|Republic of Congo|Congo Rep|Congo, Rep",
    "CH": "SUI|Swiss|Schweiz|Suisse|Svizzera|Helvetia",
    "CI": "Ivory Coast|Cote d'Ivoire|Elfenbeinküste",
    "CN": "PRC|P.R.C.|P.R. China|PR China|China PRC|China, PR|People's Rep of China|Mainland China|"
    "Chinese Mainland|China Mainland|China, Mainland|中华人民共和国|中華人民共和國|中国大陆|"
    "Peoples Republic of China|Red China|Chine|Cina|Kina|КНР|Inner Mongolia|Nei Mongol|Tibet|Xizang|Xinjiang|"
    "Sinkiang|XUAR|Xinjiang Uyghur|Xinjiang Uyghur Autonomous Region|Xinjiang Uighur|East Turkestan|新疆|西藏|内蒙古|"
    "PRChina|Kitay|Zhongguo|Κίνα",
    "CU": "Cuba|Kuba|Куба|古巴|Republica de Cuba|República de Cuba|קובה|Κούβα",
    "CV": "Cape Verde",
    "CZ": "Czech Rep|Czech Republic|Czechia",
    "DE": "GER|FRG|BRD|Germany|West Germany|East Germany|GDR|DDR|DD",
    "DK": "DEN",
    "DO": "Dominican Rep",
    "EH": "Sahrawi Arab Democratic Republic",
    "ES": "SPA|Spain",
    "FK": "Malvinas|Falklands",
    "FM": "Micronesia",
    "FR": "FX|France, Metropolitan",
    "GB": "UK|U.K.|Ireland, Northern|Great Britain|Britain|England|Scotland|Wales|Northern Ireland|N. Ireland|"
    "ENG|SCO|WAL|NIR|XI|United Kingdom of Great Britain|G.B.|United Kingdom (Northern Ireland)",
    "GM": "The Gambia",
    "GN": "Guinea-Conakry|Guinea Conakry|Guinea (Conakry)",
    "GQ": "Eq Guinea",
    "GR": "EL|GRE|Hellas",
    "GW": "Guinea Bissau",
    "HK": "Hong Kong|Hongkong|HKSAR|Hong Kong SAR|Hong Kong S.A.R.|Hong Kong, China|Hong Kong SAR, China|H.K.|"
    "香港|Hong Kong Special Administrative Region",
    "HR": "CRO",
    "IE": "Eire|Republic of Ireland|Irish Republic",
    "IQ": "Irak|العراق|伊拉克|Iraqi Kurdistan|Kurdistan Region of Iraq",
    "IR": "IRI|Iran|Islamic Rep of Iran|Islamic Republic Iran|I.R. Iran|IR Iran|I.R.I.|Persia|ایران|إيران|伊朗|"
    "イラン|이란|جمهوری اسلامی ایران|Irán|İran|Irão|Irã|Ιράν|איראן|อิหร่าน|ईरान|Իրան|ირანი|Iran Islamic Republic",
    "KE": "Kenia",
    "KG": "Kyrgyzstan|Kirghizia|Kyrgyz Rep",
    "KN": "St Kitts|St Kitts and Nevis|Saint Kitts",
    "KP": "North Korea|N. Korea|NKorea|Korea, North|Korea North|Korea (North)|DPRK|D.P.R.K.|DPR Korea|"
    "Korea DPR|Korea, DPR|Korea, Dem People's Rep|Dem People's Rep of Korea|"
    "Democratic People's Republic Korea|Democratic Peoples Republic of Korea|КНДР|Северная Корея|朝鲜|朝鮮|"
    "北朝鮮|北韩|北韓|북한|조선|كوريا الشمالية|کره شمالی|Nordkorea|Corée du Nord|Corea del Norte|"
    "Corea del Nord|Coreia do Norte|Noord-Korea|Korea Północna|Kuzey Kore|NK|N.K.|NorthKorea|Nth Korea|"
    "North Korean Republic|צפון קוריאה|Βόρεια Κορέα|เกาหลีเหนือ|उत्तर कोरिया|Triều Tiên|Bắc Triều Tiên",
    "KR": "South Korea|S. Korea|SKorea|Korea, South|Korea South|Korea (South)|ROK|R.O.K.|Korea, Rep|"
    "Rep of Korea|Korea Republic|Korea (Republic)|韩国|韓國|한국|Südkorea|Corée du Sud|Corea del Sur|"
    "Corea del Sud|Coreia do Sul|Zuid-Korea",
    "LA": "Laos|Lao PDR|Lao",
    "LC": "St Lucia",
    "LK": "Ceylon",
    "LY": "Libya|Libyan Arab Jamahiriya|State of Libya|Great Jamahiriya",
    "MD": "Moldova|Moldavia|Rep of Moldova",
    "MF": "Saint Martin|St Martin",
    "MK": "Macedonia|FYROM|Republic of Macedonia|N. Macedonia",
    "MM": "Burma|BU|BUR|Myanmar (Burma)|Burma (Myanmar)|Birma|Birmanie|Birmania",
    "MO": "Macau|Macao|Macau SAR|Macao SAR|Macau, China|Macao, China|Macao SAR, China|澳门|澳門",
    "MY": "MAS",
    "NL": "Holland|The Netherlands|NED|HOL",
    "NZ": "NZL|N.Z.|Aotearoa",
    "PG": "PNG|Papua",
    "PH": "PHI|Philippine Islands",
    "PS": "Palestine|Palestinian Territories|Palestinian Territory|Occupied Palestinian Territory|OPT|Gaza|"
    "Gaza Strip|West Bank|West Bank and Gaza|Palestinian Authority|Palestinian",
    "PT": "POR",
    "RO": "ROM|Rumania|Roumania",
    "RS": "Republic of Serbia",
    "RU": "Russia|Russian Fed|Russian Federation|R.F.|Россия|РФ|Российская Федерация|Russland|Rußland|Russie|"
    "Rusia|Rusland|Rusya|Rosja|Rusko|Ryssland|俄罗斯|俄羅斯|俄国|ロシア|러시아|روسيا|روسیه|Росія|РСФСР|"
    "Російська Федерація|RSFSR|Rossiya|Rossija|Ρωσία|רוסיה|รัสเซีย|俄罗斯联邦|俄羅斯聯邦|Chechnya|Chechen Republic|"
    "Tatarstan|Kaliningrad",
    "SA": "KSA|K.S.A.|Saudi",
    "SD": "The Sudan|North Sudan|Republic of Sudan",
    "SH": "St Helena|Saint Helena",
    "SI": "SLO",
    "SO": "Somaliland|Puntland|Somali Republic",
    "SJ": "Svalbard",
    "SK": "Slovak Rep|Slovakia",
    "SS": "S. Sudan",
    "ST": "Sao Tome|São Tomé|São Tomé and Príncipe",
    "SV": "Salvador",
    "SX": "Sint Maarten|St Maarten",
    "SY": "Syria|Syrian Arab Rep|Syrien|Syrie|Siria|Сирия|叙利亚|敘利亞|سوريا|سوریه|Suriye|Syrian Rep|Συρία",
    "SZ": "Swaziland",
    "TC": "Turks & Caicos",
    "TL": "East Timor|TP|TMP",
    "TR": "Turkey|Turkiye|Türkei",
    "TT": "Trinidad|Trinidad & Tobago",
    "TW": "Taiwan|Taiwan, China|Chinese Taipei|TPE|Republic of China|ROC|R.O.C.|Taiwan (R.O.C.)|Taiwan ROC|"
    "Taiwan, R.O.C.|Republic of China (Taiwan)|Formosa|台湾|台灣|臺灣|中華民國",
    "TZ": "Tanzania|Zanzibar",
    "UA": "Ukraine|The Ukraine|Україна|Украина|乌克兰",
    "US": "USA|U.S.|U.S.A.|United States|United States of America|America|U S A|The States|U. S. A.|"
    "Estados Unidos|EE. UU.|EEUU|EE UU|États-Unis|USA (United States)|Vereinigte Staaten|美国|美國|США",
    "VA": "Vatican|Vatican City|Holy See|Vatican City State",
    "VC": "St Vincent|Saint Vincent|St Vincent and the Grenadines",
    "VE": "Venezuela|Venezuela, Bolivarian Rep|Bolivarian Rep of Venezuela",
    "VG": "BVI|B.V.I.|British Virgin Islands|Virgin Islands (British)|UK Virgin Islands",
    "VI": "USVI|U.S.V.I.|US Virgin Islands|Virgin Islands (U.S.)|Virgin Islands (US)|"
    "United States Virgin Islands",
    "VN": "Vietnam|Viet-Nam|VIE|S.R. Vietnam",
    "WS": "Western Samoa",
    "XK": "Kosovo|UNK|KOS|RKS|Republic of Kosovo|Kosova",
    "YE": "Yemen|Yemen Arab Republic|YD|YMD|South Yemen|North Yemen|PDR Yemen|People's Democratic Republic of Yemen",
    "ZA": "RSA|R.S.A.|S. Africa|Republic of South Africa",
    "ZW": "Rhodesia|RHO|RH",
}  # fmt: skip

#: Cities of the countries that are embargoed as a whole: an address may name no more than that. By alpha-2 code.
CITIES: Mapping[str, str] = {
    "CU": "Havana|La Habana|Habana|Havanna|La Havane|Гавана|哈瓦那|Santiago de Cuba|Holguin|Camaguey|Varadero",
    "IR": "Tehran|Teheran|Téhéran|تهران|طهران|Тегеран|德黑兰|테헤란|Isfahan|Esfahan|Mashhad|Tabriz|Bandar Abbas|"
    "Bandar-e Abbas|Bushehr|Bandar Imam Khomeini|Chabahar|Kish Island|Qeshm|Qeshm Island|Ahvaz|Ahwaz|Kermanshah",
    "KP": "Pyongyang|P'yongyang|평양|平壤|平壌|Пхеньян|Sinuiju|Wonsan",
}

#: Words with several readings: all are shown, and the gravest counts.
AMBIGUOUS: Mapping[str, tuple[str, ...]] = {
    "Korea": ("KP", "KR"),
    "Corea": ("KP", "KR"),
    "Corée": ("KP", "KR"),
    "Coreia": ("KP", "KR"),
    "Kore": ("KP", "KR"),
    "Корея": ("KP", "KR"),
    "كوريا": ("KP", "KR"),
    "Congo": ("CG", "CD"),
    "Kongo": ("CG", "CD"),
    "The Congo": ("CG", "CD"),
    "Guinea": ("GN", "GQ", "GW", "PG"),
    "Guinée": ("GN", "GQ", "GW", "PG"),
    "Georgia": ("GE", "US"),
    "GA": ("GA", "US"),
    "MO": ("MO", "US"),
    "SD": ("SD", "US"),
    # The standard's number of the U.S. Virgin Islands, and the dialing code of North Korea.
    "850": ("VI", "KP"),
    "Sudans": ("SD", "SS"),
    "Yugoslavia": ("RS", "BA", "HR", "ME", "MK", "SI", "XK"),
    "YU": ("RS", "BA", "HR", "ME", "MK", "SI", "XK"),
    "YUG": ("RS", "BA", "HR", "ME", "MK", "SI", "XK"),
    "Serbia and Montenegro": ("RS", "ME"),
    "SCG": ("RS", "ME"),
    "CS": ("CZ", "SK", "RS", "ME"),
    "CSK": ("CZ", "SK"),
    "Czechoslovakia": ("CZ", "SK"),
    "USSR": ("RU", "BY", "UA", "AM", "AZ", "EE", "GE", "KG", "KZ", "LT", "LV", "MD", "TJ", "TM", "UZ"),
    "Soviet Union": ("RU", "BY", "UA", "AM", "AZ", "EE", "GE", "KG", "KZ", "LT", "LV", "MD", "TJ", "TM", "UZ"),
    "SU": ("RU", "BY", "UA", "AM", "AZ", "EE", "GE", "KG", "KZ", "LT", "LV", "MD", "TJ", "TM", "UZ"),
    "SUN": ("RU", "BY", "UA", "AM", "AZ", "EE", "GE", "KG", "KZ", "LT", "LV", "MD", "TJ", "TM", "UZ"),
    "CIS": ("RU", "BY", "AM", "AZ", "KG", "KZ", "MD", "TJ", "UZ"),
    "Netherlands Antilles": ("CW", "SX", "BQ"),
    "AN": ("CW", "SX", "BQ"),
    "ANT": ("CW", "SX", "BQ"),
    "Virgin Islands": ("VI", "VG"),
}  # fmt: skip

#: What people are called, as in a field of nationality. In an address they are names of streets.
DEMONYMS: Mapping[str, tuple[str, ...]] = {
    **{
        word: (code,)
        for code, words in {
            "AE": "Emirati", "AF": "Afghan|Afghani", "AM": "Armenian", "AR": "Argentine|Argentinian",
            "AT": "Austrian", "AU": "Australian", "AZ": "Azerbaijani|Azeri", "BA": "Bosnian", "BD": "Bangladeshi",
            "BE": "Belgian", "BG": "Bulgarian", "BH": "Bahraini", "BR": "Brazilian",
            "BY": "Belarusian|Belorussian|Byelorussian", "CA": "Canadian", "CF": "Central African", "CL": "Chilean",
            "CN": "Chinese", "CO": "Colombian", "CU": "Cuban|Cubano|Cubana", "CY": "Cypriot",
            "CZ": "Czech", "DE": "German",
            "DK": "Danish", "DZ": "Algerian", "EE": "Estonian", "EG": "Egyptian", "ER": "Eritrean", "ES": "Spanish",
            "ET": "Ethiopian", "FI": "Finnish", "FR": "French", "GB": "British|English|Scottish|Welsh",
            "GH": "Ghanaian", "GR": "Greek", "HK": "Hong Konger", "HR": "Croatian", "HT": "Haitian",
            "HU": "Hungarian", "ID": "Indonesian", "IE": "Irish", "IL": "Israeli", "IN": "Indian", "IQ": "Iraqi",
            "IR": "Iranian|Persian|Irani", "IT": "Italian", "JO": "Jordanian", "JP": "Japanese", "KE": "Kenyan",
            "KG": "Kyrgyz", "KH": "Cambodian|Khmer", "KP": "North Korean", "KR": "South Korean", "KW": "Kuwaiti",
            "KZ": "Kazakh|Kazakhstani", "LA": "Laotian", "LB": "Lebanese", "LK": "Sri Lankan", "LT": "Lithuanian",
            "LV": "Latvian", "LY": "Libyan", "MA": "Moroccan", "ME": "Montenegrin", "MM": "Burmese", "MX": "Mexican",
            "MY": "Malaysian", "NG": "Nigerian", "NI": "Nicaraguan", "NL": "Dutch", "NO": "Norwegian",
            "NP": "Nepali|Nepalese", "NZ": "New Zealander", "OM": "Omani", "PA": "Panamanian", "PE": "Peruvian",
            "PH": "Filipino|Philippine", "PK": "Pakistani", "PL": "Polish", "PT": "Portuguese", "QA": "Qatari",
            "RO": "Romanian", "RS": "Serbian", "RU": "Russian", "SA": "Saudi Arabian", "SD": "Sudanese",
            "SE": "Swedish", "SG": "Singaporean", "SI": "Slovenian", "SK": "Slovak", "SO": "Somali",
            "SS": "South Sudanese", "SY": "Syrian", "TH": "Thai", "TJ": "Tajik", "TM": "Turkmen", "TN": "Tunisian",
            "TR": "Turkish", "TW": "Taiwanese", "UA": "Ukrainian", "US": "American", "UZ": "Uzbek",
            "VE": "Venezuelan", "VN": "Vietnamese", "YE": "Yemeni", "ZA": "South African", "ZW": "Zimbabwean",
        }.items()
        for word in words.split("|")
    },
    "Korean": ("KP", "KR"),
    "Congolese": ("CG", "CD"),
    "Guinean": ("GN", "GQ", "GW", "PG"),
    "Georgian": ("GE", "US"),
    "Soviet": AMBIGUOUS["USSR"],
}  # fmt: skip

#: Codes of two letters that in a U.S. address are a state, though they are a country's, too.
UNITED_STATES_STATES = frozenset(
    """
    AL AK AZ AR CA CO CT DC DE FL GA HI IA ID IL IN KS KY LA MA MD ME MI MN MO MS MT NC ND NE NH NJ NM NV NY OH OK OR PA
    RI SC SD TN TX UT VA VT WA WI WV WY
    """.split()
)
#: Names that are a country's or its cities', and places' elsewhere: they count as a whole field, not in a longer text.
ONLY_WHOLE = frozenset({"island", "norfolk", "salvador", "jersey", "granada", "dominique", "maurice", "guadalupe"})
