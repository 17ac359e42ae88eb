"""What is allowed while the quotas can't be reached: neither a free-for-all nor a dead bot."""

import contextlib
from collections.abc import Callable
from datetime import datetime

import structlog

from bot.answering.quota import Asker, Quota, Reservation, utc_now
from bot.answering.sentences import no_allowance
from wire.errors import UnavailableError

ALLOWANCE_TOKENS = 200_000
"""What one process may use a day without quotas: with the default budgets, the whole prompt and the
longest answer of 14 questions, or some 60 usual ones."""

_log = structlog.get_logger("quota")


class Allowance:
    """The quota, and where it is away a bounded number of tokens a day for all askers of this process.

    What is used so is not charged to anybody later.
    """

    def __init__(
        self,
        quota: Quota,
        *,
        tokens_per_day: int = ALLOWANCE_TOKENS,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._quota = quota
        self._tokens_per_day = tokens_per_day
        self._now = now
        self._day = ""
        self._used = 0
        self._held: dict[str, tuple[str, int]] = {}

    async def admit(self, asker: Asker) -> None:
        """As the quota does; where it is away nobody is counted, since a question costs nothing yet.

        Raises:
            RefusedError: this person asks too fast.
        """
        with contextlib.suppress(UnavailableError):
            await self._quota.admit(asker)

    async def reserve(self, asker: Asker, *, key: str, tokens: int) -> Reservation:
        """Set tokens aside.

        Raises:
            RefusedError: one of the asker's quotas or the process's allowance is used up.
        """
        try:
            return await self._quota.reserve(asker, key=key, tokens=tokens)
        except UnavailableError:
            return self._reserve_here(key=key, tokens=tokens)

    async def renew(self, reservation: Reservation, *, used: int) -> None:
        """As the quota does; there is nothing to renew here, since the allowance dies with the process."""
        if reservation.key not in self._held:
            await self._quota.renew(reservation, used=used)

    async def settle(self, reservation: Reservation, *, used: int) -> None:
        """Charge what was used, to whichever it was set aside from."""
        if reservation.key not in self._held:
            await self._quota.settle(reservation, used=used)
            return
        day, _ = self._held.pop(reservation.key)
        if day == self._day:
            self._used += used

    def _reserve_here(self, *, key: str, tokens: int) -> Reservation:
        day = self._now().date().isoformat()
        if day != self._day:
            self._day, self._used = day, 0
        if self._used + sum(held for _, held in self._held.values()) + tokens > self._tokens_per_day:
            raise no_allowance()
        _log.warning("quota is away; the process's allowance is used", used=self._used)
        self._held[key] = (day, tokens)
        return Reservation(key=key, pots=(), tokens=tokens)
