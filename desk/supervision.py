"""Keeps a program running: starts it on a leash, follows its output, starts it again when it dies."""

import asyncio
import os
import re
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from desk.child_log import WARNING, ChildLog, Teller
from desk.leash import KILLED_BY
from wire.errors import SettingsError, UnavailableError

LEASH = Path(__file__).with_name("leash.py")
ASK_EVERY_S = 0.03
OUTPUT_ENDS_WITHIN_S = 2.0
BAD_SETTINGS = 2
"""The exit code that every program of ours ends with when an operator must mend a setting."""

Probe = Callable[[], Awaitable[bool]]


@dataclass(frozen=True, kw_only=True)
class Program:
    """A program to keep running.

    Attributes:
        name: for people and for its log file.
        argv: the command line, by absolute path; it holds no secret.
        env: its whole environment.
        stop_within_s: how long it may take to stop before it is killed.
        warning: which of its lines a person should see at once.
    """

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    stop_within_s: float = 10.0
    warning: re.Pattern[str] = WARNING


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long to wait before a program is started again: each time twice as long, up to a limit.

    One that then ran well for a while starts from the beginning.
    """

    first_delay_s: float = 0.5
    longest_delay_s: float = 30.0
    well_after_s: float = 60.0


class Child:
    """A program that is kept running."""

    def __init__(
        self, program: Program, *, log: ChildLog, tell: Teller, hurry: asyncio.Event, patience: Patience
    ) -> None:
        self.name = program.name
        self.leash_pid: int | None = None
        self._program = program
        self._log = log
        self._tell = tell
        self._hurry = hurry
        self._patience = patience
        self._stopping = asyncio.Event()
        self._has_been_ready = False
        self.supervision = asyncio.create_task(self._keep_running(), name=program.name)

    async def until_ready(self, answers: Probe, *, within_s: float) -> float:
        """Wait until the program answers; gives back how many seconds that took.

        Raises:
            SettingsError: it says that a setting is wrong.
            UnavailableError: it does not answer in time.
        """
        started = time.monotonic()
        try:
            async with asyncio.timeout(within_s):
                while not await answers():
                    if self.supervision.done():
                        await self.supervision
                    await asyncio.sleep(ASK_EVERY_S)
        except TimeoutError:
            raise UnavailableError(
                f"{self.name} isn't ready after {within_s:g} s; its log says why: {self._log.path}",
                service=self.name,
            ) from None
        self._has_been_ready = True
        return time.monotonic() - started

    async def stop(self) -> None:
        """Ask the program to stop, and kill it when it takes too long or somebody is in a hurry."""
        self._stopping.set()
        self._log.quiet = True
        self._signal(signal.SIGTERM)
        hurried = asyncio.create_task(self._hurry.wait())
        await asyncio.wait(
            (self.supervision, hurried),
            timeout=self._program.stop_within_s,
            return_when=asyncio.FIRST_COMPLETED,
        )
        hurried.cancel()
        if not self.supervision.done():
            if not self._hurry.is_set():
                self._tell(self.name, f"did not stop within {self._program.stop_within_s:g} s; killed")
            self._kill_group()
        # What ended it before was told by until_ready or by whoever watches the supervision.
        with suppress(SettingsError):
            await self.supervision

    async def _keep_running(self) -> None:
        delay_s = self._patience.first_delay_s
        while not self._stopping.is_set():
            started = time.monotonic()
            code = await self._run_once()
            if self._stopping.is_set():
                return
            if code == BAD_SETTINGS and not self._has_been_ready:
                raise SettingsError("\n".join(self._log.last_words()))
            if time.monotonic() - started > self._patience.well_after_s:
                delay_s = self._patience.first_delay_s
            self._tell(
                self.name,
                f"{_how_it_ended(code)}; starting it again in {delay_s:g} s; its log is {self._log.path}",
            )
            with suppress(TimeoutError):
                async with asyncio.timeout(delay_s):
                    await self._stopping.wait()
            delay_s = min(delay_s * 2, self._patience.longest_delay_s)

    async def _run_once(self) -> int:
        leash, held_end = os.pipe()
        output, output_end = os.pipe()
        try:
            process = await self._spawn(leash=leash, output=output_end)
        except OSError:
            os.close(held_end)
            os.close(output)
            raise
        finally:
            os.close(leash)
            os.close(output_end)
        self.leash_pid = process.pid
        following = asyncio.create_task(self._follow(output))
        try:
            if self._stopping.is_set():
                self._signal(signal.SIGTERM)
            return await process.wait()
        finally:
            self._kill_group()
            self.leash_pid = None
            os.close(held_end)
            # Its end says that the killed ones are gone, and with them their locks, for the next start.
            await asyncio.wait((following,), timeout=OUTPUT_ENDS_WITHIN_S)
            following.cancel()

    async def _spawn(self, *, leash: int, output: int) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", str(LEASH), *self._program.argv),
            stdin=leash,
            stdout=output,
            stderr=output,
            env=dict(self._program.env),
            start_new_session=True,
        )

    async def _follow(self, output: int) -> None:
        reader = asyncio.StreamReader()
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(output, "rb")
        )
        try:
            await self._log.follow(reader)
        finally:
            transport.close()

    def _signal(self, number: signal.Signals) -> None:
        if self.leash_pid is not None:
            with suppress(ProcessLookupError):
                os.kill(self.leash_pid, number)

    def _kill_group(self) -> None:
        """Kill the leash, the program and whatever the program started, as far as they are there."""
        if self.leash_pid is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.leash_pid, signal.SIGKILL)


@asynccontextmanager
async def supervised(
    program: Program,
    *,
    logs: Path,
    tell: Teller,
    hurry: asyncio.Event,
    patience: Patience | None = None,
) -> AsyncIterator[Child]:
    """Keep a program running while the block lasts, then stop it.

    Args:
        program: what to run.
        logs: the folder of its log file.
        tell: is told of its warnings and its deaths.
        hurry: once set, stopping is killing.
        patience: how long to wait before starting it again.
    """
    file = logs / f"{program.name}.log"
    with ChildLog(file=file, name=program.name, warning=program.warning, tell=tell) as log:
        child = Child(program, log=log, tell=tell, hurry=hurry, patience=patience or Patience())
        try:
            yield child
        finally:
            await child.stop()


def _how_it_ended(code: int) -> str:
    number = code - KILLED_BY if code > KILLED_BY else -code
    if number > 0:
        return f"was killed by signal {number}"
    return f"ended with exit code {code}"
