"""Tokens set aside while an answer is written, and charged when it ends, whatever way it ends."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import structlog

from bot.answering.quota import Asker, Quota, Reservation
from wire.errors import UnavailableError

RENEW_EVERY_S = 5.0
"""A sixth of the lease: five renewals may fail in a row."""
SETTLED_WITHIN_S = 2.0

_log = structlog.get_logger("quota")


class Charging:
    """Keeps reservations alive and settles them."""

    def __init__(self, quota: Quota, *, renew_every_s: float = RENEW_EVERY_S) -> None:
        self._quota = quota
        self._renew_every_s = renew_every_s
        self._settling: set[asyncio.Task[None]] = set()

    async def admit(self, asker: Asker) -> None:
        """Count a question.

        Raises:
            RefusedError: this person asks too fast.
            UnavailableError: nobody can tell.
        """
        await self._quota.admit(asker)

    @asynccontextmanager
    async def charged(
        self, asker: Asker, *, key: str, tokens: int, used: Callable[[], int]
    ) -> AsyncIterator[None]:
        """Set tokens aside for as long as the block lasts, then charge what was used, even if cancelled.

        Args:
            asker: whose tokens.
            key: names this run.
            tokens: how many at most.
            used: how many so far.

        Raises:
            RefusedError: there are not enough.
            UnavailableError: nobody can tell.
        """
        reservation = await self._quota.reserve(asker, key=key, tokens=tokens)
        renewing = asyncio.create_task(self._renew(reservation, used))
        try:
            yield
        finally:
            renewing.cancel()
            settling = asyncio.create_task(self._settle(reservation, used()))
            self._settling.add(settling)
            settling.add_done_callback(self._settling.discard)
            # A cancelled answer is charged all the same: the task goes on when this wait is cut short.
            await asyncio.shield(settling)

    async def settled(self) -> None:
        """Wait, for 2 s at most, until all charges are made; to be called before connections close."""
        if self._settling:
            await asyncio.wait(self._settling, timeout=SETTLED_WITHIN_S)

    async def _renew(self, reservation: Reservation, used: Callable[[], int]) -> None:
        while True:
            await asyncio.sleep(self._renew_every_s)
            with contextlib.suppress(UnavailableError):
                await self._quota.renew(reservation, used=used())

    async def _settle(self, reservation: Reservation, used: int) -> None:
        try:
            await self._quota.settle(reservation, used=used)
        except UnavailableError:
            _log.warning("an answer will be charged later", tokens=used)
