"""Processes apart that read strangers' documents: each can be killed, and takes nobody with it."""

import asyncio
import contextlib
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from typing import Any, Self

import structlog

from ingest.formats import frames
from ingest.formats.parsed import Parsed
from ingest.parsing import TEXT_BYTES
from wire.errors import MalformedError, UnavailableError

AT_ONCE = 2
START_WITHIN_S = 30.0
END_WITHIN_S = 5.0
READ_WITHIN_S = 8.0
"""Of the processor, so that a busy machine refuses nobody, and a hostile document is refused within 10 s
on an idle one; an honest one of a few pages takes 0.1 s."""
WITHIN_S_PER_MIB = 1.0
"""An honest MiB takes a second at most (measured: reStructuredText); 50 MiB may take a minute."""
WAIT_MORE_S = 60.0
"""By the clock, where the machine is busy or a process hangs without computing."""
READ_BEFORE_RENEWAL = 500
"""Documents a process reads before another takes its place: libraries leak."""
REPLY_BYTES = 4 * TEXT_BYTES
"""The longest text, as JSON; a process that a document has taken over may announce any length."""
ATTEMPTS = 2
"""A crash may have been the machine's; two of them are the document's."""

_log = structlog.get_logger("ingest")


class ParserProcesses:
    """Up to ``at_once`` processes, each started when first needed; the block's end ends them."""

    def __init__(self, *, at_once: int = AT_ONCE, read_within_s: float = READ_WITHIN_S) -> None:
        self._slots = asyncio.Semaphore(at_once)
        self._idle: list[_Reader] = []
        self._read_within_s = read_within_s

    async def read(self, body: bytes, *, kind: str, charset: str | None) -> Parsed:
        """Read a body of that media type; 8 s of the processor and a second more per MiB of it.

        Raises:
            MalformedError: it can't be read, and why: broken, over a bound, too slow, or its reader crashes.
            UnavailableError: no process could be started.
        """
        within_s = self._read_within_s + WITHIN_S_PER_MIB * len(body) / 1024**2
        async with self._slots:
            for attempt in range(ATTEMPTS):
                # Those that were idle may all have died of something else: the last word is a fresh one's.
                reader = self._idle.pop() if self._idle and not attempt else await _start()
                try:
                    async with asyncio.timeout(within_s + WAIT_MORE_S):
                        said = await reader.ask(body, kind=kind, charset=charset, cpu_s=within_s)
                    return _parsed(said)
                except TimeoutError:
                    raise _too_slow(within_s) from None
                except (OSError, EOFError, ValueError):
                    reader.spent = True
                    await reader.gone()
                    if reader.ran_out_of_time:
                        raise _too_slow(within_s) from None
                    _log.warning("a reader of documents crashed", media_type=kind)
                finally:
                    await self._put_down(reader)
        raise MalformedError("it crashes what reads it", field="body")

    async def _put_down(self, reader: "_Reader") -> None:
        """Back among the idle, if it has answered what it was asked and is not worn."""
        if reader.spent:
            await reader.end()
        else:
            self._idle.append(reader)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        while self._idle:
            await self._idle.pop().end()


class _Reader:
    """One process.

    Attributes:
        spent: it is in the middle of something, or has read enough.
    """

    def __init__(self, process: Process) -> None:
        self._process = process
        self._read = 0
        self.spent = False

    async def ready(self) -> None:
        await self._reply()

    async def ask(self, body: bytes, *, kind: str, charset: str | None, cpu_s: float) -> dict[str, Any]:
        assert self._process.stdin is not None  # noqa: S101 — it was started with a pipe
        self.spent = True
        asked = {"kind": kind, "charset": charset, "bytes": len(body), "cpu_s": cpu_s}
        asked["wall_s"] = cpu_s + WAIT_MORE_S
        self._process.stdin.write(frames.pack(asked))
        self._process.stdin.write(body)
        await self._process.stdin.drain()
        said = await self._reply()
        self._read += 1
        # What broke a library may have left the process full of its remains.
        self.spent = bool(said.get("spent")) or self._read >= READ_BEFORE_RENEWAL
        return said

    async def _reply(self) -> dict[str, Any]:
        assert self._process.stdout is not None  # noqa: S101 — it was started with a pipe
        (length,) = frames.LENGTH.unpack(await self._process.stdout.readexactly(frames.LENGTH.size))
        if length > REPLY_BYTES:
            raise ValueError("longer than any reply")
        return frames.unpack(await self._process.stdout.readexactly(length))

    @property
    def ran_out_of_time(self) -> bool:
        return self._process.returncode in {-signal.SIGPROF, -signal.SIGALRM}

    async def gone(self) -> None:
        """Wait until its death is known; killing the dead races with whoever learns of it."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(END_WITHIN_S):
                await self._process.wait()

    async def end(self) -> None:
        """Kill it, whatever it is at."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self.gone()


def _too_slow(within_s: float) -> MalformedError:
    return MalformedError(f"it could not be read within {within_s:.0f} s", field="body")


async def _start() -> _Reader:
    try:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-m", "ingest.formats"),
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            cwd="/",
            env={"MALLOC_ARENA_MAX": "1"},  # and none of our secrets
        )
    except OSError as error:
        raise UnavailableError("no process to read the document could be started", service="index") from error
    reader = _Reader(process)
    try:
        async with asyncio.timeout(START_WITHIN_S):
            await reader.ready()
    except (EOFError, OSError, ValueError, TimeoutError) as error:
        await reader.end()
        raise UnavailableError("the process that reads documents does not start", service="index") from error
    except asyncio.CancelledError:
        await reader.end()
        raise
    return reader


def _parsed(said: dict[str, Any]) -> Parsed:
    """What a process said, which a document may have taken over: only text is taken from it."""
    if reason := said.get("reason"):
        if broken := said.get("kind"):
            _log.info("a document broke its reader", error=str(broken)[:100])
        raise MalformedError(str(reason)[:500], field="body")
    title, metadata = said.get("title"), said.get("metadata")
    if not isinstance(said.get("markdown"), str) or not isinstance(metadata, dict):
        raise ValueError("no text")  # noqa: TRY004 — as any other reply that is none
    return Parsed(
        said["markdown"],
        title=str(title) if title else None,
        metadata={str(name): str(value) for name, value in metadata.items()},
    )
