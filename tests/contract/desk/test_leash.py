"""A program on the leash never outlives who started it, whoever is killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from desk.supervision import LEASH
from tests.contract.desk.processes import SLEEP, WITH_A_CHILD_OF_ITS_OWN, alive, family, python
from tests.until import until

LEASHED = (sys.executable, "-I", "-S", str(LEASH))
HOLDER = f"""
import subprocess, sys
leash = subprocess.Popen({LEASHED!r} + tuple(sys.argv[1:]), stdin=subprocess.PIPE, start_new_session=True)
print(leash.pid, flush=True)
leash.wait()
"""


@contextmanager
def held(code: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A process that holds the leash of a program; gives it, and the leash's process id."""
    holder = subprocess.Popen([*python(HOLDER), *python(code)], stdout=subprocess.PIPE)
    assert holder.stdout
    try:
        yield holder, int(holder.stdout.readline())
    finally:
        holder.kill()
        holder.wait(10)
        holder.stdout.close()


async def test_kill_9_of_the_holder_ends_the_program_and_its_own_children() -> None:
    with held(WITH_A_CHILD_OF_ITS_OWN) as (holder, leash):
        await until(lambda: len(family(leash)) == 3, within_s=10)
        pids = family(leash)
        holder.kill()
        await until(lambda: not alive(pids), within_s=5)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's death")
async def test_kill_9_of_the_leash_itself_ends_the_program() -> None:
    with held(SLEEP) as (_, leash):
        await until(lambda: len(family(leash)) == 2, within_s=10)
        pids = family(leash)
        os.kill(leash, signal.SIGKILL)
        await until(lambda: not alive(pids), within_s=5)


def test_without_the_leash_the_program_would_stay() -> None:
    """The negative control: the same kill, no leash."""
    bare = HOLDER.replace(repr(LEASHED), "()")
    with subprocess.Popen([*python(bare), *python(SLEEP)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout
        program = int(holder.stdout.readline())
        holder.kill()
    assert alive([program])
    os.kill(program, signal.SIGKILL)


def leashed(code: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*LEASHED, *python(code)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


@pytest.mark.parametrize(
    ("code", "ended_with"),
    [
        ("raise SystemExit(0)", 0),
        ("raise SystemExit(2)", 2),
        ("import os; os.kill(os.getpid(), 9)", 128 + 9),
    ],
)
def test_the_leash_ends_as_its_program_ended(code: str, ended_with: int) -> None:
    with leashed(code) as leash:
        assert leash.wait(10) == ended_with


def test_sigterm_reaches_the_program_as_soon_as_the_leash_is_there() -> None:
    code = (
        "import signal, sys; signal.signal(15, lambda *_: sys.exit(7)); print(1, flush=True); signal.pause()"
    )
    with leashed(code) as leash:
        assert leash.stdout
        leash.stdout.readline()
        leash.terminate()
        assert leash.wait(10) == 7


def test_a_program_that_is_not_there_is_named() -> None:
    argv = [*LEASHED, "/nowhere/program"]
    with subprocess.Popen(
        argv, stdin=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    ) as leash:
        assert leash.wait(10) == 127
        assert leash.stderr
        said = leash.stderr.read()
    assert b"/nowhere/program can't be started" in said


def test_the_program_has_nothing_to_read_and_does_not_hold_the_leash() -> None:
    code = "import sys, os; assert sys.stdin.read() == ''; sys.exit(5)"
    with leashed(code) as leash:
        assert leash.wait(10) == 5
