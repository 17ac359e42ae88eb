"""Tells that a quota runs low: admins of what many share, and each person of their own."""

import asyncio

from bot.home.admins import Admins
from bot.home.ports import Board
from bot.slack.commands import said
from bot.slack.mrkdwn import escaped
from bot.slack.view import Payload
from wire.errors import AnswerdeskError
from wire.quotas import QuotaLow

WRITE_EVERY_S = 1.0
"""A burst of messages to many people is what Slack takes for spam."""
KEY = "key:"
"""Begins the name of a program that asks by a key of its own."""
_SHARED = (
    "Once they are gone, only answers of before are given. Whoever runs Answerdesk here can set another limit"
)
_SPANS = {"day": "today", "month": "this month"}


class WarningOfQuotas:
    """Writes direct messages; the news comes once for each quota and each day or month of it."""

    def __init__(self, *, admins: Admins, board: Board) -> None:
        self._admins = admins
        self._board = board

    async def tell(self, low: QuotaLow) -> None:
        """Write to whom it concerns.

        Raises:
            AnswerdeskError: Slack does not say who that is, or takes no message at all.
        """
        _, _, user = low.name.partition(":")
        own = low.scope == "person" and not low.name.startswith(KEY)
        people = (user,) if own else await self._admins.everybody()
        shown = warning(low, own=own)
        failed: AnswerdeskError | None = None
        for person in people:
            try:
                channel = await self._board.open_direct(user=person)
                await self._board.write(channel=channel, shown=shown)
            except AnswerdeskError as error:
                failed = error
            await asyncio.sleep(WRITE_EVERY_S)
        if failed is not None:
            raise failed


def warning(low: QuotaLow, *, own: bool) -> Payload:
    """How much is gone, and what comes of it."""
    whose = {
        "person": f"`{escaped(low.name)}` has",
        "group": f"The group `{escaped(low.name)}` has",
        "workspace": "The company has",
    }
    who = "You have" if own else whose[low.scope]
    gone = f"{who} used {low.used / low.limit:.0%} of {low.limit:,} tokens for {_SPANS[low.period]}"
    then = "Once they are gone I answer only what I have answered before" if own else _SHARED
    return said(f":warning: {gone}. {then}.")
