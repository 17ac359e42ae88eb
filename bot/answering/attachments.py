"""Files that came with a question, fetched and read: as many and as large as a person may be let wait for.

The bot opens none of them: their text is the worker's work, in a process that can be killed, and a picture
goes to the model as it is. What can't be read is said, with the reason, and the question is answered without.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.answering.files import IMAGE_BYTES, Files, Picture, TextFile, UnreadFile, gathered, picture_type
from bot.answering.question import Attached
from wire.errors import AnswerdeskError, MalformedError, RefusedError
from wire.files import FILE_BYTES

FILES = 5
"""Of one question."""
AT_ONCE = 4
"""Of all questions of this process: 80 MiB at the most."""
WITHIN_S = 45.0
"""For all files of a question, their turn included."""

_TOO_MANY = f"I read up to {FILES} files at once"
_LATE = "it took too long"
_AWAY = "that is not possible right now"
_NOBODY = "I read no files here"
_LARGE_PICTURE = "it is too large a picture"


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """A file as it lies at its service."""

    name: str
    media_type: str
    body: bytes


class Fetch(Protocol):
    """Gets a file from where people share them."""

    async def __call__(self, file: str, *, max_bytes: int) -> Fetched:
        """The file of this id, or of a picture its largest preview that a model has use for.

        Raises:
            MalformedError, RefusedError: it can't be had, and why, as the end of a sentence.
            UnavailableError: not now.
        """


class ReadText(Protocol):
    """Reads what may be hostile where it can do no harm."""

    async def __call__(self, fetched: Fetched) -> TextFile:
        """Its text. Raises as `Fetch` does."""


class Attachments:
    """Reads them."""

    def __init__(self, *, fetch: Fetch, read_text: ReadText, within_s: float = WITHIN_S) -> None:
        self._fetch = fetch
        self._read_text = read_text
        self._within_s = within_s
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def read(self, files: Sequence[Attached]) -> Files:
        """All that can be read of them, in their order."""
        deadline = asyncio.get_running_loop().time() + self._within_s
        read = await asyncio.gather(*(self._one(file, deadline=deadline) for file in files[:FILES]))
        return gathered([*read, *(UnreadFile(name=file.name, reason=_TOO_MANY) for file in files[FILES:])])

    async def _one(self, file: Attached, *, deadline: float) -> TextFile | Picture | UnreadFile:
        try:
            async with asyncio.timeout_at(deadline), self._turns:
                fetched = await self._fetch(file.id, max_bytes=FILE_BYTES)
                kind = picture_type(fetched.body)
                if kind is None:
                    return await self._read_text(fetched)
        except (MalformedError, RefusedError) as error:
            return UnreadFile(name=file.name, reason=str(error))
        except TimeoutError:
            return UnreadFile(name=file.name, reason=_LATE)
        except AnswerdeskError:
            return UnreadFile(name=file.name, reason=_AWAY)
        if len(fetched.body) > IMAGE_BYTES:
            return UnreadFile(name=file.name, reason=_LARGE_PICTURE)
        return Picture(name=file.name, media_type=kind, body=fetched.body)


def unread(files: Sequence[Attached], *, reason: str = _NOBODY) -> Files:
    """None of them is read."""
    return Files(unread=tuple(UnreadFile(name=file.name, reason=reason) for file in files))
