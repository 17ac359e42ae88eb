"""What admins look at: sources, failures, quotas, questions without an answer, feedback (pure)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.answering.quota import Level
from bot.home.acts import PREFIX
from bot.home.failure_view import FAILURES
from bot.home.pieces import beside, button, header, lines
from bot.home.resync_view import source_rows
from bot.slack.levels import level_line
from bot.slack.mrkdwn import Block, escaped, section, short, small_print
from wire.feedback import NO_SOURCE, SourceFeedback
from wire.gaps import GapGroup, GapList
from wire.preferences import ChannelPreferences
from wire.sync import SourceStatus
from wire.sync_words import ago

SOURCES_SHOWN = 20
CHANNELS_SHOWN = 10
GAPS_SHOWN = 8
RATED_SHOWN = 8
LEVELS_SHOWN = 10
AWAY = "_This can't be told right now._"


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known at this moment; None where it can't be told.

    Attributes:
        failures: how many documents could not be indexed.
        channels: those that an admin has set up, by id.
        levels: of the groups' quotas and the workspace's.
    """

    sources: Sequence[SourceStatus] | None = None
    failures: int | None = None
    channels: Mapping[str, ChannelPreferences] | None = None
    levels: Sequence[Level] | None = None
    gaps: GapList | None = None
    feedback: Sequence[SourceFeedback] | None = None


def overview(facts: Facts, *, now: datetime) -> list[Block]:
    """All of it, in fewer than 50 blocks."""
    return [
        header("Sources"),
        *_sources(facts, now=now),
        header("Channels with settings of their own"),
        *lines(_channels(facts.channels)),
        header("Quotas"),
        *lines(_quotas(facts.levels)),
        header("Questions without an answer"),
        *_gaps(facts.gaps, now=now),
        header("Feedback of the last 30 days"),
        *lines(_feedback(facts.feedback)),
    ]


def _sources(facts: Facts, *, now: datetime) -> list[Block]:
    if facts.sources is None:
        return [section(AWAY)]
    rows = source_rows(facts.sources, now=now, most=SOURCES_SHOWN)
    none = section("None is configured yet: `answerdesk.example.toml` shows how one is.")
    return [*(rows or [none]), _failed(facts)]


def _failed(facts: Facts) -> Block:
    if not facts.failures:
        text = "Every document that was announced could be indexed."
        return small_print(text if facts.failures == 0 else AWAY)
    number = "1 document" if facts.failures == 1 else f"{facts.failures:,} documents"
    return beside(f":warning: *{number}* could not be indexed.", button("Look at them", PREFIX + FAILURES))


def _channels(channels: Mapping[str, ChannelPreferences] | None) -> list[str]:
    if channels is None:
        return [AWAY]
    shown = [f"• <#{channel}>: {_set_up(each)}" for channel, each in sorted(channels.items())]
    more = len(shown) - CHANNELS_SHOWN
    rest = [f"… and {more} more"] if more > 0 else []
    return [*shown[:CHANNELS_SHOWN], *rest] or ["None; `/answerdesk channel` in one sets it up."]


def _set_up(preferences: ChannelPreferences) -> str:
    also = f"also reads what {', '.join(preferences.principals)} may"
    parts = [f"only {', '.join(preferences.sources)}"] if preferences.sources else []
    parts += [also] if preferences.principals else []
    parts += ["an instruction to the model"] if preferences.instruction else []
    parts += [f"answers in {preferences.language}"] if preferences.language else []
    parts += ["follow-ups with a mention"] if preferences.mention_only else []
    return escaped(short("; ".join(parts), 250))


def _quotas(levels: Sequence[Level] | None) -> list[str]:
    if levels is None:
        return [AWAY]
    none = "None is shared; each person may have one all the same."
    return [level_line(level) for level in levels[:LEVELS_SHOWN]] or [none]


def _gaps(gaps: GapList | None, *, now: datetime) -> list[Block]:
    if gaps is None:
        return [section(AWAY)]
    if not gaps.gaps:
        return [section("Every question so far has found one.")]
    shown = [_gap(group, now=now) for group in gaps.gaps[:GAPS_SHOWN]]
    more = len(gaps.gaps) - len(shown)
    rest = f"… and {more:,} more: `answerdesk gaps` lists them all. " if more > 0 else ""
    told = small_print(f"{rest}Most wanted first; who asked is left out.")
    return [*lines(shown), told]


def _gap(group: GapGroup, *, now: datetime) -> str:
    who = "1 person" if group.people == 1 else f"{group.people} people"
    near = group.nearest[0] if group.nearest else None
    # Its title is the asker's to read, and need not be this admin's.
    where = f", nearest in {escaped(near.source)}" if near else ""
    question = escaped(short(group.question, 140))
    return f"• *{question}*\n    {who}, last {ago(group.last_asked_at, now=now)}{where}"


def _feedback(feedback: Sequence[SourceFeedback] | None) -> list[str]:
    if feedback is None:
        return [AWAY]
    shown = [
        f"• {_rated(each.source)}: {each.unhelpful} not helpful, {each.helpful} helpful"
        for each in feedback[:RATED_SHOWN]
    ]
    return shown or ["Nobody has said anything of an answer yet."]


def _rated(source: str) -> str:
    return "answers that showed no document" if source == NO_SOURCE else f"*{escaped(source)}*"
