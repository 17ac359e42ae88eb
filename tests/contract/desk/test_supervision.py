"""Real child processes: started again when they die, stopped in order, killed where they must be."""

import asyncio
import os
import re
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

import pytest

from desk.supervision import Child, Patience, Program, supervised
from tests.contract.desk.processes import (
    DEAF_TO_SIGTERM,
    SLEEP,
    WITH_A_CHILD_OF_ITS_OWN,
    alive,
    family,
    program,
)
from tests.until import until
from wire.errors import SettingsError, UnavailableError

QUICK = Patience(first_delay_s=0.1, longest_delay_s=0.4, well_after_s=60.0)


class Heard:
    """What a person was told."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []

    def __call__(self, name: str, text: str, /) -> None:
        self.lines.append((name, text))


@asynccontextmanager
async def kept(
    what: Program, folder: Path, *, heard: Heard | None = None, patience: Patience = QUICK
) -> AsyncIterator[tuple[Child, asyncio.Event]]:
    hurry = asyncio.Event()
    async with supervised(what, logs=folder, tell=heard or Heard(), hurry=hurry, patience=patience) as child:
        yield child, hurry


def runs_as(child: Child, *, processes: int, other_than: int | None = None) -> Callable[[], list[int]]:
    def pids() -> list[int]:
        found = family(child.leash_pid) if child.leash_pid and child.leash_pid != other_than else []
        return found if len(found) == processes else []

    return pids


async def test_a_child_that_is_killed_is_told_of_and_started_again(tmp_path: Path) -> None:
    heard = Heard()
    async with kept(program(SLEEP), tmp_path, heard=heard) as (child, _):
        first = await until(runs_as(child, processes=2), within_s=10)
        os.kill(first[1], signal.SIGKILL)
        await until(runs_as(child, processes=2, other_than=first[0]), within_s=10)
    assert len(heard.lines) == 1
    name, text = heard.lines[0]
    assert name == "child"
    assert text.startswith("was killed by signal 9; starting it again in 0.1 s")


async def test_a_killed_leash_takes_its_program_and_grandchildren_along_and_is_replaced(
    tmp_path: Path,
) -> None:
    async with kept(program(WITH_A_CHILD_OF_ITS_OWN), tmp_path) as (child, _):
        first = await until(runs_as(child, processes=3), within_s=10)
        os.kill(first[0], signal.SIGKILL)
        await until(lambda: not alive(first), within_s=5)
        await until(runs_as(child, processes=3, other_than=first[0]), within_s=10)


async def test_a_dead_programs_own_children_do_not_stay(tmp_path: Path) -> None:
    async with kept(program(WITH_A_CHILD_OF_ITS_OWN), tmp_path) as (child, _):
        first = await until(runs_as(child, processes=3), within_s=10)
        os.kill(first[1], signal.SIGKILL)
        await until(lambda: not alive(first), within_s=5)


async def test_the_delay_grows_up_to_its_limit(tmp_path: Path) -> None:
    heard = Heard()
    async with kept(program("raise SystemExit(1)"), tmp_path, heard=heard):
        await until(lambda: len(heard.lines) >= 4, within_s=20)
    delays = [re.findall(r"again in (\S+) s", text)[0] for _, text in heard.lines[:4]]
    assert delays == ["0.1", "0.2", "0.4", "0.4"]


async def test_a_child_that_ran_well_is_started_again_without_the_grown_delay(tmp_path: Path) -> None:
    heard = Heard()
    at_once_well = Patience(first_delay_s=0.1, longest_delay_s=10.0, well_after_s=0.0)
    async with kept(program("raise SystemExit(1)"), tmp_path, heard=heard, patience=at_once_well):
        await until(lambda: len(heard.lines) >= 3, within_s=20)
    assert all("again in 0.1 s" in text for _, text in heard.lines)


async def test_leaving_stops_the_child_and_all_it_started(tmp_path: Path) -> None:
    async with kept(program(WITH_A_CHILD_OF_ITS_OWN), tmp_path) as (child, _):
        pids = await until(runs_as(child, processes=3), within_s=10)
    await until(lambda: not alive(pids), within_s=5)


async def test_a_deaf_child_is_killed_after_its_bound(tmp_path: Path) -> None:
    heard = Heard()
    async with kept(program(DEAF_TO_SIGTERM, stop_within_s=0.3), tmp_path, heard=heard) as (child, _):
        await until(lambda: "deaf" in (tmp_path / "child.log").read_text(), within_s=10)
        pids = family(child.leash_pid or 0)
    assert len(pids) == 2
    await until(lambda: not alive(pids), within_s=5)
    assert heard.lines == [("child", "did not stop within 0.3 s; killed")]


async def test_hurry_kills_at_once(tmp_path: Path) -> None:
    async with kept(program(DEAF_TO_SIGTERM, stop_within_s=60), tmp_path) as (_, hurry):
        await until(lambda: "deaf" in (tmp_path / "child.log").read_text(), within_s=10)
        asyncio.get_running_loop().call_later(0.2, hurry.set)
        stopped_at = time.monotonic()
    assert time.monotonic() - stopped_at < 20


def said_up(log: Path) -> bool:
    return "up" in log.read_text()


async def test_children_stop_in_reverse_order_of_their_start(tmp_path: Path) -> None:
    record = tmp_path / "record"
    code = """
import os, signal, sys
def stop(*_):
    with open(os.environ["RECORD"], "a") as record: record.write(os.environ["NAME"] + " ")
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
print("up", flush=True)
while True: signal.pause()
"""
    async with AsyncExitStack() as stack:
        for name in ("engine", "sandbox", "worker", "bot"):
            what = program(code, name=name, RECORD=str(record), NAME=name)
            await stack.enter_async_context(kept(what, tmp_path))
            await until(partial(said_up, tmp_path / f"{name}.log"), within_s=10)
    assert record.read_text().split() == ["bot", "worker", "sandbox", "engine"]


async def test_a_child_that_needs_another_setting_is_not_started_again(tmp_path: Path) -> None:
    code = "import sys; print('EMBEDDING_MODEL: there is no such model'); sys.exit(2)"

    async def never() -> bool:
        return False

    async with kept(program(code), tmp_path) as (child, _):
        with pytest.raises(SettingsError, match="EMBEDDING_MODEL: there is no such model"):
            await child.until_ready(never, within_s=10)


async def test_a_child_that_never_answers_is_told_with_its_log(tmp_path: Path) -> None:
    async def never() -> bool:
        return False

    async with kept(program(SLEEP), tmp_path) as (child, _):
        with pytest.raises(UnavailableError, match=r"child isn't ready after 0.2 s; .*child\.log"):
            await child.until_ready(never, within_s=0.2)


async def test_a_cancelled_supervision_leaves_no_process(tmp_path: Path) -> None:
    started = asyncio.Event()
    pids: list[int] = []

    async def keep() -> None:
        async with kept(program(WITH_A_CHILD_OF_ITS_OWN), tmp_path) as (child, _):
            pids.extend(await until(runs_as(child, processes=3), within_s=10))
            started.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(keep())
    await asyncio.wait_for(started.wait(), 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(pids) == 3
    await until(lambda: not alive(pids), within_s=5)
