"""What came with a question, as a model is given it (pure)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

IMAGE_BYTES = 3_500_000
"""The API takes 5 MB of it as base64."""
IMAGE_TOKENS = 1_600
"""Of a picture of 1,024 pixels each way, by the API's rule (width x height / 750) 1,398, on the high side."""
_PICTURES = {
    "image/png": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "image/jpeg": re.compile(rb"\xff\xd8\xff"),
    "image/gif": re.compile(rb"GIF8[79]a"),
    "image/webp": re.compile(rb"RIFF.{4}WEBP", re.DOTALL),
}
"""What their first bytes are."""


@dataclass(frozen=True, kw_only=True)
class TextFile:
    """A file's text.

    Attributes:
        name: what it is called.
        text: as Markdown, from its beginning.
        cut: whether it has more.
    """

    name: str
    text: str
    cut: bool = False


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A picture for a model that sees."""

    name: str
    media_type: str
    body: bytes


@dataclass(frozen=True, kw_only=True)
class UnreadFile:
    """A file that could not be read, and why, as the end of a sentence."""

    name: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Files:
    """All that came with a question."""

    texts: tuple[TextFile, ...] = ()
    pictures: tuple[Picture, ...] = ()
    unread: tuple[UnreadFile, ...] = ()

    @property
    def read(self) -> bool:
        """Whether there is anything of it to answer from."""
        return bool(self.texts or self.pictures)


def picture_type(body: bytes) -> str | None:
    """The media type of a picture that models take, by what it is rather than what it is called."""
    return next((kind for kind, begins in _PICTURES.items() if begins.match(body)), None)


def gathered(read: Sequence[TextFile | Picture | UnreadFile]) -> Files:
    """Files that were read one by one."""
    return Files(
        texts=tuple(each for each in read if isinstance(each, TextFile)),
        pictures=tuple(each for each in read if isinstance(each, Picture)),
        unread=tuple(each for each in read if isinstance(each, UnreadFile)),
    )
