"""Processes that read documents: they die alone, and can do nothing but read."""

import asyncio
import signal
import subprocess
import sys
import textwrap
from functools import partial

import psutil
import pytest

from ingest.parser_processes import ParserProcesses, _Reader
from ingest.parsing import Parsing
from tests.contract.ingest.formats.hostile_texts import TEXTS
from tests.until import until
from wire.errors import MalformedError

SLOW = next(hostile for hostile in TEXTS if hostile.name == "substitution laughs")
"""Takes for ever."""
SLOWER = b"<p>" + b"word " * 100_000
"""Long enough for two to be read at a time."""


def readers() -> list[psutil.Process]:
    return [
        process
        for process in psutil.Process().children(recursive=True)
        if process.status() != psutil.STATUS_ZOMBIE and "ingest.formats" in process.cmdline()
    ]


def _at_work(process: psutil.Process) -> bool:
    return bool(process.cpu_times().user > 1.0)


async def test_a_process_that_was_killed_by_somebody_is_replaced_and_the_document_read(
    parsing: Parsing,
) -> None:
    await parsing.parse(b"<p>x</p>", media_type="text/html")
    (idle,) = readers()
    idle.kill()
    await until(lambda: not readers(), within_s=5)
    assert (await parsing.parse(b"<p>y</p>", media_type="text/html")).markdown == "y"


async def test_idle_processes_that_were_all_killed_cost_no_document_its_place(parsing: Parsing) -> None:
    """As by a machine out of memory: the dead ones count for no attempt."""
    both = (parsing.parse(SLOWER, media_type="text/html"), parsing.parse(SLOWER, media_type="text/html"))
    await asyncio.gather(*both)
    idle = readers()
    assert len(idle) == 2
    for process in idle:
        process.kill()
    assert (await parsing.parse(b"<p>y</p>", media_type="text/html")).markdown == "y"


async def test_a_document_that_kills_its_reader_twice_is_given_up(parsing: Parsing) -> None:
    reading = asyncio.create_task(parsing.parse(SLOW.make(), media_type=SLOW.media_type))
    killed: set[int] = set()
    for _ in range(2):
        (victim,) = await until(lambda: [each for each in readers() if each.pid not in killed], within_s=20)
        killed.add(victim.pid)
        await until(partial(_at_work, victim), within_s=20)
        victim.send_signal(signal.SIGSEGV)
    with pytest.raises(MalformedError, match="crashes what reads it"):
        await reading
    assert (await parsing.parse(b"<p>y</p>", media_type="text/html")).markdown == "y"


async def test_a_process_that_announces_a_reply_without_end_is_not_listened_to() -> None:
    """A document that has taken its reader over must not fill the worker's memory."""
    program = (
        "import sys, time; sys.stdout.buffer.write(bytes([255] * 4)); sys.stdout.flush(); time.sleep(60)"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    reader = _Reader(process)
    with pytest.raises(ValueError, match="longer than any reply"):
        async with asyncio.timeout(30):
            await reader.ready()
    await reader.end()


async def test_a_document_that_takes_too_long_is_given_up_and_its_reader_killed() -> None:
    async with ParserProcesses(read_within_s=1) as processes:
        with pytest.raises(MalformedError, match="could not be read within 1 s"):
            await Parsing(processes).parse(SLOW.make(), media_type=SLOW.media_type)
        assert not readers()


async def test_cancelling_kills_the_reader_and_frees_its_place() -> None:
    async with ParserProcesses(at_once=1) as processes:
        parsing = Parsing(processes)
        reading = asyncio.create_task(parsing.parse(SLOW.make(), media_type=SLOW.media_type))
        await until(readers, within_s=10)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        assert not readers()
        assert (await parsing.parse(b"<p>y</p>", media_type="text/html")).markdown == "y"


async def test_many_documents_share_two_processes_and_none_is_left() -> None:
    async with ParserProcesses(at_once=2) as processes:
        parsing = Parsing(processes)
        bodies = [f"<p>{number}</p>".encode() for number in range(40)]
        read = await asyncio.gather(*(parsing.parse(body, media_type="text/html") for body in bodies))
        assert [parsed.markdown for parsed in read] == [str(number) for number in range(40)]
        assert len(readers()) <= 2
    assert not readers()


@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells another process's environment")
async def test_a_reader_knows_none_of_our_secrets(parsing: Parsing, monkeypatch: pytest.MonkeyPatch) -> None:
    """Promise 34."""
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-secret")
    await parsing.parse(b"<p>x</p>", media_type="text/html")
    (reader,) = readers()
    assert set(reader.environ()) <= {"MALLOC_ARENA_MAX", "LC_CTYPE"}


async def test_text_is_read_without_any_process(parsing: Parsing) -> None:
    await parsing.parse(b"# x", media_type="text/markdown")
    assert not readers()


TRIES = textwrap.dedent("""
    import os, socket, subprocess, sys
    from ingest.formats.confinement import confine
    def attempt(what):
        try:
            what()
            return "done"
        except (OSError, MemoryError):
            return "refused"
    def tries():
        return [attempt(what) for what in (
            lambda: open("/etc/passwd").close(),
            lambda: open("/dev/null", "w").close(),
            lambda: socket.socket().close(),
            lambda: subprocess.run([sys.executable, "-c", "pass"], check=True),
            lambda: bytearray(500 * 1024 * 1024),
        )]
    print(tries())
    confine(files=3)
    print(tries())
""")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere memory is not bounded")
def test_a_confined_process_opens_no_file_and_no_socket_and_starts_nothing() -> None:
    shown = subprocess.run([sys.executable, "-c", TRIES], capture_output=True, text=True, check=True).stdout
    before, after = shown.splitlines()
    assert before == str(["done"] * 5)
    assert after == str(["refused"] * 5)


KILLED = textwrap.dedent("""
    import asyncio, os, signal
    import psutil
    from ingest.parser_processes import ParserProcesses, _Reader
    from ingest.parsing import Parsing
    async def main():
        async with ParserProcesses() as processes:
            await Parsing(processes).parse(b"<p>x</p>", media_type="text/html")
            print(psutil.Process().children()[0].pid, flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
    asyncio.run(main())
""")


def test_a_reader_ends_with_the_worker_that_was_killed() -> None:
    worker = subprocess.run([sys.executable, "-c", KILLED], capture_output=True, text=True, check=False)
    assert worker.returncode == -signal.SIGKILL
    asyncio.run(until(lambda: _dead(int(worker.stdout)), within_s=5))


def _dead(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
