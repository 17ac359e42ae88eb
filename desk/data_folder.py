"""The data folder: where everything that ``answerdesk up`` keeps is found, readable by its owner only."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from wire.errors import SettingsError

OWNER_ONLY_FOLDER = 0o700
OWNER_ONLY_FILE = 0o600


@dataclass(frozen=True, kw_only=True)
class DataFolder:
    """Names every file and folder of ours in it."""

    path: Path
    """Absolute, so that it means the same to every process."""

    @property
    def lock(self) -> Path:
        """Locked by the Answerdesk that runs here; the kernel releases it."""
        return self.path / "lock"

    @property
    def running(self) -> Path:
        """Where that one is reached, credentials included."""
        return self.path / "running.json"

    @property
    def keys(self) -> Path:
        """The engines' passwords and ports, the sandbox's tokens."""
        return self.path / "keys.json"

    @property
    def sample(self) -> Path:
        """Whether the sample handbook was loaded, and for which workspace."""
        return self.path / "sample.json"

    @property
    def logs(self) -> Path:
        """A log file for each program."""
        return self.path / "logs"

    @property
    def nats(self) -> Path:
        """The NATS server's configuration and streams."""
        return self.path / "nats"

    @property
    def valkey(self) -> Path:
        """The Valkey server's configuration and append-only file."""
        return self.path / "valkey"


def prepare(path: Path) -> DataFolder:
    """Make the folder, or take the one that is there, and let only its owner in.

    Raises:
        SettingsError: it cannot be made, or it holds other people's things that we must not lock away.
    """
    folder = DataFolder(path=path.absolute())
    with usable(folder):
        folder.path.mkdir(mode=OWNER_ONLY_FOLDER, parents=True, exist_ok=True)
        if stat.S_IMODE(folder.path.stat().st_mode) & ~OWNER_ONLY_FOLDER:
            if not folder.lock.exists() and any(folder.path.iterdir()):
                raise SettingsError(
                    f"DATA_DIR: {folder.path} holds other things; give Answerdesk a folder of its own"
                )
            folder.path.chmod(OWNER_ONLY_FOLDER)
    return folder


@contextmanager
def usable(folder: DataFolder) -> Iterator[None]:
    """Say it where the folder refuses what the block does there: it is read-only, the disk is full.

    Raises:
        SettingsError: that.
    """
    try:
        yield
    except OSError as error:
        raise SettingsError(f"DATA_DIR: {folder.path} can't be used: {error.strerror}") from error


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read; a reader finds the old text or the new, whole."""
    unfinished = path.with_name(path.name + ".new")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY_FILE)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
