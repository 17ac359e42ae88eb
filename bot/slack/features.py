"""What a workspace turns out not to have: it is asked for again only after a while."""

import time
from collections import Counter

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
        "team_access_not_granted",
    }
)
"""Slack's no's that say what a workspace, or an app's set-up, can't do at all."""
DOUBTFUL = frozenset({"invalid_arguments", "invalid_chunks", "channel_type_not_supported"})
"""What may be for this one call's content, or for its place."""
DOUBTS_AT_MOST = 3
"""One after another: then it is for neither."""

_log = structlog.get_logger("slack")


class Features:
    """One workspace's."""

    def __init__(self) -> None:
        self._away_until: dict[str, float] = {}
        self._doubts: Counter[str] = Counter()

    def has(self, what: str) -> bool:
        """Whether it is worth asking for."""
        return time.monotonic() >= self._away_until.get(what, 0.0)

    def worked(self, what: str) -> None:
        """It is there."""
        self._doubts.pop(what, None)

    def refused(self, what: str, error: AnswerdeskError) -> None:
        """Slack said no to it this time; for good, if it is for want of the thing itself."""
        reason = error.reason if isinstance(error, SlackRefusedError) else ""
        self._doubts[what] += reason in DOUBTFUL
        if reason in NO_FEATURE or self._doubts[what] >= DOUBTS_AT_MOST:
            self.worked(what)
            self._away_until[what] = time.monotonic() + AWAY_FOR_S
            _log.warning("this workspace does without", what=what, reason=reason)
        else:
            _log.info("not this time", what=what, reason=str(error))
