"""Answers on record in Redis or Valkey: a list of events, who may read it, and a lease of who writes it."""

from collections.abc import Sequence

from bot.answering.valkey_connection import Valkey
from bot.web.readable import Whose
from bot.web.records import News, Told
from wire.errors import MalformedError
from wire.shapes import read_shape

LEASE_MS = 5_000
"""A writer gives a sign once a second at least; four may fail in a row."""
READ_MS = 3_000
"""Who reads looks five times a second."""
KEPT_MS = 60_000
"""After the last sign, as long as an answer can be read in the process that wrote it."""

_TELL = """
local kept = redis.call('LLEN', KEYS[1])
local since = tonumber(ARGV[5])
if kept >= since then
  for index = 6 + kept - since, #ARGV do kept = redis.call('RPUSH', KEYS[1], ARGV[index]) end
end
redis.call('PEXPIRE', KEYS[1], ARGV[4])
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[4])
redis.call('SET', KEYS[3], ARGV[2], 'PX', ARGV[3])
return {kept, redis.call('EXISTS', KEYS[4]), redis.call('EXISTS', KEYS[5])}
"""

_FOLLOW = """
redis.call('SET', KEYS[3], 1, 'PX', ARGV[2])
return {redis.call('GET', KEYS[2]), redis.call('LRANGE', KEYS[1], ARGV[1], -1)}
"""

_STOP = """
redis.call('SET', KEYS[1], 1, 'PX', ARGV[1])
return 1
"""


class ValkeyRecords:
    """Keeps the record of answers that are read over HTTP."""

    def __init__(self, connection: Valkey, *, lease_ms: int = LEASE_MS) -> None:
        self._connection = connection
        self._lease_ms = lease_ms

    async def tell(self, name: str, *, whose: Whose, events: Sequence[str], since: int, ended: bool) -> Told:
        """Put events on record, and give a sign of life.

        Raises:
            UnavailableError: no answer from the server.
        """
        kept, read, stop = await self._connection.run(
            _TELL,
            keys=[_key(name, part) for part in ("events", "whose", "state", "read", "stop")],
            args=[
                whose.to_json().decode(),
                "ended" if ended else "written",
                KEPT_MS if ended else self._lease_ms,
                KEPT_MS,
                since,
                *events,
            ],
        )
        return Told(kept=kept, read=bool(read), stop=bool(stop))

    async def whose(self, name: str) -> Whose | None:
        """Who may read an answer; a record of another release's shape counts as none.

        Raises:
            UnavailableError: no answer from the server.
        """
        whose = await self._connection.get(_key(name, "whose"))
        try:
            return None if whose is None else read_shape(Whose, whose)
        except MalformedError:
            return None

    async def follow(self, name: str, *, since: int) -> News:
        """What comes after so many events.

        Raises:
            UnavailableError: no answer from the server.
        """
        state, events = await self._connection.run(
            _FOLLOW,
            keys=[_key(name, part) for part in ("events", "state", "read")],
            args=[since, READ_MS],
        )
        return News(events=tuple(events), state=state or "left")

    async def stop(self, name: str) -> None:
        """Have it end.

        Raises:
            UnavailableError: no answer from the server.
        """
        await self._connection.run(_STOP, keys=[_key(name, "stop")], args=[KEPT_MS])


def _key(name: str, part: str) -> str:
    return f"answerdesk:{{answer:{name}}}:{part}"
