"""Quotas in Redis or Valkey: one hash per person and day, one Lua call per step.

Reading and then incrementing granted 200 parallel askers 3.55 times the limit; a script grants exactly
the limit. The hash holds ``used``; ``r:<key>`` for each reservation (tokens, reported use, when its
lease ends); ``s:<key>`` for each that has ended (what was charged, and whether that was its own settling
or the end of its lease). A reservation whose process died is charged at its last reported use as soon
as anybody looks; should the process turn out to live, its settling corrects the charge.
"""

import contextlib
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

from bot.answering.quota import Reservation, utc_now
from bot.answering.sentences import quota_exceeded
from bot.answering.valkey_connection import Valkey
from wire.errors import UnavailableError

LEASE_S = 30.0
"""How long tokens stay set aside for a process that gives no sign; a living one renews every 5 s."""
KEPT_S = 2 * 86_400
"""A day's counts are kept until no answer of that day can still be settled."""
OWED = 256
"""Settlements kept while the server is away."""

_LOOK = """
local key, id = KEYS[1], ARGV[1]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function whole(number) return string.format('%d', number) end
local used, reserved = 0, 0
local fields = redis.call('HGETALL', key)
for i = 1, #fields, 2 do
  local name, value = fields[i], fields[i + 1]
  if name == 'used' then
    used = used + tonumber(value)
  elseif string.sub(name, 1, 2) == 'r:' then
    local tokens, reported, ends = string.match(value, '(%d+) (%d+) (%d+)')
    if tonumber(ends) < now then
      redis.call('HDEL', key, name)
      redis.call('HSET', key, 's:' .. string.sub(name, 3), reported .. ' lapsed')
      redis.call('HINCRBY', key, 'used', reported)
      used = used + tonumber(reported)
    elseif name ~= 'r:' .. id then
      reserved = reserved + tonumber(tokens)
    end
  end
end
"""

_RESERVE = (
    _LOOK
    + """
local tokens, limit, lease = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
if used + reserved + tokens > limit then return 0 end
redis.call('HSET', key, 'r:' .. id, whole(tokens) .. ' 0 ' .. whole(now + lease))
redis.call('EXPIRE', key, ARGV[5])
return 1
"""
)

_RENEW = (
    _LOOK
    + """
local held = redis.call('HGET', key, 'r:' .. id)
if not held then return 0 end
local tokens = string.match(held, '%d+')
redis.call('HSET', key, 'r:' .. id, tokens .. ' ' .. ARGV[2] .. ' ' .. whole(now + tonumber(ARGV[3])))
return 1
"""
)

_SETTLE = (
    _LOOK
    + """
local charged, how = 0, nil
local ended = redis.call('HGET', key, 's:' .. id)
if ended then charged, how = string.match(ended, '(%d+) (%a+)') end
if how == 'settled' then return 0 end
redis.call('HDEL', key, 'r:' .. id)
redis.call('HSET', key, 's:' .. id, ARGV[2] .. ' settled')
redis.call('HINCRBY', key, 'used', whole(tonumber(ARGV[2]) - tonumber(charged)))
redis.call('EXPIRE', key, ARGV[3])
return 1
"""
)

_STANDING = _LOOK + "return {used, reserved}"


class ValkeyQuota:
    """So many tokens per person and day (UTC)."""

    def __init__(
        self,
        connection: Valkey,
        *,
        tokens_per_day: int,
        lease_s: float = LEASE_S,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._connection = connection
        self._tokens_per_day = tokens_per_day
        self._lease_ms = round(lease_s * 1000)
        self._now = now
        self._owed: deque[tuple[Reservation, int]] = deque()

    async def reserve(self, *, person: str, key: str, tokens: int) -> Reservation:
        """Set tokens aside.

        Raises:
            RefusedError: used and set aside together would be more than the limit.
            UnavailableError: no answer from the server.
        """
        await self._pay()
        now = self._now()
        reservation = Reservation(key=key, person=person, day=now.date().isoformat(), tokens=tokens)
        granted = await self._connection.run(
            _RESERVE,
            keys=[_hash(person, reservation.day)],
            args=[key, tokens, self._tokens_per_day, self._lease_ms, KEPT_S],
        )
        if not granted:
            midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
            raise quota_exceeded(resets_at=midnight)
        return reservation

    async def renew(self, reservation: Reservation, *, used: int) -> None:
        """Prolong the lease and report the use so far.

        Raises:
            UnavailableError: no answer from the server.
        """
        await self._connection.run(
            _RENEW,
            keys=[_hash(reservation.person, reservation.day)],
            args=[reservation.key, used, self._lease_ms],
        )

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

    async def standing(self, person: str) -> tuple[int, int]:
        """A person's tokens used and set aside today.

        Raises:
            UnavailableError: no answer from the server.
        """
        day = self._now().date().isoformat()
        used, reserved = await self._connection.run(_STANDING, keys=[_hash(person, day)], args=[""])
        return int(used), int(reserved)

    async def _pay(self) -> None:
        while self._owed:
            debt = self._owed[0]
            await self._charge(*debt)
            # Only now: this call may be cancelled. Another one may have paid it as well, which counts once.
            with contextlib.suppress(ValueError):
                self._owed.remove(debt)

    async def _charge(self, reservation: Reservation, used: int) -> None:
        await self._connection.run(
            _SETTLE,
            keys=[_hash(reservation.person, reservation.day)],
            args=[reservation.key, used, KEPT_S],
        )


def _hash(person: str, day: str) -> str:
    return f"answerdesk:quota:{day}:{person}"
