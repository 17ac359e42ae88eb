"""Redis or Valkey, with a patience that a conversation can bear.

redis-py's defaults wait 59 s for a paused server and may apply a command twice; here a call ends
after 150 ms of silence, is never repeated by the library, and after a failure the server is left alone
for two seconds. Around one answer that makes at most two waits: before the model is called, and after.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import redis.asyncio
import structlog
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from wire.errors import SettingsError, UnavailableError

T = TypeVar("T")

SLICE_S = 0.05
SILENT_SLICES = 3
"""A server that nobody has heard from for three slices, 150 ms, is away. Where many answers begin at once
our own event loop is late: a slice then takes longer and counts as one, and replies to others count for
all, so that our being busy is not taken for the server's being dead."""
LEFT_ALONE_S = 2.0
CONNECTIONS = 16
BACKSTOP_S = 5.0
"""redis-py's own limits; ours are nearer."""
KEEPS_EVERYTHING = "noeviction"

_log = structlog.get_logger("redis")


@asynccontextmanager
async def valkey(url: str, *, silent_slices: int = SILENT_SLICES) -> AsyncIterator["Valkey"]:
    """A connection for as long as the block lasts; a server that is away now may come later.

    Args:
        url: the server.
        silent_slices: for how many slices in a row it may be silent.

    Raises:
        SettingsError: the server evicts keys when its memory is full, which would give quotas back.
    """
    pool = redis.asyncio.BlockingConnectionPool.from_url(
        url,
        max_connections=CONNECTIONS,
        timeout=BACKSTOP_S,
        socket_timeout=BACKSTOP_S,
        socket_connect_timeout=BACKSTOP_S,
        retry=Retry(NoBackoff(), 0),
        decode_responses=True,
    )
    async with redis.asyncio.Redis.from_pool(pool) as client:
        connection = Valkey(client, silent_slices=silent_slices)
        await connection.check()
        yield connection


class Valkey:
    """The calls that we make, each bounded in time."""

    def __init__(self, client: "redis.asyncio.Redis", *, silent_slices: int) -> None:
        self._client = client
        self._silent_slices = silent_slices
        self._left_alone_until = 0.0
        self._replies = 0

    async def check(self) -> None:
        """Refuse a server that may forget what must be kept; a silent one is taken at its word.

        Raises:
            SettingsError: its memory policy is a wrong one.
        """
        try:
            memory = await self._bounded(lambda: self._client.info("memory"))
        except UnavailableError:
            _log.warning("redis does not answer: no answer cache, and a small allowance for quotas")
            return
        policy = memory.get("maxmemory_policy")
        if policy not in (None, KEEPS_EVERYTHING):
            raise SettingsError(
                f"REDIS_URL: the server's maxmemory-policy is {policy}, so it may drop quotas; "
                f"set it to {KEEPS_EVERYTHING}"
            )

    async def get(self, key: str) -> str | None:
        """A key's value.

        Raises:
            UnavailableError: no answer in time.
        """
        value = await self._bounded(lambda: self._client.get(key))
        return value.decode() if isinstance(value, bytes) else value

    async def run(self, script: str, *, keys: Sequence[str], args: Sequence[str | int]) -> Any:
        """Run a Lua script, which is atomic.

        Raises:
            UnavailableError: no answer in time; it may have run all the same.
        """
        registered = self._client.register_script(script)
        return await self._bounded(lambda: registered(keys=keys, args=args))

    async def _bounded(self, call: Callable[[], Awaitable[T]]) -> T:
        if time.monotonic() < self._left_alone_until:
            raise UnavailableError("Redis does not answer", service="redis")
        answered = asyncio.ensure_future(call())
        try:
            await self._heard(answered)
            return answered.result()
        except (RedisError, OSError, TimeoutError) as error:
            if time.monotonic() > self._left_alone_until:
                _log.warning("redis call failed", error=type(error).__name__)
            self._left_alone_until = time.monotonic() + LEFT_ALONE_S
            raise UnavailableError("Redis does not answer", service="redis") from error
        finally:
            answered.add_done_callback(_looked_at)
            answered.cancel()

    async def _heard(self, answered: "asyncio.Future[Any]") -> None:
        silent = 0
        while silent < self._silent_slices:
            heard = self._replies
            await asyncio.wait({answered}, timeout=SLICE_S)
            if answered.done():
                self._replies += 1
                return
            silent = 0 if self._replies > heard else silent + 1
        raise TimeoutError


def _looked_at(answered: "asyncio.Future[Any]") -> None:
    """A call that was given up may still fail; that is no news."""
    if not answered.cancelled():
        answered.exception()
