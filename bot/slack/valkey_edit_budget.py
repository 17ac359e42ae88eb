"""The edit budget of a workspace, shared by all bot replicas through Valkey or Redis."""

import structlog

from bot.answering.valkey_connection import Valkey
from bot.slack.edit_budget import AHEAD, WINDOW_S, Edit, OwnEditBudget, rate
from wire.errors import UnavailableError

_log = structlog.get_logger("slack")

# A sliding window is exact where a token bucket's burst comes on top of its rate: Slack counts minutes.
# The server's clock is the only one. Returns milliseconds to wait, 0 when a call was taken.
_TAKE = """
local now = redis.call('TIME')
local now_ms = now[1] * 1000 + math.floor(now[2] / 1000)
local paused_ms = redis.call('PTTL', KEYS[2])
if paused_ms > 0 then return paused_ms end
local window_ms, limit = tonumber(ARGV[1]), tonumber(ARGV[2])
local gap_ms, ahead = tonumber(ARGV[3]), tonumber(ARGV[4])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now_ms - window_ms)
local taken = redis.call('ZCARD', KEYS[1])
if taken >= limit then
  local oldest = redis.call('ZRANGE', KEYS[1], taken - limit, taken - limit, 'WITHSCORES')
  return math.max(1, oldest[2] + window_ms - now_ms)
end
if gap_ms > 0 then
  local due = math.max(tonumber(redis.call('GET', KEYS[3]) or '0'), now_ms)
  local wait_ms = due - now_ms - (ahead - 1) * gap_ms
  if wait_ms > 0 then return math.max(1, math.ceil(wait_ms)) end
  redis.call('SET', KEYS[3], due + gap_ms, 'PX', window_ms)
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
        self._prefix = f"slack:edits:{team}"
        self._own = OwnEditBudget()

    async def take(self, method: str, *, edit: Edit) -> float:
        """Take one call, or learn how long to wait, seconds."""
        allowed = rate(method, edit)
        try:
            wait_ms = await self._valkey.run(
                _TAKE,
                keys=(self._key(method), self._key(method, "paused"), self._key(method, "due")),
                args=(int(WINDOW_S * 1000), allowed.in_window, int(allowed.gap_s * 1000), AHEAD),
            )
        except UnavailableError:
            _log.warning("redis away: this process keeps an edit budget of its own")
            return await self._own.take(method, edit=edit)
        return float(wait_ms) / 1000

    async def pause(self, method: str, *, seconds: float) -> None:
        """Slack said when to come back."""
        await self._own.pause(method, seconds=seconds)
        try:
            await self._valkey.run(
                _PAUSE, keys=(self._key(method, "paused"),), args=(max(1, int(seconds * 1000)),)
            )
        except UnavailableError:
            _log.warning("redis away: only this process pauses its edits")

    def _key(self, method: str, *more: str) -> str:
        return ":".join((self._prefix, method, *more))
