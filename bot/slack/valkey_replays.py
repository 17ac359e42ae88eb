"""Which of Slack's signatures were taken, by all bots together, for as long as they are good."""

import hashlib
import time
from collections import OrderedDict

import structlog

from bot.answering.valkey_connection import Valkey
from wire.errors import UnavailableError

KEPT_S = 660
"""Slack's are good for five minutes before and after our clock; and a little more."""
MOST_REMEMBERED = 50_000
"""By one process itself: for that time some 75 a second."""

_log = structlog.get_logger("slack")

_TAKE = "if redis.call('SET', KEYS[1], '1', 'NX', 'EX', ARGV[1]) then return 1 end return 0"
_GIVE_BACK = "return redis.call('DEL', KEYS[1])"


class ValkeyReplays:
    """Signatures. Valkey away: each process knows those that it has taken itself."""

    def __init__(self, valkey: Valkey) -> None:
        self._valkey = valkey
        self._own: OrderedDict[str, float] = OrderedDict()

    async def take(self, signature: str) -> bool:
        """Take it; False where it was taken before."""
        key, now = _key(signature), time.monotonic()
        while self._own and (
            len(self._own) >= MOST_REMEMBERED or now - next(iter(self._own.values())) > KEPT_S
        ):
            self._own.popitem(last=False)
        if key in self._own:
            return False
        self._own[key] = now
        try:
            return bool(await self._valkey.run(_TAKE, keys=(key,), args=(KEPT_S,)))
        except UnavailableError:
            _log.warning("redis away: only this process knows which of Slack's requests it has taken")
            return True

    async def give_back(self, signature: str) -> None:
        """What it came with could not be kept; it may come again."""
        self._own.pop(_key(signature), None)
        try:
            await self._valkey.run(_GIVE_BACK, keys=(_key(signature),), args=())
        except UnavailableError:
            _log.warning("redis away: what Slack brings again is refused by the other bots")


def _key(signature: str) -> str:
    return f"slack:taken:{hashlib.sha256(signature.encode()).hexdigest()}"
