"""A child's output: all of it in its log, within bounds; warnings where a person sees them."""

import asyncio
import stat
from pathlib import Path

import pytest

from desk import child_log
from desk.child_log import WARNING, ChildLog
from desk.programs import NATS_WARNING, VALKEY_WARNING


class Heard:
    def __init__(self) -> None:
        self.texts: list[str] = []

    def __call__(self, name: str, text: str, /) -> None:
        self.texts.append(f"{name}: {text}")


def log_in(folder: Path, heard: Heard | None = None) -> ChildLog:
    return ChildLog(file=folder / "logs" / "bot.log", name="bot", warning=WARNING, tell=heard or Heard())


async def fed(*chunks: bytes) -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    for chunk in chunks:
        reader.feed_data(chunk)
    reader.feed_eof()
    return reader


async def test_every_line_is_kept_whatever_pieces_it_came_in(tmp_path: Path) -> None:
    with log_in(tmp_path) as log:
        await log.follow(await fed(b"one\ntw", b"o\nthr", b"ee"))
    assert log.path.read_bytes() == b"one\ntwo\nthree\n"
    assert list(log.last_lines) == ["one", "two", "three"]
    assert stat.S_IMODE(log.path.stat().st_mode) == 0o600


async def test_a_line_without_an_end_is_cut(tmp_path: Path) -> None:
    with log_in(tmp_path) as log:
        await log.follow(await fed(b"x" * 5 * child_log.LINE_BYTES))
        assert len(log.last_lines[0]) <= child_log.LINE_BYTES + child_log.READ_BYTES


def test_a_new_start_keeps_the_log_before_it(tmp_path: Path) -> None:
    for text in (b"first", b"second", b"third"):
        with log_in(tmp_path) as log:
            log.write(text)
    assert log.path.read_bytes() == b"third\n"
    assert log.path.with_name("bot.log.1").read_bytes() == b"second\n"
    assert sorted(file.name for file in log.path.parent.iterdir()) == ["bot.log", "bot.log.1"]


def test_a_log_never_holds_more_than_twice_its_bound(tmp_path: Path) -> None:
    line = b"x" * 10_000
    with log_in(tmp_path) as log:
        for _ in range(4 * child_log.FILE_BYTES // len(line)):
            log.write(line)
    files = list(log.path.parent.iterdir())
    assert len(files) == 2
    assert sum(file.stat().st_size for file in files) <= 2 * (child_log.FILE_BYTES + len(line) + 2)


@pytest.mark.parametrize(
    "line",
    [
        b"2026-11-25T15:56:21Z [warning  ] nats connection lost [nats]",
        b"2026-11-25T15:56:21Z [error    ] endpoint failed",
        b'{"event": "lost", "level": "warning"}',
    ],
)
def test_warnings_are_told(tmp_path: Path, line: bytes) -> None:
    heard = Heard()
    with log_in(tmp_path, heard) as log:
        log.write(b"2026-11-25T15:56:20Z [info     ] worker ready")
        log.write(line)
    assert heard.texts == [f"bot: {line.decode()}"]


def test_a_flood_of_warnings_is_told_a_few_times_only(tmp_path: Path) -> None:
    heard = Heard()
    with log_in(tmp_path, heard) as log:
        for number in range(1000):
            log.write(f"[warning] {number}".encode())
    assert len(heard.texts) == child_log.TOLD_AT_MOST


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("[1] 2026/11/25 15:47:22.9 [INF] Server is ready", False),
        ("[1] 2026/11/25 15:47:22.9 [WRN] Plaintext passwords detected, use nkeys or bcrypt", False),
        ("[1] 2026/11/25 15:47:22.9 [ERR] JetStream out of space", True),
    ],
)
def test_what_the_nats_server_warns_of_is_told(line: str, *, told: bool) -> None:
    assert bool(NATS_WARNING.search(line)) is told


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("1:M 25 Nov 2026 15:47:20.860 * Ready to accept connections tcp", False),
        ("1:M 25 Nov 2026 15:47:20.828 # WARNING Memory overcommit must be enabled!", False),
        ("1:M 25 Nov 2026 15:47:20.828 # Write error writing append only file", True),
    ],
)
def test_what_valkey_warns_of_is_told(line: str, *, told: bool) -> None:
    assert bool(VALKEY_WARNING.search(line)) is told


def test_a_childs_last_words_are_not_its_log_lines(tmp_path: Path) -> None:
    with log_in(tmp_path) as log:
        log.write(b"HTTP_PORT: not a number")
        log.write(b"2026-11-25T15:56:20Z [warning  ] nats connection lost")
        assert log.last_words() == ["HTTP_PORT: not a number"]
