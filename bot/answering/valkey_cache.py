"""The answer cache in Redis or Valkey, bounded in age, size and number.

The server must not evict (quotas live there), so the number is bounded here: a sorted set knows the
order of entries, and the oldest goes when a new one would be too many. A sorted set for each passage knows
the answers that were written from it, so that a question which is asked in other words finds them; one for
each document, so that they go with it.
"""

import hashlib
from collections.abc import Sequence

from bot.answering.cache import CachedAnswer, CacheKey
from bot.answering.valkey_connection import Valkey
from wire.errors import MalformedError
from wire.shapes import read_shape

KEPT_S = 24 * 3600
"""Whatever the documents say, an answer is written anew after a day."""
ENTRY_BYTES = 32 * 1024
"""Several times the longest answer with its quotes; a larger one is not kept."""
ENTRIES = 2_000
"""At most 64 MB together, and about 12 MB with usual answers."""

PER_PASSAGE = 64
"""The newest entries known by a passage that they were written from."""
FORGOTTEN_AT_ONCE = 100
"""Entries that are read in one step: a few megabytes at the most, so that nobody waits long behind it."""
GONE_S = 600
"""For so long after a document was deleted no answer from it is kept: one may be under way. More than the
longest takes."""
NEAR = 8
"""Entries looked at for one question."""

_PREFIX = "answerdesk:{answers}:"
"""The braces keep all of them on one node of a cluster, so that one script may touch them."""

_FORGET = """
local order, by = KEYS[1], ARGV[1]
local of = string.gsub(by, 'by:$', 'of:')
local function forget(key)
  local old = redis.call('GET', key)
  if old then
    local kind = string.match(key, '([^:]+):[^:]+:[^:]+$')
    local answer = cjson.decode(old)
    for _, passage in ipairs(answer.given or {}) do
      redis.call('ZREM', by .. kind .. ':' .. passage, key)
    end
    for _, document in ipairs(answer.documents or {}) do
      redis.call('ZREM', of .. document, key)
    end
    redis.call('DEL', key)
  end
end
"""

_KEEP = (
    _FORGET
    + """
local entry = KEYS[2]
local kept_s, most, per_passage = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local passages = tonumber(ARGV[6])
for index = 3 + passages, #KEYS do
  if redis.call('EXISTS', (string.gsub(KEYS[index], ':of:', ':gone:', 1))) == 1 then return 0 end
end
local now = redis.call('TIME')
local at = now[1] + now[2] / 1000000
forget(entry)
redis.call('SET', entry, ARGV[2], 'EX', kept_s)
redis.call('ZADD', order, at, entry)
for index = 3, #KEYS do
  redis.call('ZADD', KEYS[index], at, entry)
  if index < 3 + passages then
    redis.call('ZREMRANGEBYRANK', KEYS[index], 0, -1 - per_passage)
  end
  redis.call('EXPIRE', KEYS[index], kept_s)
end
for _, key in ipairs(redis.call('ZRANGE', order, 0, -1 - most)) do
  forget(key)
  redis.call('ZREM', order, key)
end
redis.call('EXPIRE', order, kept_s)
return 1
"""
)

_FORGET_OF = (
    _FORGET
    + """
local asker, first, last = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
-- The newest first: what is kept meanwhile pushes out the oldest, and shifts nothing that is still to come.
local listed, theirs = redis.call('ZREVRANGE', order, first, last), 0
for _, key in ipairs(listed) do
  local entry = redis.call('GET', key)
  if entry and cjson.decode(entry).asker == asker then
    forget(key)
    redis.call('ZREM', order, key)
    theirs = theirs + 1
  end
end
return {#listed, theirs}
"""
)

_FORGET_DOCUMENT = (
    _FORGET
    + """
local document, gone, gone_s, most = KEYS[2], KEYS[3], tonumber(ARGV[2]), tonumber(ARGV[3])
redis.call('SET', gone, '1', 'EX', gone_s)
local written = redis.call('ZRANGE', document, 0, most - 1)
for _, key in ipairs(written) do
  forget(key)
  redis.call('ZREM', order, key)
  redis.call('ZREM', document, key)
end
return #written
"""
)

_RECALL = """
local same_words, most = ARGV[1], tonumber(ARGV[2])
local known = redis.call('ZINTER', #KEYS, unpack(KEYS))
local first, others = {}, {}
for index = #known, 1, -1 do
  local same = string.sub(known[index], 1, #same_words) == same_words
  table.insert(same and first or others, known[index])
end
for _, key in ipairs(others) do table.insert(first, key) end
local found = {}
for index = 1, math.min(#first, most) do
  local entry = redis.call('GET', first[index])
  if entry then table.insert(found, entry) end
end
return found
"""


class ValkeyCache:
    """Keeps answers for a day."""

    def __init__(self, connection: Valkey, *, entries: int = ENTRIES, kept_s: int = KEPT_S) -> None:
        self._connection = connection
        self._entries = entries
        self._kept_s = kept_s

    async def recall(self, key: CacheKey, *, read: Sequence[str]) -> list[CachedAnswer]:
        """Answers that were written from these passages, those to the same words first, then the newest.

        An entry of another release's shape counts as none.

        Raises:
            UnavailableError: no answer from the server.
        """
        if not read:
            return []
        found = await self._connection.run(_RECALL, keys=_by(key, read), args=[_same_words(key), NEAR])
        return [answer for answer in map(_read, found) if answer is not None]

    async def keep(self, key: CacheKey, answer: CachedAnswer) -> None:
        """Keep an answer, unless it is too large or a document of it has just been deleted.

        Raises:
            UnavailableError: no answer from the server.
        """
        entry, by = answer.to_json().decode(), _by(key, answer.given)
        if len(entry.encode()) <= ENTRY_BYTES:
            await self._connection.run(
                _KEEP,
                keys=[f"{_PREFIX}order", _entry(key, answer.given), *by, *map(_of, answer.documents)],
                args=[f"{_PREFIX}by:", entry, self._kept_s, self._entries, PER_PASSAGE, len(by)],
            )

    async def forget(self, person: str) -> int:
        """Erase the answers to this person's questions; gives how many there were.

        Raises:
            UnavailableError: no answer from the server.
        """
        at = erased = 0
        while True:
            listed, theirs = await self._connection.run(
                _FORGET_OF,
                keys=[f"{_PREFIX}order"],
                args=[f"{_PREFIX}by:", person, at, at + FORGOTTEN_AT_ONCE - 1],
            )
            if not listed:
                return erased
            erased += int(theirs)
            at += int(listed) - int(theirs)

    async def forget_document(self, document: str) -> int:
        """Erase the answers that were written from a document, by its key; gives how many there were.

        Raises:
            UnavailableError: no answer from the server.
        """
        erased = 0
        while True:
            some = await self._connection.run(
                _FORGET_DOCUMENT,
                keys=[f"{_PREFIX}order", _of(document), f"{_PREFIX}gone:{document}"],
                args=[f"{_PREFIX}by:", GONE_S, FORGOTTEN_AT_ONCE],
            )
            erased += int(some)
            if int(some) < FORGOTTEN_AT_ONCE:
                return erased


def _same_words(key: CacheKey) -> str:
    return f"{_PREFIX}{key.kind}:{key.words}:"


def _entry(key: CacheKey, given: Sequence[str]) -> str:
    """Readers who may read different passages have entries of their own."""
    return _same_words(key) + hashlib.sha256("\n".join(given).encode()).hexdigest()[:16]


def _by(key: CacheKey, passages: Sequence[str]) -> list[str]:
    return [f"{_PREFIX}by:{key.kind}:{passage}" for passage in dict.fromkeys(passages)]


def _of(document: str) -> str:
    return f"{_PREFIX}of:{document}"


def _read(entry: str) -> CachedAnswer | None:
    try:
        return read_shape(CachedAnswer, entry)
    except MalformedError:
        return None
