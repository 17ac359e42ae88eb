"""What a workspace turns out not to have: it is asked for again only after a while."""

import time

import structlog

from bot.slack.ports import SlackRefusedError
from wire.errors import AnswerdeskError

AWAY_FOR_S = 3_600.0
"""Somebody may install the app anew, or Slack switch it on."""
NO_FEATURE = frozenset(
    {
        "unknown_method",
        "method_deprecated",
        "feature_disabled",
        "feature_not_enabled",
        "not_allowed_token_type",
        "missing_scope",
        "not_agent_app",
        "channel_type_not_supported",
        "team_access_not_granted",
        "invalid_arguments",
        "invalid_chunks",
    }
)
"""Slack's no's that say what a workspace, or an app's set-up, can't do at all."""

_log = structlog.get_logger("slack")


class Features:
    """One workspace's."""

    def __init__(self) -> None:
        self._away_until: dict[str, float] = {}

    def has(self, what: str) -> bool:
        """Whether it is worth asking for."""
        return time.monotonic() >= self._away_until.get(what, 0.0)

    def refused(self, what: str, error: AnswerdeskError) -> None:
        """Slack said no to it this time; for good, if it is for want of the thing itself."""
        if isinstance(error, SlackRefusedError) and error.reason in NO_FEATURE:
            self._away_until[what] = time.monotonic() + AWAY_FOR_S
            _log.warning("this workspace does without", what=what, reason=error.reason)
        else:
            _log.info("not this time", what=what, reason=str(error))
