"""What a model writes, made safe to show on every face (pure).

Whatever it writes, and however its text is cut into pieces: no link or address but its documents' own, no
picture, no HTML, no syntax of Slack's, nothing that can't be seen, no source number that nobody vouches
for, and a bounded length. What comes out is Markdown in which only that is live which was let through; of
the rest the words stay. So every face may show it as it is, at any moment of it.

Joined pieces are safe as well: what would become an address only together, by markup taken away or a
number dropped between them, is kept apart by a space.
"""

import re
from dataclasses import dataclass

from bot.answering.addresses import ADDRESS_CHARS, REMOVED, Addresses, is_web_address, spoken
from bot.answering.markup import Token, tokens
from bot.answering.visible import VisibleText

VERSION = "gate-3"
"""To be changed with what is let through: answers are kept for a day."""
ANSWER_CHARS = 20_000
"""The longest answer: three times what the default of 1,500 tokens comes to."""
HOST_CHARS = 300
"""Of a word, what can belong to a host's name (253) that is written on."""
LINE_CHARS = 100
"""Of a line, what tells whether a fence may open behind it."""
SPACE_CHARS = 64

_ENTITY = re.compile(r"&(?!(?:lt|gt|amp|quot|nbsp);)(?=#?\w{1,32};)")
_TILDES = re.compile(r"(?=~~~)")
_SLACK_IN_CODE = re.compile(r"<(?=!(?:channel|here|everyone|subteam|date)|@[UWB]|#[CG])")
_NEEDS_FRAME = re.compile(r"[()<>]")
"""An address with these must be framed to be a link's; all others are read by more programs without."""
_AUTOLINK_ENDS = re.compile(r"[\s<>`]")
_GROWS = re.compile(r"[\w(\[<`\\~#&]")
"""What would go on with the word before a number that was dropped."""
_HALF_OPEN = re.compile(r"&#?\w*\Z|\[\d{0,3}\Z")
"""And what would become an entity or a number with what stands behind one that was dropped."""
_NO_INFO = re.compile(r"[^\w+#.-]")
_SPACES = re.compile(r"(\s+)")
_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Numbers:
    """Source numbers as the model wrote them; they have not been let through."""

    numbers: tuple[int, ...]


def harmless(text: str, addresses: Addresses) -> str:
    """A text that is whole, let through; numbers are gone."""
    gate = Gate(addresses)
    pieces = [*gate.write(text), *gate.flush()]
    return "".join(piece for piece in pieces if isinstance(piece, str))


class Gate:
    """Lets text through.

    Attributes:
        fence: the ticks that will close the code that the text stands in; empty outside of code.
        full: whether the length is used up; nothing more comes out.
    """

    def __init__(self, addresses: Addresses, *, most_chars: int = ANSWER_CHARS, links: bool = True) -> None:
        """For an answer; ``links`` off: for the words of a link, which can hold none."""
        self.fence = ""
        self.full = False
        self._addresses = addresses
        self._links = links
        self._most = self._room = most_chars
        self._visible = VisibleText()
        self._held = ""
        self._line = ""
        self._run = ""
        self._space = ""
        self._swallowed = False
        self._closed = False

    def write(self, text: str) -> list[str | Numbers]:
        """The model's next piece of text; gives what is certain of it by now."""
        return self._passed(self._visible.write(text), last=False)

    def flush(self) -> list[str | Numbers]:
        """What was held back, as if the text ended here; white space at its end waits for what follows."""
        return self._passed(self._visible.write("", last=True), last=True)

    def put_in(self, text: str) -> None:
        """Text of our own has been shown behind what was let through."""
        self._line = (self._line + text).rpartition("\n")[2][-LINE_CHARS:]
        self._run = text.rsplit(maxsplit=1)[-1]

    def _passed(self, text: str, *, last: bool) -> list[str | Numbers]:
        passed: list[str | Numbers] = []
        self._held += text
        for token in tokens(self._held, line=self._line, fence=self.fence, last=last):
            self._held = self._held[len(token.text) :]
            self._line = (self._line + token.text).rpartition("\n")[2][-LINE_CHARS:]
            piece = self._piece(token)
            if isinstance(piece, Numbers):
                passed.append(piece)
            elif passed and isinstance(passed[-1], str):
                passed[-1] += piece
            elif piece:
                passed.append(piece)
        return passed

    def _piece(self, token: Token) -> str | Numbers:
        piece: str | Numbers = ""
        match token.kind:
            case "space":
                before = "" if self._swallowed or (self._closed and token.text == "\n") else self._space
                self._space = (before + token.text)[:SPACE_CHARS]
                self._swallowed = self._closed = False
            case "number":
                self._swallowed = "\n" not in self._space
                piece = Numbers(tuple(map(int, _DIGITS.findall(token.label))))
            case "fence":
                piece = self._fenced(token)
            case "code":
                piece = self._code(token)
            case "link":
                piece = self._link(token)
            case "bracket" | "tick":
                piece = self._let(f"\\{token.text}", token.text)
            case "angle":
                piece = self._let("&lt;", "<")
            case "word" | "far":
                piece = self._let(*(self._in_fence if self.fence else self._word)(token.text))
                if len(token.text) == ADDRESS_CHARS:
                    self._space = " "
        return piece

    def _let(self, markdown: str, words: str) -> str:
        """Let a piece through, parted from what stands before it where the two would be more together."""
        if not markdown:
            return ""
        said = spoken(words)
        space, self._space, self._closed = self._space, "", False
        if self._swallowed:
            space = " " if _GROWS.match(markdown) or _HALF_OPEN.search(self._run) else ""
            self._swallowed = False
        if not space and self._would_join(markdown, said):
            space = " "
        if len(space) + len(markdown) > self._room:
            self.full, self._room = True, 0
            return ""
        self._room -= len(space) + len(markdown)
        self._run = (("" if space else self._run) + said).rpartition(" ")[2][-ADDRESS_CHARS:]
        return space + markdown

    def _would_join(self, markdown: str, said: str) -> bool:
        run = self._run if "://" in self._run else self._run[-HOST_CHARS:]
        if not run:
            return False
        if run.endswith("!") and markdown.startswith("["):
            return True
        return self._addresses.foreign(run + said) and not self._addresses.foreign(said)

    def _word(self, written: str) -> tuple[str, str]:
        """A word as Markdown, and as it reads."""
        markdown, words = "", ""
        for part, address in self._addresses.parted(written):
            linked = (
                address and self._links and is_web_address(address) and not _AUTOLINK_ENDS.search(address)
            )
            markdown += f"<{address}>" if linked else _TILDES.sub(r"\\", _ENTITY.sub("&amp;", part), count=1)
            words += part
        if self._addresses.foreign(spoken(words)):
            # It is an address only once its markup is taken away.
            return REMOVED, REMOVED
        return markdown, words

    def _in_fence(self, written: str) -> tuple[str, str]:
        written = _SLACK_IN_CODE.sub("\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}", written)
        words = "".join(part for part, _ in self._addresses.parted(written, hosts=False))
        if self._addresses.foreign(spoken(words), hosts=False):
            return REMOVED, REMOVED
        return words, words

    def _code(self, token: Token) -> str:
        ticks = token.text[: (len(token.text) - len(token.label)) // 2]
        words = "".join(self._in_fence(part)[0] for part in _SPACES.split(token.label))
        return self._let(f"{ticks}{words}{ticks}", words)

    def _link(self, token: Token) -> str:
        label = Gate(self._addresses, links=False)
        pieces = [*label.write(token.label), *label.flush()]
        words = "".join(piece for piece in pieces if isinstance(piece, str)).strip()
        address = self._addresses.known(token.target)
        if address and self._links and is_web_address(address):
            target = f"<{address}>" if _NEEDS_FRAME.search(address) else address
            return self._let(f"[{words}]({target})", words) if words else self._let(*self._word(address))
        if not words and self._addresses.foreign(spoken(token.target)):
            words = REMOVED
        elif not words and token.text[0] == "<" and token.target[0] not in "@#!":
            words = f"&lt;{self._word(token.target)[0]}>"
        return self._let(words, words)

    def _fenced(self, token: Token) -> str:
        """What opens or closes code, at a line's beginning: there, everybody reads it alike."""
        lines = self._space.rpartition("\n")
        self._space = lines[0] + lines[1] or ("\n" if self._room < self._most else "")
        if self.fence:
            closing, self.fence = self._let(self.fence, ""), ""
            self._space, self._closed = "\n", True
            return closing
        self.fence = token.label
        return self._let(token.label + _NO_INFO.sub("", token.text[len(token.label) :]), "")
