"""A question in its telling words (pure): what is left when all is taken away that says nothing.

The lists are English; of another language's questions every word is telling.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_TOKEN = re.compile(r"[^\W_]+(?:[.,:/][^\W_]+)*(?:['\u2019][^\W_]+)?|[£$€%&+#]")
_REWRITTEN = (
    (re.compile(r"\bcan't\b|\bcannot\b"), "can not"),
    (re.compile(r"\bwon't\b"), "will not"),
    (re.compile(r"n't\b"), " not"),
    (re.compile(r"\b(what|who|where|when|how|why|that|it|there|here)'s\b"), r"\1 is"),
    (re.compile(r"\b(what|who|where)s\b"), r"\1 is"),
    (re.compile(r"'(?:re|ve|ll|d|m)\b"), " "),
    (re.compile(r"'s\b|(?<=s)'(?!\w)"), " "),
    # Greetings and the like.
    (
        re.compile(
            r"\A\W*(?:(?:so|um|uh|er|okay|ok|yeah|well|but|please|sorry|morning"
            r"|good (?:morning|afternoon|evening)|just wondering"
            r"|(?:hi|hello|hey|hiya)(?: (?:team|all|everyone|everybody|there|folks))?"
            r"|quick (?:question|one)|silly question|sorry to bother you)\b\W*)+"
        ),
        " ",
    ),
    (re.compile(r"\b(?:um|uh|er|please|thanks in advance|many thanks|thanks|thank you|cheers)\b"), " "),
    # Frames around a question.
    (
        re.compile(
            r"\b(?:(?:could|can|would) (?:you|someone|anyone) (?:tell|show|explain to|remind) (?:me|us)"
            r"|(?:do you|does anyone) (?:happen to )?know|i (?:would like|want|need) to know"
            r"|i (?:was|am)? ?wondering)\b"
        ),
        " ",
    ),
    (
        re.compile(
            r"\bhow (?:do|can|could|would|should) (?:i|we|one)(?: go about)?\b|\bhow to\b"
            r"|\bwhat is the (?:best |right |correct )?(?:way|process|procedure) (?:to|for|of)\b"
        ),
        " how ",
    ),
    (re.compile(r"\b(who|where) (?:do|should|can|could|would) (?:i|we)\b"), r"\1"),
    (re.compile(r"\bwi-fi\b|\bwlan\b"), "wifi"),
    (re.compile(r"\be-mail"), "email"),
    # Must, may and should are three questions.
    (re.compile(r"\b(?:have to|has to|must|need to|needs to|(?:required|obliged) to)\b"), " must "),
    (re.compile(r"\bis it possible (?:for me )?to\b|\b(?:am|are|is)? ?(?:allowed|able) to\b"), " can "),
    (re.compile(r"\bcould\b"), " can "),
    (re.compile(r"\b(?:was|were|did|had)\b"), " past "),
    (re.compile(r"\bdo\b(?=\s*(?:[?.!,]|\Z|(?:if|when|about|with|for|after|before)\b))"), " act "),
)
"""What is said in several ways, in one; in this order."""
_NOTHING = _words(
    "a an the that those there is are am be been being do does done doing have has having got get would "
    "shall might i my we its of for on at in to with about as and any some just"
)
"""Words that say nothing of what is asked, or only what the others say as well. Not among them, though
often empty: ``it`` and ``us`` (departments and countries), ``may``, ``will``, ``you``, ``our``."""
_ASKING = _words("who whom whose what which when where why how much many long often far")
_COUNTED = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen twenty"
)
_NUMBERS = {word: str(number) for number, word in enumerate(_COUNTED.split())} | {
    "first": "1st",
    "second": "2nd",
    "third": "3rd",
    "once": "1x",
    "twice": "2x",
    "half": "1/2",
}
CALENDAR = _words(
    "january february march april may june july august september october november december monday tuesday "
    "wednesday thursday friday saturday sunday today tomorrow yesterday tonight weekday weekend morning "
    "afternoon evening night daily weekly monthly quarterly yearly annual last next previous"
)
NEGATIONS = _words("not no never none nothing nobody neither nor without except unless cannot")
OPPOSITES = _words(
    "on off up down in out before after within until since over under above below between during all every "
    "each both only more most less least fewer maximum minimum highest lowest increase decrease enable "
    "disable open close start stop add remove allow forbid include exclude accept reject approve decline"
)
OTHERS = _words(
    "he him his she her hers they them their theirs somebody someone else me mine you your yours our ours us"
)
_SAME = {
    "quickest": "fastest",
    "quick": "fast",
    "shop": "store",
    "quotation": "quote",
    "repair": "fix",
    "mend": "fix",
    "purchase": "buy",
    "obtain": "get",
    "receive": "get",
    "begin": "start",
    "centre": "center",
    "colour": "color",
    "licence": "license",
    "telephone": "phone",
    "photo": "picture",
}
_ROLES = _words("to from into by than for of on at in near with about")
"""Prepositions: with the word behind them they tell apart what may change places."""
STEM_LETTERS = 3


class Asked:
    """A question in its telling words.

    Attributes:
        words: in order, in their plainest form.
        askings: its question words.
        names: those that stand with a capital letter inside the question.
        roles: which word follows which preposition.
    """

    def __init__(self, text: str) -> None:
        text = unicodedata.normalize("NFKC", text).replace("\u2019", "'")
        plain = _plain(text)
        tokens = _TOKEN.findall(plain)
        self.askings = Counter(token for token in tokens if token in _ASKING)
        self.words = tuple(form(token) for token in tokens if _tells(token))
        self.names = _names(text)
        self.roles = _roles(tokens)


def _plain(text: str) -> str:
    text = text.casefold()
    for pattern, instead in _REWRITTEN:
        text = pattern.sub(instead, text)
    return text


def _tells(token: str) -> bool:
    return token not in _NOTHING and token not in _ASKING


def form(token: str) -> str:
    """A word without its ending, a number in digits; what means the same in one form."""
    token = _NUMBERS.get(token, token)
    if token[0].isdigit():
        return token.replace(",", "")
    token = _SAME.get(token, token)
    for ending, instead in (("ies", "y"), ("es", ""), ("s", "")):
        if token.endswith(ending) and len(token) - len(ending) >= STEM_LETTERS and not token.endswith("ss"):
            token = token.removesuffix(ending) + instead
            break
    if token.endswith("ing") and len(token) - 3 >= STEM_LETTERS:
        token = token.removesuffix("ing")
    return token.removesuffix("e") if len(token) > STEM_LETTERS else token


def _names(text: str) -> frozenset[str]:
    words = re.findall(r"\S+", text)
    if text.isupper() or text.istitle():
        return frozenset()
    return frozenset(
        form(token)
        for word in words[1:]
        if word[:1].isupper() and word not in ("I", "I'm", "I'd")
        for token in _TOKEN.findall(_plain(word))
        if _tells(token)
    )


def _roles(tokens: Sequence[str]) -> dict[str, str]:
    roles: dict[str, str] = {}
    waiting: list[str] = []
    for token in tokens:
        if token in _ROLES:
            waiting = [token]
        elif _tells(token):
            roles |= {role: form(token) for role in waiting}
            waiting = []
    return roles
