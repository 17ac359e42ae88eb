"""Trigger ids: what an interaction hands the app so that it may open a view, once and within 3 s. Pure."""

import uuid
from collections import OrderedDict

from sandbox.errors import SlackError

VALID_S = 3.0
"""Slack's time from the interaction to the view (its page on modals)."""
MOST_KEPT = 1_000


class Triggers:
    """Those that are out, and those that were used."""

    def __init__(self) -> None:
        self._issued: OrderedDict[str, tuple[str, float, bool]] = OrderedDict()

    def issue(self, user: str, *, now_s: float) -> str:
        """A new one, in Slack's form."""
        trigger = f"{int(now_s)}.{uuid.uuid4().int % 10**10}.{uuid.uuid4().hex}"
        self._issued[trigger] = (user, now_s, False)
        if len(self._issued) > MOST_KEPT:
            self._issued.popitem(last=False)
        return trigger

    def redeem(self, trigger: str, *, now_s: float) -> str:
        """Use one: gives the person whose interaction it was.

        Raises:
            SlackError: ``invalid_trigger_id``, ``exchanged_trigger_id``, ``expired_trigger_id``.
        """
        if trigger not in self._issued:
            raise SlackError("invalid_trigger_id")
        user, issued_s, used = self._issued[trigger]
        if used:
            raise SlackError("exchanged_trigger_id")
        if now_s - issued_s > VALID_S:
            raise SlackError("expired_trigger_id")
        self._issued[trigger] = (user, issued_s, True)
        return user
