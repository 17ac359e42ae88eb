"""A backup on disk: what is in it, and how it is written and read, a line at a time.

backup.json        what it is of; written last, so that a folder without it is no backup
heads.jsonl.gz     which version of each document stands, tombstones included
passages.jsonl.gz  the index: passages with their vectors
texts.jsonl.gz     each document's parsed text, from which an index can be made anew
settings.jsonl.gz  what people have set for themselves, and admins for channels
"""

import gzip
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal, cast

from pydantic import AwareDatetime

from desk.data_folder import OWNER_ONLY_FILE, OWNER_ONLY_FOLDER
from wire.copies import IndexIdentity
from wire.errors import AnswerdeskError, MalformedError
from wire.shapes import Shape, ShapeT, read_shape

LEVEL = 1
"""Of compression: vectors don't get smaller by more of it."""


class KeptText(Shape):
    """A document's text by its name in the object store."""

    name: str
    data: bytes


class KeptSetting(Shape):
    """An entry of the settings' bucket."""

    key: str
    value: bytes


class BackupNote(Shape):
    """What a backup is of; ``answerdesk backup --json`` prints it."""

    format: Literal[1] = 1
    made_at: AwareDatetime
    index: IndexIdentity
    documents: int
    deleted: int
    """Documents that are known to be gone: without that an old announcement would bring them back."""
    passages: int
    texts: int
    settings: int
    unsettled: int = 0
    """Documents that changed all the while, and are here as they were before, or not at all."""


@dataclass(frozen=True)
class BackupFolder:
    """Its files' names."""

    path: Path

    @property
    def note(self) -> Path:
        """What it is of."""
        return self.path / "backup.json"

    def lines(self, name: str) -> Path:
        """One of the files of lines."""
        return self.path / f"{name}.jsonl.gz"


def new_folder(path: Path) -> BackupFolder:
    """A folder to write into.

    Raises:
        AnswerdeskError: there is something in it, or it can't be made.
    """
    try:
        path.mkdir(mode=OWNER_ONLY_FOLDER, parents=True, exist_ok=True)
        if any(path.iterdir()):
            raise AnswerdeskError(f"{path} holds something already; name a new folder.")
    except OSError as error:
        raise AnswerdeskError(f"{path} can't be used: {error.strerror}") from error
    return BackupFolder(path)


def read_note(folder: BackupFolder) -> BackupNote:
    """What the backup is of.

    Raises:
        AnswerdeskError: it is none, or was broken off, or a newer release made it.
    """
    try:
        return read_shape(BackupNote, folder.note.read_bytes())
    except (OSError, MalformedError):
        raise AnswerdeskError(
            f"{folder.path} holds no whole backup that this release can read: backup.json is missing or wrong"
        ) from None


@contextmanager
def writing_lines(path: Path) -> Iterator[IO[bytes]]:
    """A file of lines that only its owner may read, whole on disk once the block ends."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY_FILE)
    with os.fdopen(descriptor, "wb") as raw:
        with gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=LEVEL) as packed:
            yield cast("IO[bytes]", packed)
        raw.flush()
        os.fsync(raw.fileno())


def reading_lines(path: Path, shape: type[ShapeT]) -> Iterator[ShapeT]:
    """Each line of it.

    Raises:
        AnswerdeskError: the file is damaged.
    """
    try:
        with gzip.open(path, "rb") as lines:
            for line in lines:
                yield read_shape(shape, line)
    except (OSError, EOFError, MalformedError) as error:
        raise AnswerdeskError(f"{path} is damaged: this backup can't be restored from") from error
