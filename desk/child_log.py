"""What a child writes goes to its log file; what it warns of also to whoever watches."""

import asyncio
import re
import time
from collections import deque
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Protocol, Self

from desk.data_folder import OWNER_ONLY_FILE, OWNER_ONLY_FOLDER

FILE_BYTES = 5 * 1024 * 1024
"""A log file that reaches this becomes ``<name>.log.1``; so a child's logs hold at most twice as much."""
LINE_BYTES = 16 * 1024
READ_BYTES = 64 * 1024
LAST_LINES = 5
TOLD_AT_MOST = 5
TOLD_WITHIN_S = 10.0
"""A child that warns more often than 5 times in 10 s is read in its log."""

WARNING = re.compile(r'\[(warning|error|critical|WRN|ERR|FTL)\s*\]|"level": ?"(warning|error|critical)"')
"""How our own logs (readable and JSON) and the NATS server mark what an operator should see."""

LOGGED = re.compile(r"\d{4}-\d\d-\d\dT|\{\"")
"""How a line of our own logs begins, readable or JSON."""


class Teller(Protocol):
    """Tells a person something about a child."""

    def __call__(self, name: str, text: str, /) -> None:
        """One line."""


class ChildLog:
    """The log of one child, over all its restarts."""

    def __init__(self, *, file: Path, name: str, warning: re.Pattern[str], tell: Teller) -> None:
        self.path = file
        self.last_lines: deque[str] = deque(maxlen=LAST_LINES)
        self.quiet = False
        """Set once the child is to stop: what it warns of then (connections lost) is in its log alone."""
        self._name = name
        self._warning = warning
        self._tell = tell
        self._told: deque[float] = deque(maxlen=TOLD_AT_MOST)
        self._file: BinaryIO | None = None
        self._bytes = 0

    def __enter__(self) -> Self:
        self.path.parent.mkdir(mode=OWNER_ONLY_FOLDER, parents=True, exist_ok=True)
        self._open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file:
            self._file.close()
            self._file = None

    async def follow(self, output: asyncio.StreamReader) -> None:
        """Write until the output ends, a line at a time; an endless line is cut."""
        rest = b""
        while chunk := await output.read(READ_BYTES):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                self.write(line)
            if len(rest) > LINE_BYTES:
                self.write(rest)
                rest = b""
        if rest:
            self.write(rest)

    def write(self, line: bytes) -> None:
        """One line, without its end."""
        with suppress(OSError):  # a full disk must not stop what is logged there
            if self._bytes > FILE_BYTES:
                self._open()
            if self._file:
                # A write to the page cache; a thread for each line would cost more than it spares.
                self._bytes += self._file.write(line + b"\n")
                self._file.flush()
        text = line.decode(errors="replace").strip()
        if text:
            self.last_lines.append(text)
        if not self.quiet and self._warning.search(text):
            self._warn(text)

    def last_words(self) -> list[str]:
        """What the child said at last by itself, its log lines left out where there is anything else."""
        return [line for line in self.last_lines if not LOGGED.match(line)] or list(self.last_lines)

    def _open(self) -> None:
        if self._file:
            self._file.close()
        if self.path.exists():
            self.path.replace(self.path.with_name(self.path.name + ".1"))
        self._file = self.path.open("ab")
        self.path.chmod(OWNER_ONLY_FILE)
        self._bytes = 0

    def _warn(self, text: str) -> None:
        now = time.monotonic()
        if len(self._told) == TOLD_AT_MOST and now - self._told[0] < TOLD_WITHIN_S:
            return
        self._told.append(now)
        self._tell(self._name, text)
