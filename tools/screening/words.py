"""What single words of a name tell: which are legal forms, forms of address, particles, or borne by half of all firms.

Legal forms of the world are the library cleanco's; it has no spelled-out ones, and few of the former Soviet Union.
A weight of 1 is a word's that tells something. Nothing is taken out of a name: what tells little weighs little.
"""

from functools import lru_cache

from cleanco.termdata import terms_by_country, terms_by_type  # type: ignore[import-untyped]

from tools.sanctions_names import words_of

__all__ = ["LEGAL_PHRASES", "LIGHT_WORDS", "NUMBERS", "VARIANTS", "weight_of"]

#: Words that cleanco takes for legal forms and that are more often something else.
_NO_FORMS = """
as at ad ae al an ay ba bl da dat ec ee ei en ep et ev fa fie hb hf ij ik iks is it ok og pa pp private ps pt sa se
sem sep ses sf sia sm sp ud uk vat xt coop ent cic cio mb no nl kt rt ks gp teo tov tapui etat obrt company
"""
_FORMS = """
company co corp corporation inc incorporated limited ltd llc llp plc gmbh ag jsc ojsc cjsc pjsc pjs pao oao ooo zao
fze fzc fzco fzllc dmcc pvt pte pty sdn bhd ltda cia sa sas sarl srl spa bv nv oy ab kk tbk est wll bsc saog saoc sal
kg se lp doo dooel ead eood ood gk cv sc scs rl spr ca aktiengesellschaft private companies incorporation ao too tov
odo chao pat prat
"""
_PHRASES = """
joint stock company|open joint stock company|public joint stock company|closed joint stock company
limited liability company|limited liability partnership|limited partnership|private limited|public limited company
private joint stock company|joint stock|with limited liability|obshchestvo s ogranichennoy otvetstvennostyu
obshchestvo s ogranichennoi otvetstvennostyu|publichnoe aktsionernoe obshchestvo|otkrytoe aktsionernoe obshchestvo
zakrytoe aktsionernoe obshchestvo|aktsionernoe obshchestvo|tovaristvo z obmezhenoyu vidpovidalnistyu
publichne aktsionerne tovaristvo|gesellschaft mit beschrankter haftung|societatea cu raspundere limitata
societe anonyme|societe par actions simplifiee|sociedad anonima|sociedad anonima de capital variable
sociedad de responsabilidad limitada|sociedade anonima|societa per azioni|societa a responsabilita limitata
spolka z o o|sp z o o|sp zoo|sp z oo|spolka akcyjna|s p a|s a|s r l|s l|l l c|a s|a o|e v|b v|n v|sa de cv
s de rl de cv|s de rl|sapi de cv|spr de rl de cv|de cv|rl de cv|de rl|naamloze vennootschap|besloten vennootschap
anonim sirketi|limited sirketi|youxian gongsi|you xian gong si|gu fen you xian gong si|you xian ze ren gong si
zhu shi hui she|you xian hui she|he tong hui she|kabushiki kaisha|y cia|en c
s en c|s en cs|and co|sdn bhd|pty ltd|pvt ltd|pte ltd|co ltd
"""
_ADDRESS = """
mr mrs ms miss dr prof professor sir dame lord lady hajji haji hajj hadji sheikh shaikh shaykh sheik shaikha mullah
mulla maulavi mawlawi maulana molla qari hafiz ustad ayatollah sayyid sayyed sayed seyed seyyed general gen colonel
col major maj captain capt lieutenant lt brigadier marshal admiral president monsieur madame senor senora don dona
herr frau eng engineer alhaj alhaji imam hojjatoleslam cardinal bishop father jr sr hon
"""
_PARTICLES = """
al el ul ad as ash an at az ar bin ben ibn bint ould wald von van der den de del della di da dos das du la le les lo
los las the of and y e i und et a for in to en für fur ter ten zu af av d l na o
"""
_COMMON = """
trading trade international intl general import imports export exports impex enterprise enterprises group groupe grupo
gruppe holding holdings services service servicios global commercial comercial comercio commerce industries industry
industrial industria industrias internacional business businesses solutions worldwide ventures associates partners
products organization organisation company sociedad compania compagnie firma establishment branch office obshchestvo
exportadora importadora comercializadora distribuidora distribution distributors supply supplies systems management
investment investments inversiones development
"""
_USUAL = """
bank banque banco shipping marine maritime engineering technology technologies tech construction constructions
contracting manufacturing logistics transport transportation electronics electronic foundation association institute
center centre research oil gas petroleum petrochemical energy power steel metal metals mining chemical chemicals
aviation airlines air lines line capital fund trust financial finance exchange insurance real estate properties
inmobiliaria constructora agency bureau committee society union national state federal ministry department university
school factory plant works production equipment machinery materials security consulting consultants medical
pharmaceutical pharma food foods textile textiles travel tourism hotel store stores market markets motor motors auto
charity charitable relief welfare islamic new company star
"""
_GROUPS = """
muhammad mohammad mohammed mohamed muhammed mohamad muhamad mohamet mehmet mohd muhammet mahomed
abdul abdel abd abdal abdol abdoul
ahmad ahmed ahmet akhmad akhmed
ali aly
hussein hussain husayn husain hossein hosein hussien husein huseyin
yusuf yousef youssef yousuf yusef joseph yosef yousif
ibrahim ebrahim ibraheem abraham
omar umar omer
osama usama ousama
abdallah abdullah abdollah abdulla
sulayman suleiman soleiman sulaiman suleyman
khalid khaled halid
said saeed saeid sayeed
aleksandr alexander alexandre alexandr aleksander oleksandr aliaksandr
sergei sergey serhiy serguei siarhei
aleksei alexey aleksey alexei oleksiy
dmitri dmitry dmitriy dmytro dimitri
mikhail michael mykhailo mikhael
nikolai nikolay nicolai mykola mikalai
yuri yury yuriy iurii juri
vladimir volodymyr uladzimir wladimir
evgeny yevgeny evgeniy yevgeniy evgenii evgeni
andrei andrey andriy andrej
viktor victor viktar
lukashenko lukashenka
qaddafi gaddafi qadhafi gadhafi kadafi gadafi
laden ladin
qaida qaeda qaidah
islam islami
benjamin ben binyamin
international internacional internationale
""".strip()
#: What is left of spelled-out legal forms with a slip in them.
_LEGAL_WORDS = """
joint stock liability anonima responsabilidad beschrankter haftung ogranichennoi ogranichennoy aktsionernoe
otvetstvennostyu publichnoe otkrytoe zakrytoe partnership sirketi public open closed
"""
_NUMBER_WORDS = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
eighteen nineteen
"""
_TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fourty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80}

#: Words of numbers, and the numbers.
NUMBERS = {word: number for number, word in enumerate(_NUMBER_WORDS.split())} | _TENS | {"ninety": 90}
#: Spellings of one given name or word, each with the first of its group.
VARIANTS = {word: group.split()[0] for group in _GROUPS.splitlines() for word in group.split()}
#: Legal forms of several words, by their first word, the longest first.
LEGAL_PHRASES: dict[str, list[tuple[str, ...]]] = {}


def _of_cleanco() -> set[str]:
    terms = [term for terms in (*terms_by_country.values(), *terms_by_type.values()) for term in terms]
    return {words[0] for words in map(words_of, terms) if len(words) == 1 and len(words[0]) > 1} - {*_NO_FORMS.split()}


#: Words that tell little, by weight.
LIGHT_WORDS = dict.fromkeys(_USUAL.split(), 0.5) | dict.fromkeys(_COMMON.split(), 0.2)
LIGHT_WORDS |= dict.fromkeys(_PARTICLES.split(), 0.15) | dict.fromkeys(_ADDRESS.split(), 0.1)
LIGHT_WORDS |= dict.fromkeys(_LEGAL_WORDS.split(), 0.1)
LIGHT_WORDS |= dict.fromkeys([*_FORMS.split(), *_of_cleanco()], 0.0)
for _phrase in _PHRASES.replace("\n", "|").strip("|").split("|"):
    LEGAL_PHRASES.setdefault(_phrase.split()[0], []).append(tuple(_phrase.split()))
for _phrases in LEGAL_PHRASES.values():
    _phrases.sort(key=len, reverse=True)

#: Short words tell less, and numbers tell one of a fleet or of a series of funds from the next.
_BY_LENGTH = (0.0, 0.3, 0.7, 0.85)
_NUMBER = 0.4


@lru_cache(maxsize=65536)
def weight_of(word: str) -> float:
    """How much `word` tells, 0 to 1: nothing as a legal form, a little as a particle or a word that all firms use."""
    weight = LIGHT_WORDS.get(word)
    if weight is not None:
        return weight
    if any(map(str.isdigit, word)):
        return _NUMBER
    return _BY_LENGTH[len(word)] if len(word) < len(_BY_LENGTH) else 1.0
