"""Answers being written, in Redis or Valkey: a lease for each key, and a list of events for each writing.

Telling renews the lease. A writer that is silent for longer than the lease has died, and whoever boards
next writes. After the end both stay for a moment, so that who was a little later than the rest joins too.
"""

import secrets
from collections.abc import Sequence
from typing import Literal

from bot.answering.flights import EVENT, Flight, News
from bot.answering.valkey_connection import Valkey
from wire.answers import AnswerEvent
from wire.shapes import read_shape

LEASE_MS = 5_000
"""A writer tells something once a second at least; four may fail in a row."""
FOLLOWED_MS = 3_000
"""Who reads along looks five times a second."""
ENDED_MS = 2_000
KEPT_MS = 60_000
"""Events are kept for so long after the last of them, for those who still read."""
MOST_EVENTS = 2_000
"""An answer of the default length has some 600, at five a second for two minutes; beyond, nobody can join."""

_PREFIX = "answerdesk:{flights}:"
_TOLD: tuple[Literal["lost", "alone", "followed"], ...] = ("lost", "alone", "followed")

_BOARD = """
local lease = redis.call('GET', KEYS[1])
if lease then return lease end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return ARGV[1]
"""

_TELL = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
for index = 5, #ARGV do redis.call('RPUSH', KEYS[2], ARGV[index]) end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('PEXPIRE', KEYS[2], ARGV[3])
if redis.call('LLEN', KEYS[2]) > tonumber(ARGV[4]) then redis.call('DEL', KEYS[1]) end
return redis.call('EXISTS', KEYS[3]) + 1
"""

_LEAVE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1
"""

_FOLLOW = """
local alive = redis.call('GET', KEYS[1]) == ARGV[1] and 1 or 0
redis.call('SET', KEYS[3], 1, 'PX', ARGV[3])
return {alive, redis.call('LRANGE', KEYS[2], ARGV[2], -1)}
"""


class ValkeyFlights:
    """Keeps the record of answers being written."""

    def __init__(self, connection: Valkey, *, lease_ms: int = LEASE_MS) -> None:
        self._connection = connection
        self._lease_ms = lease_ms

    async def board(self, key: str) -> Flight:
        """The flight under this key, ours if there was none.

        Raises:
            UnavailableError: no answer from the server.
        """
        own = secrets.token_hex(8)
        run = await self._connection.run(_BOARD, keys=[_lease(key)], args=[own, self._lease_ms])
        return Flight(key=key, run=run, ours=run == own)

    async def tell(
        self, flight: Flight, events: Sequence[AnswerEvent], *, ended: bool = False
    ) -> Literal["lost", "alone", "followed"]:
        """Put our events on record and give a sign of life.

        Raises:
            UnavailableError: no answer from the server.
        """
        told = await self._connection.run(
            _TELL,
            keys=[_lease(flight.key), _events(flight), _followed(flight)],
            args=[
                flight.run,
                ENDED_MS if ended else self._lease_ms,
                KEPT_MS,
                MOST_EVENTS,
                *(event.to_json().decode() for event in events),
            ],
        )
        return _TOLD[int(told)]

    async def leave(self, flight: Flight) -> None:
        """Give our flight up.

        Raises:
            UnavailableError: no answer from the server.
        """
        await self._connection.run(_LEAVE, keys=[_lease(flight.key)], args=[flight.run])

    async def follow(self, flight: Flight, *, since: int) -> News:
        """What has been told, and whether more may come.

        Raises:
            UnavailableError: no answer from the server.
        """
        alive, events = await self._connection.run(
            _FOLLOW,
            keys=[_lease(flight.key), _events(flight), _followed(flight)],
            args=[flight.run, since, FOLLOWED_MS],
        )
        return News(events=tuple(read_shape(EVENT, event) for event in events), alive=bool(alive))


def _lease(key: str) -> str:
    return f"{_PREFIX}{key}"


def _events(flight: Flight) -> str:
    return f"{_PREFIX}{flight.key}:{flight.run}"


def _followed(flight: Flight) -> str:
    return f"{_PREFIX}{flight.key}:{flight.run}:followed"
