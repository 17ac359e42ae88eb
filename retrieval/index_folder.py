"""A folder of embedded indexes: locked by one process, each index in a folder of its own with a note.

index/lock
index/3f0c7d5e21aa/made_by.json     what made it
index/3f0c7d5e21aa/shard/           the engine's own files
"""

import contextlib
import fcntl
import json
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from retrieval.index import IndexNote
from retrieval.payload import slug
from wire.errors import SettingsError

NOTE = "made_by.json"
SHARD = "shard"


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Be the one process that has this folder open, for as long as the block lasts.

    Raises:
        SettingsError: another one has.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SettingsError(
                f"DATA_DIR: the index in {folder} is open in another process; "
                "stop that one, or choose another folder"
            ) from None
        yield


class IndexFolder:
    """The notes in it; only for whom has it locked."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def shard(self, fingerprint: str) -> Path:
        """Where the engine keeps the index of that encoder."""
        return self._path / slug(fingerprint) / SHARD

    def notes(self) -> list[IndexNote]:
        """Of every index."""
        return [_read(note) for note in sorted(self._path.glob(f"*/{NOTE}"))]

    def note_of(self, fingerprint: str, *, dimensions: int) -> IndexNote:
        """The note of that encoder's index, written now where there is none."""
        path = self._path / slug(fingerprint) / NOTE
        if path.exists():
            return _read(path)
        note = IndexNote(name=uuid.uuid4().hex, fingerprint=fingerprint, dimensions=dimensions)
        self.write(note)
        return note

    def write(self, note: IndexNote) -> None:
        """In place of the one there is; a crash leaves the old one or the new, whole."""
        folder = self._path / slug(note.fingerprint)
        folder.mkdir(exist_ok=True, mode=0o700)
        unfinished = folder / f"{NOTE}.new"
        unfinished.write_text(json.dumps(asdict(note)))
        unfinished.replace(folder / NOTE)

    def remove(self, fingerprint: str) -> None:
        """The index's folder, its note first: without one it is nothing."""
        folder = self._path / slug(fingerprint)
        (folder / NOTE).unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)

    def take_in_former(self) -> None:
        """Give the index of an earlier release, which lies in the folder itself, a folder of its own."""
        note = self._path / NOTE
        if not note.exists():
            return
        made_by: dict[str, Any] = json.loads(note.read_text())
        fingerprint = f"{made_by['encoder']}-{made_by['schema']}"
        shard = self.shard(fingerprint)
        if not shard.exists():
            shard.parent.mkdir(exist_ok=True, mode=0o700)
            (self._path / SHARD).replace(shard)
        config: dict[str, Any] = json.loads((shard / "edge_config.json").read_text())
        dimensions = config["vectors"]["dense"]["size"]
        self.write(IndexNote(name=made_by["name"], fingerprint=fingerprint, dimensions=dimensions))
        # Last, so that whatever a crash leaves is taken in by the next start.
        note.unlink()


def _read(note: Path) -> IndexNote:
    return IndexNote(**json.loads(note.read_text()))
