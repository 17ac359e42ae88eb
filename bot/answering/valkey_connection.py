"""Redis or Valkey, with a patience that a conversation can bear.

redis-py's defaults wait 59 s for a paused server and may apply a command twice; here a call ends in
150 ms, is never repeated by the library, and after a failure the server is left alone for a second. A
question makes two calls before its model and three around and after it; so at most 450 ms are added to
it while the server is away, and usually 150.
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

ANSWER_WITHIN_S = 0.15
LEFT_ALONE_S = 1.0
CONNECTIONS = 32
KEEPS_EVERYTHING = "noeviction"

_log = structlog.get_logger("redis")


@asynccontextmanager
async def valkey(url: str) -> AsyncIterator["Valkey"]:
    """A connection for as long as the block lasts; a server that is away now may come later.

    Raises:
        SettingsError: the server evicts keys when its memory is full, which would give quotas back.
    """
    pool = redis.asyncio.BlockingConnectionPool.from_url(
        url,
        max_connections=CONNECTIONS,
        timeout=ANSWER_WITHIN_S,
        socket_timeout=ANSWER_WITHIN_S,
        socket_connect_timeout=ANSWER_WITHIN_S,
        retry=Retry(NoBackoff(), 0),
        decode_responses=True,
    )
    async with redis.asyncio.Redis.from_pool(pool) as client:
        connection = Valkey(client)
        await connection.check()
        yield connection


class Valkey:
    """The calls that we make, each bounded in time."""

    def __init__(self, client: "redis.asyncio.Redis") -> None:
        self._client = client
        self._left_alone_until = 0.0

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
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                return await call()
        except (RedisError, OSError, TimeoutError) as error:
            self._left_alone_until = time.monotonic() + LEFT_ALONE_S
            _log.warning("redis call failed", error=type(error).__name__)
            raise UnavailableError("Redis does not answer", service="redis") from error
