"""The edit budget of a workspace, shared by all bot replicas through Valkey or Redis."""

import structlog

from bot.answering.valkey_connection import Valkey
from bot.slack.edit_budget import EDITS_FOR_ENDINGS, EDITS_PER_WINDOW, WINDOW_S, OwnEditBudget
from wire.errors import UnavailableError

_log = structlog.get_logger("slack")

# A sliding window is exact where a token bucket's burst comes on top of its rate: Slack counts minutes.
# The server's clock is the only one. Returns milliseconds to wait, 0 when an edit was taken.
_TAKE = """
local now = redis.call('TIME')
local now_ms = now[1] * 1000 + math.floor(now[2] / 1000)
local paused_ms = redis.call('PTTL', KEYS[2])
if paused_ms > 0 then return paused_ms end
local window_ms, limit = tonumber(ARGV[1]), tonumber(ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now_ms - window_ms)
local taken = redis.call('ZCARD', KEYS[1])
if taken >= limit then
  local oldest = redis.call('ZRANGE', KEYS[1], taken - limit, taken - limit, 'WITHSCORES')
  return math.max(1, oldest[2] + window_ms - now_ms)
end
redis.call('ZADD', KEYS[1], now_ms, now[1] .. '.' .. now[2] .. '.' .. taken)
redis.call('PEXPIRE', KEYS[1], window_ms)
return 0
"""

# A longer pause is never shortened by a shorter one.
_PAUSE = """
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[1]) then redis.call('SET', KEYS[1], '1', 'PX', ARGV[1]) end
return 0
"""


class ValkeyEditBudget:
    """One workspace's edits. Valkey away: this process keeps a budget of its own."""

    def __init__(self, valkey: Valkey, *, team: str) -> None:
        self._valkey = valkey
        self._taken = f"slack:edits:{team}"
        self._paused = f"slack:edits:{team}:paused"
        self._own = OwnEditBudget()

    async def take(self, *, last: bool) -> float:
        """Take one edit, or learn how long to wait, seconds."""
        limit = EDITS_PER_WINDOW if last else EDITS_PER_WINDOW - EDITS_FOR_ENDINGS
        try:
            wait_ms = await self._valkey.run(
                _TAKE, keys=(self._taken, self._paused), args=(int(WINDOW_S * 1000), limit)
            )
        except UnavailableError:
            _log.warning("redis away: this process keeps an edit budget of its own")
            return await self._own.take(last=last)
        return float(wait_ms) / 1000

    async def pause(self, *, seconds: float) -> None:
        """Slack said when to come back."""
        await self._own.pause(seconds=seconds)
        try:
            await self._valkey.run(_PAUSE, keys=(self._paused,), args=(max(1, int(seconds * 1000)),))
        except UnavailableError:
            _log.warning("redis away: only this process pauses its edits")
