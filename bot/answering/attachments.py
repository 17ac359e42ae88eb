"""Files that came with a question, fetched and read: as many and as large as a person may be let wait for.

The bot opens none of them: their text is the worker's work, in a process that can be killed, and a picture
goes to the model as it is. What can't be read is said, with the reason, and the question is answered without.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
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
PICTURES_BYTES = 5_000_000
"""Of one question's, together: they are kept in memory until the model has them."""
IN_HAND_BYTES = 64 * 1024 * 1024
"""Of what was read for all questions of this process, together: hundreds may wait for the model. While
a picture goes there, it takes nearly four times as much."""
WITHIN_S = 45.0
"""For all files of a question, their turn included."""

_TOO_MANY = f"I read up to {FILES} files at once"
_LATE = "it took too long"
_AWAY = "that is not possible right now"
_NOBODY = "no language model is connected to read it"
_LARGE_PICTURE = "it is too large a picture"
_MANY_PICTURES = "the pictures are too large together"
_NO_ROOM = "I have too many files in hand right now"


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

    def __init__(
        self,
        *,
        fetch: Fetch,
        read_text: ReadText,
        within_s: float = WITHIN_S,
        in_hand_bytes: int = IN_HAND_BYTES,
    ) -> None:
        self._fetch = fetch
        self._read_text = read_text
        self._within_s = within_s
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._room = in_hand_bytes

    @asynccontextmanager
    async def reading(self, files: Sequence[Attached]) -> AsyncIterator[Files]:
        """All that can be read of them, in their order, held while the block lasts."""
        held: list[int] = []
        try:
            yield await self._read(files, held)
        finally:
            self._room += sum(held)

    async def _read(self, files: Sequence[Attached], held: list[int]) -> Files:
        deadline = asyncio.get_running_loop().time() + self._within_s
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._one(file, held, deadline=deadline)) for file in files[:FILES]]
        more = [UnreadFile(name=file.name, reason=_TOO_MANY) for file in files[FILES:]]
        return gathered([*_within_bytes([task.result() for task in tasks]), *more])

    async def _one(
        self, file: Attached, held: list[int], *, deadline: float
    ) -> TextFile | Picture | UnreadFile:
        try:
            async with asyncio.timeout_at(deadline), self._turns:
                fetched = await self._fetch(file.id, max_bytes=FILE_BYTES)
                kind = picture_type(fetched.body)
                if kind is None:
                    return self._kept(await self._read_text(fetched), held)
        except (MalformedError, RefusedError) as error:
            return UnreadFile(name=file.name, reason=str(error))
        except TimeoutError:
            return UnreadFile(name=file.name, reason=_LATE)
        except AnswerdeskError:
            return UnreadFile(name=file.name, reason=_AWAY)
        if len(fetched.body) > IMAGE_BYTES:
            return UnreadFile(name=file.name, reason=_LARGE_PICTURE)
        return self._kept(Picture(name=file.name, media_type=kind, body=fetched.body), held)

    def _kept(self, file: TextFile | Picture, held: list[int]) -> TextFile | Picture | UnreadFile:
        size = sys.getsizeof(file.body if isinstance(file, Picture) else file.text)
        if size > self._room:
            return UnreadFile(name=file.name, reason=_NO_ROOM)
        self._room -= size
        held.append(size)
        return file


def _within_bytes(
    read: Sequence[TextFile | Picture | UnreadFile],
) -> Iterator[TextFile | Picture | UnreadFile]:
    """As many pictures as may be held while the question waits for its turn with the model."""
    room = PICTURES_BYTES
    for file in read:
        if isinstance(file, Picture):
            if len(file.body) > room:
                yield UnreadFile(name=file.name, reason=_MANY_PICTURES)
                continue
            room -= len(file.body)
        yield file


def unread(files: Sequence[Attached], *, reason: str = _NOBODY) -> Files:
    """None of them is read."""
    return Files(unread=tuple(UnreadFile(name=file.name, reason=reason) for file in files))
