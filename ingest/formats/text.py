"""Bytes into text."""

import codecs

from wire.errors import MalformedError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark its own begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NO_CHARACTER_SETS = {"idna", "punycode", "raw-unicode-escape", "unicode-escape", "undefined"}
"""Python's own, that say something else or take the square of a text's length."""


def decode(body: bytes, *, charset: str | None) -> str:
    """Text with plain line ends and no null characters; UTF-8 where nothing says otherwise.

    Raises:
        MalformedError: it is no text in that character set.
    """
    name = marked(body) or charset or "utf-8"
    try:
        text = body.decode(_known(name))
    except (ValueError, LookupError):
        raise MalformedError(
            f"the body is not text in {name}; another character set is named in the media type, "
            "as in 'text/plain; charset=windows-1252'",
            field="body",
        ) from None
    return tidy(text)


def _known(name: str) -> str:
    if codecs.lookup(name).name in _NO_CHARACTER_SETS:
        raise LookupError
    return name


def marked(body: bytes) -> str | None:
    """The encoding that a byte order mark names."""
    return next((name for mark, name in _MARKS if body.startswith(mark)), None)


def tidy(text: str) -> str:
    """Without a byte order mark, Windows' line ends and null characters."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")
