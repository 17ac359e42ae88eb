"""Quotas in Redis or Valkey: two numbers for each pot, a hash for each reservation, one Lua call per step.

Reading and then incrementing granted 200 parallel askers 3.55 times the limit; a script grants exactly
the limit. A pot's hash holds ``used`` and ``reserved``, its ``limit``, and whether it was told that it runs
low. A reservation's holds its state (``held``, ``lapsed``, ``settled``), its tokens, what it reported and
what it was charged. The set ``held`` knows when each lease ends: whoever calls next charges those whose
process died at their last reported use; should one turn out to live, its settling corrects the charge.

The keys share a hash tag, so that all of them stand on one node of a cluster, where a script may reach
the pots of a reservation that it finds lapsed.
"""

import contextlib
import math
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any

from bot.answering.quota import Asker, Level, QuotaLimits, Reservation, utc_now
from bot.answering.sentences import quota_exceeded, too_many_questions
from bot.answering.valkey_connection import Valkey
from wire.errors import UnavailableError
from wire.quotas import QuotaLow
from wire.shapes import read_shape

LEASE_S = 30.0
"""How long tokens stay set aside for a process that gives no sign; a living one renews every 5 s."""
KEPT_S = 2 * 86_400
"""A reservation is remembered until its answer can no longer be settled."""
POTS_KEPT_S = {"day": 4 * 86_400, "month": 35 * 86_400}
"""After its last use: longer than that of the reservations that draw from it, and than it lasts."""
LOW = 0.8
"""The share of a pot at which it is told that it runs low."""
OWED = 256
"""Settlements kept while the server is away."""
MINUTE_MS = 60_000

_PREFIX = "answerdesk:{quota}:"

_PARTS = """
local prefix = ARGV[1]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local lows = {}
local function number(value) return tonumber(value or 0) or 0 end
local function whole(value) return string.format('%d', value) end
local function spend(pot, tokens)
  local key = prefix .. 'pot:' .. pot
  local used = redis.call('HINCRBY', key, 'used', whole(tokens))
  local limit = number(redis.call('HGET', key, 'limit'))
  if limit > 0 and used >= limit * LOW and redis.call('HSETNX', key, 'low', '1') == 1 then
    local period, begins, scope, name = string.match(pot, '^(%a+):([^:]+):(%a+):(.*)$')
    table.insert(lows, cjson.encode({
      period = period, begins = begins, scope = scope, name = name, used = used, limit = limit
    }))
  end
end
local function release(pot, tokens)
  local key = prefix .. 'pot:' .. pot
  local held = number(redis.call('HGET', key, 'reserved'))
  redis.call('HSET', key, 'reserved', whole(math.max(0, held - tokens)))
end
local function each_pot(listed, act)
  for pot in string.gmatch(listed, '[^\\n]+') do act(pot) end
end
local lapsed = redis.call('ZRANGEBYSCORE', prefix .. 'held', '-inf', '(' .. whole(now), 'LIMIT', 0, 100)
for _, id in ipairs(lapsed) do
  local key = prefix .. 'r:' .. id
  local tokens, reported, pots = unpack(redis.call('HMGET', key, 'tokens', 'reported', 'pots'))
  redis.call('ZREM', prefix .. 'held', id)
  if pots then
    redis.call('HSET', key, 'state', 'lapsed', 'charged', reported)
    each_pot(pots, function(pot)
      release(pot, number(tokens))
      spend(pot, number(reported))
    end)
  end
end
""".replace("LOW", str(LOW))

_RESERVE = (
    _PARTS
    + """
local id, tokens, lease, kept = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]
local key = prefix .. 'r:' .. id
if redis.call('HGET', key, 'state') == 'held' then return {-1, lows} end
local listed = {}
for at = 6, #ARGV, 3 do
  local pot, limit = ARGV[at], tonumber(ARGV[at + 1])
  local used, reserved = unpack(redis.call('HMGET', prefix .. 'pot:' .. pot, 'used', 'reserved'))
  if number(used) + number(reserved) + tokens > limit then return {(at - 6) / 3, lows} end
end
for at = 6, #ARGV, 3 do
  local pot_key = prefix .. 'pot:' .. ARGV[at]
  redis.call('HINCRBY', pot_key, 'reserved', whole(tokens))
  redis.call('HSET', pot_key, 'limit', ARGV[at + 1])
  redis.call('EXPIRE', pot_key, ARGV[at + 2])
  table.insert(listed, ARGV[at])
end
redis.call('HSET', key, 'state', 'held', 'tokens', whole(tokens), 'reported', '0', 'charged', '0',
  'pots', table.concat(listed, '\\n'))
redis.call('EXPIRE', key, kept)
redis.call('ZADD', prefix .. 'held', whole(now + lease), id)
return {-1, lows}
"""
)

_RENEW = (
    _PARTS
    + """
local id, used, lease = ARGV[2], ARGV[3], tonumber(ARGV[4])
if redis.call('HGET', prefix .. 'r:' .. id, 'state') == 'held' then
  redis.call('HSET', prefix .. 'r:' .. id, 'reported', used)
  redis.call('ZADD', prefix .. 'held', whole(now + lease), id)
end
return {-1, lows}
"""
)

_SETTLE = (
    _PARTS
    + """
local id, used, kept, listed = ARGV[2], tonumber(ARGV[3]), ARGV[4], ARGV[5]
local key = prefix .. 'r:' .. id
local state, tokens, charged = unpack(redis.call('HMGET', key, 'state', 'tokens', 'charged'))
if state == 'settled' then return {-1, lows} end
redis.call('ZREM', prefix .. 'held', id)
redis.call('HSET', key, 'state', 'settled', 'charged', whole(used))
redis.call('EXPIRE', key, kept)
each_pot(listed, function(pot)
  if state == 'held' then release(pot, number(tokens)) end
  spend(pot, used - number(charged))
  if redis.call('TTL', prefix .. 'pot:' .. pot) < 0 then
    redis.call('EXPIRE', prefix .. 'pot:' .. pot, kept)
  end
end)
return {-1, lows}
"""
)

_LEVELS = (
    _PARTS
    + """
local levels = {}
for at = 2, #ARGV do
  local used, reserved = unpack(redis.call('HMGET', prefix .. 'pot:' .. ARGV[at], 'used', 'reserved'))
  table.insert(levels, number(used))
  table.insert(levels, number(reserved))
end
return {-1, lows, levels}
"""
)

_FORGET = (
    _PARTS
    + """
local person, erased = ARGV[2], 0
local of_person = ':person:' .. person
local function theirs(pot) return string.sub(pot, -#of_person) == of_person end
for _, key in ipairs(redis.call('KEYS', prefix .. 'r:*')) do
  local state, tokens, pots = unpack(redis.call('HMGET', key, 'state', 'tokens', 'pots'))
  local is_theirs = false
  each_pot(pots or '', function(pot) is_theirs = is_theirs or theirs(pot) end)
  if is_theirs then
    if state == 'held' then each_pot(pots, function(pot) release(pot, number(tokens)) end) end
    redis.call('ZREM', prefix .. 'held', string.sub(key, #prefix + 3))
    erased = erased + redis.call('DEL', key)
  end
end
for _, key in ipairs(redis.call('KEYS', prefix .. 'pot:*')) do
  if theirs(key) then erased = erased + redis.call('DEL', key) end
end
erased = erased + redis.call('DEL', prefix .. 'asked:' .. person)
return {erased, lows}
"""
)

_ADMIT = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local window, most = tonumber(ARGV[1]), tonumber(ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - window)
if redis.call('ZCARD', KEYS[1]) >= most then
  return window - (now - tonumber(redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2]))
end
redis.call('ZADD', KEYS[1], now, now .. ':' .. redis.call('ZCARD', KEYS[1]))
redis.call('PEXPIRE', KEYS[1], window)
return 0
"""


class ValkeyQuota:
    """Tokens of persons, groups and the workspace, by the day and the month."""

    def __init__(
        self,
        connection: Valkey,
        *,
        limits: QuotaLimits,
        told_low: Callable[[QuotaLow], Awaitable[None]] | None = None,
        lease_s: float = LEASE_S,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        """Count on this server.

        Args:
            connection: the server.
            limits: how much there is.
            told_low: is told, once for each, of a pot that is four fifths used.
            lease_s: how long a silent process keeps what it has reserved.
            now: the clock by which days begin.
        """
        self._connection = connection
        self._limits = limits
        self._told_low = told_low
        self._lease_ms = round(lease_s * 1000)
        self._now = now
        self._owed: deque[tuple[Reservation, int]] = deque()

    async def admit(self, asker: Asker) -> None:
        """Count a question against its asker's questions a minute (in any 60 s).

        Raises:
            RefusedError: too many.
            UnavailableError: no answer from the server.
        """
        most = self._limits.of(asker.person).requests_per_minute
        if most:
            wait_ms = await self._connection.run(
                _ADMIT, keys=[f"{_PREFIX}asked:{asker.person}"], args=[MINUTE_MS, most]
            )
            if wait_ms:
                raise too_many_questions(most=most, wait_s=math.ceil(int(wait_ms) / 1000))

    async def reserve(self, asker: Asker, *, key: str, tokens: int) -> Reservation:
        """Set tokens aside in all of the asker's pots.

        Raises:
            RefusedError: in one of them, used and set aside together would be more than its limit.
            UnavailableError: no answer from the server.
        """
        await self._pay()
        pots = self._limits.pots(asker, now=self._now())
        listed = [part for pot in pots for part in (pot.key, pot.limit, POTS_KEPT_S[pot.period])]
        (refused_by,) = await self._run(_RESERVE, key, tokens, self._lease_ms, KEPT_S, *listed)
        if refused_by >= 0:
            pot = pots[refused_by]
            raise quota_exceeded(scope=pot.scope, period=pot.period, resets_at=pot.resets_at)
        return Reservation(key=key, pots=tuple(pot.key for pot in pots), tokens=tokens)

    async def renew(self, reservation: Reservation, *, used: int) -> None:
        """Prolong the lease and report the use so far.

        Raises:
            UnavailableError: no answer from the server.
        """
        await self._run(_RENEW, reservation.key, used, self._lease_ms)

    async def settle(self, reservation: Reservation, *, used: int) -> None:
        """Charge what was used. What can't be charged now is charged before the next reservation.

        Raises:
            UnavailableError: no answer from the server.
        """
        try:
            await self._charge(reservation, used)
        except UnavailableError:
            if len(self._owed) < OWED:
                self._owed.append((reservation, used))
            raise

    async def usage(self, asker: Asker) -> list[Level]:
        """How far each of the asker's pots has been drawn, their own first.

        Raises:
            UnavailableError: no answer from the server.
        """
        pots = self._limits.pots(asker, now=self._now())
        _, levels = await self._run(_LEVELS, *(pot.key for pot in pots))
        return [
            Level(pot=pot, used=int(used), reserved=int(reserved))
            for pot, used, reserved in zip(pots, levels[::2], levels[1::2], strict=True)
        ]

    async def forget(self, person: str) -> int:
        """Erase this person's counts, and with them what they have used; gives how many entries there were.

        Raises:
            UnavailableError: no answer from the server.
        """
        (erased,) = await self._run(_FORGET, person)
        return int(erased)

    async def _pay(self) -> None:
        while self._owed:
            debt = self._owed[0]
            await self._charge(*debt)
            # Only now: this call may be cancelled. Another one may have paid it as well, which counts once.
            with contextlib.suppress(ValueError):
                self._owed.remove(debt)

    async def _charge(self, reservation: Reservation, used: int) -> None:
        await self._run(_SETTLE, reservation.key, used, KEPT_S, "\n".join(reservation.pots))

    async def _run(self, script: str, *args: str | int) -> Sequence[Any]:
        """Run a step; its reply without the news of pots that run low, which are passed on."""
        code, lows, *rest = await self._connection.run(script, keys=[f"{_PREFIX}held"], args=[_PREFIX, *args])
        if self._told_low is not None:
            for low in lows:
                await self._told_low(read_shape(QuotaLow, low))
        return [code, *rest]
