"""The answer cache in Redis or Valkey, bounded in age, size and number.

The server must not evict (quotas live there), so the number is bounded here: a sorted set knows the
order of entries, and the oldest goes when a new one would be too many.
"""

from bot.answering.cache import CachedAnswer
from bot.answering.valkey_connection import Valkey
from wire.errors import MalformedError
from wire.shapes import read_shape

KEPT_S = 24 * 3600
"""Whatever the documents say, an answer is written anew after a day."""
ENTRY_BYTES = 32 * 1024
"""Several times the longest answer with its quotes; a larger one is not kept."""
ENTRIES = 2_000
"""At most 64 MB together, and about 8 MB with usual answers."""

_PREFIX = "answerdesk:{answers}:"
"""The braces keep all of them on one node of a cluster, so that one script may touch them."""

_KEEP = """
local order, entry, kept_s, most = KEYS[1], KEYS[2], tonumber(ARGV[2]), tonumber(ARGV[3])
redis.call('SET', entry, ARGV[1], 'EX', kept_s)
redis.call('ZADD', order, redis.call('TIME')[1], entry)
local old = redis.call('ZRANGE', order, 0, -1 - most)
for _, key in ipairs(old) do
  redis.call('DEL', key)
  redis.call('ZREM', order, key)
end
redis.call('EXPIRE', order, kept_s)
return #old
"""


class ValkeyCache:
    """Keeps answers for a day."""

    def __init__(self, connection: Valkey, *, entries: int = ENTRIES, kept_s: int = KEPT_S) -> None:
        self._connection = connection
        self._entries = entries
        self._kept_s = kept_s

    async def recall(self, key: str) -> CachedAnswer | None:
        """What was kept under this key; an entry of another release's shape counts as none.

        Raises:
            UnavailableError: no answer from the server.
        """
        kept = await self._connection.get(_PREFIX + key)
        try:
            return None if kept is None else read_shape(CachedAnswer, kept)
        except MalformedError:
            return None

    async def keep(self, key: str, answer: CachedAnswer) -> None:
        """Keep an answer, unless it is too large.

        Raises:
            UnavailableError: no answer from the server.
        """
        entry = answer.to_json().decode()
        if len(entry.encode()) <= ENTRY_BYTES:
            await self._connection.run(
                _KEEP, keys=[f"{_PREFIX}order", _PREFIX + key], args=[entry, self._kept_s, self._entries]
            )
