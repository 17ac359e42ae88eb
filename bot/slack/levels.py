"""How far quotas have been drawn, in words and a bar (pure)."""

from bot.answering.quota import Level
from bot.slack.mrkdwn import escaped, moment

CELLS = 10
_SPANS = {"day": "today", "month": "this month"}


def level_line(level: Level) -> str:
    """Whose quota it is, a bar, and the numbers."""
    pot, taken = level.pot, level.used + level.reserved
    share = taken / pot.limit if pot.limit else 0.0
    group = f"Group {escaped(pot.name)}"
    whose = {"person": "You", "group": group, "workspace": "The whole company"}[pot.scope]
    return (
        f"*{whose}*  {bar(share)}  {share:.0%}\n"
        f"{taken:,} of {pot.limit:,} tokens {_SPANS[pot.period]}; starts afresh {moment(pot.resets_at)}"
    )


def bar(share: float) -> str:
    """How far something is, from 0 to 1."""
    full = round(min(max(share, 0.0), 1.0) * CELLS)
    return "\N{BLACK PARALLELOGRAM}" * full + "\N{WHITE PARALLELOGRAM}" * (CELLS - full)
