"""Which addresses an answer may hold, and where there are others in it (pure).

An answer may link to the documents that it was written from, and to what stood in them: exactly that
address, since one that a document merely begins could carry anything away at its end. Everything that a
program may turn into a link counts as an address, whether it is marked up as one or not.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import islice

from wire.search import Passage

REMOVED = "(link removed)"
ADDRESS_CHARS = 2_048
"""The longest that a document's own may be (see `wire.documents`)."""

_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_HOST = rf"(?:{_LABEL}\.){{1,30}}(?:[^\W\d_]{{2,}}|xn--[\w-]+)"
_REST = rf"[^\s<>|]{{0,{ADDRESS_CHARS}}}"
_TOLD = r"[^\s<>|]*[^\W_]"
_ADDRESS = re.compile(
    rf"(?P<scheme>[a-z][a-z0-9+.-]{{0,30}}:[/\\]{{2,}}{_REST}"
    rf"|(?:javascript|vbscript|data|mailto|tel|sms|callto|slack|file|blob|about|view-source|intent|https?):"
    rf"(?=[^\s<>|]){_REST})"
    rf"|(?P<mail>[\w.+%-]{{1,64}}@{_HOST})"
    rf"|(?P<slashes>[/\\]{{2,}}(?=[\w-]{{1,63}}\.\w){_REST})"
    rf"|(?P<www>\bwww\d?\.(?=\w){_REST})"
    rf"|(?P<path>(?:{_HOST}|\d{{1,3}}(?:\.\d{{1,3}}){{3}})(?::\d{{1,5}})?[/?#](?={_TOLD}){_REST})",
    re.IGNORECASE,
)
"""What is linked by one program or another, markup or none."""
_BARE_HOST = re.compile(rf"(?<![^\W_])(?<!@){_HOST}(?![^\W_]|-|\.[^\W_])", re.IGNORECASE)
_DOMAINS = re.compile(
    r"com|net|org|info|biz|edu|gov|int|mil|app|dev|xyz|online|site|store|shop|club|top|live|link|click|page"
    r"|cloud|tech|space|website|blog|news|email|digital|agency|network|systems|solutions|services|group"
    r"|company|works?|world|zone|pro|mobi|asia|example|xn--.*"
)
"""Besides those of countries. Few of more than a thousand: a name of two words takes nothing away."""
_FILE_ENDINGS = re.compile(r"ai|cc|cs|go|js|kt|md|mm|pl|ps|py|rb|rs|sh|so|ts|vb")
"""Countries' domains too; ``README.md`` is rather a file."""
COUNTRY_CHARS = 2
_SIGNS = re.compile(r"[:@/\\]\S|\.\w")
"""Of an address, and of hardly anything else: most words need no closer look."""
_MARKS = re.compile(r"[\\*_~`]")
_ENDING = re.compile(r"[.,;:!?*_~`\"'\u2019\u201d\u2026)\]}]+\Z")
CUTS = 16
"""Places at which an address may end, that are looked at: more of them are made to cost time."""
_CUT = re.compile(r"[)\]}\"'`*]")
_WEB = re.compile(r"(?:https?://|mailto:)[^\s<>|\\]+\Z", re.IGNORECASE)


def is_web_address(address: str) -> bool:
    """Whether a link may have it at all, whoever wrote it."""
    return len(address) <= ADDRESS_CHARS and _WEB.match(address) is not None


def spoken(markdown: str) -> str:
    """The words as they read once all markup is taken away: a link in disguise is told by this."""
    words = _MARKS.sub("", markdown).replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">")
    return words if words.isascii() else unicodedata.normalize("NFKC", words)


class Addresses:
    """The addresses of some passages' documents, and those that stand in them."""

    def __init__(self, passages: Iterable[Passage]) -> None:
        self._known: dict[str, str] = {}
        self._hosts: set[str] = set()
        for passage in passages:
            if passage.url and is_web_address(passage.url):
                self._add(passage.url)
            for text in (passage.text, passage.title, *passage.heading):
                for word in filter(_SIGNS.search, text.split()):
                    self._hosts.update(host[0].lower() for host in _BARE_HOST.finditer(word))
                    for address in _standing_in(word):
                        self._add(address)

    def _add(self, address: str) -> None:
        self._known.setdefault(spoken(address), address)
        self._hosts.update(host[0].lower() for host in _BARE_HOST.finditer(address))

    def known(self, address: str) -> str | None:
        """The documents' own spelling of an address, if it is theirs."""
        return self._known.get(spoken(address))

    def foreign(self, words: str, *, hosts: bool = True) -> bool:
        """Whether words without markup hold an address that is not theirs, or the bare name of a host."""
        if not _SIGNS.search(words):
            return False
        rest = _ADDRESS.sub(lambda match: " " if self._split(match[0])[0] else "\N{NULL}", words)
        return "\N{NULL}" in rest or (hosts and self._parted_hosts(rest) != rest)

    def parted(self, words: str, *, hosts: bool = True) -> Iterator[tuple[str, str | None]]:
        """The words in parts, each with the address that it is, where it is a known one.

        Of another nothing is left but a remark; a host's bare name is parted so that nothing links it.
        """
        at = 0
        for match in _ADDRESS.finditer(words) if _SIGNS.search(words) else ():
            before = words[at : match.start()]
            yield self._parted_hosts(before) if hosts else before, None
            address, ending = self._split(match[0])
            yield (address, address) if address else (REMOVED, None)
            yield ending, None
            at = match.end()
        yield self._parted_hosts(words[at:]) if hosts else words[at:], None

    def _split(self, found: str) -> tuple[str | None, str]:
        """The known address that this begins with, but for punctuation, and that punctuation."""
        end = len(found) - len(ending[0]) if (ending := _ENDING.search(found)) else len(found)
        for cut in range(end, len(found) + 1):
            if address := self.known(found[:cut]):
                return address, found[cut:]
        return None, found[end:]

    def _parted_hosts(self, words: str) -> str:
        if "." not in words:
            return words
        return _BARE_HOST.sub(
            lambda host: host[0].replace(".", ". ") if self._is_foreign_host(host[0]) else host[0], words
        )

    def _is_foreign_host(self, host: str) -> bool:
        name = host.lower()
        *labels, domain = name.split(".")
        if name in self._hosts:
            return False
        if len(labels) > 1:
            # There are too many domains to list them, and in front of a name there is room for words.
            return True
        if _FILE_ENDINGS.fullmatch(domain):
            return False
        return len(domain) == COUNTRY_CHARS or _DOMAINS.fullmatch(domain) is not None


def _standing_in(word: str) -> Iterator[str]:
    for match in _ADDRESS.finditer(word):
        whole = _ENDING.sub("", match[0])
        if whole.count("(") > whole.count(")") and match[0][len(whole) :].startswith(")"):
            whole += ")"
        # A Markdown link's address ends at its bracket, whatever follows that.
        cuts = (whole[: cut.start()] for cut in islice(_CUT.finditer(whole), CUTS))
        yield from (cut for cut in cuts if cut.count("(") == cut.count(")"))
        yield whole
