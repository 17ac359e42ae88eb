"""Somebody's Home tab (pure)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.answering.quota import Level
from bot.home.acts import PREFIX
from bot.home.languages import AS_ASKED, LANGUAGES, kept_language, language_options, shown_language
from bot.home.overview import AWAY, Facts, overview
from bot.home.pieces import beside, bounded, button, buttons, choice, divider, header, lines
from bot.slack.levels import level_line
from bot.slack.mrkdwn import Block, linked, moment, section, small_print
from wire.preferences import PersonalPreferences, RecentQuestion
from wire.sync_words import ago

ASK, LANGUAGE, CACHED, MUTED = "ask", "language", "cached", "muted"
REFRESH, FORGET = "refresh", "forget"
RECENT_SHOWN = 5
BLOCKS_AT_MOST = 100
"""docs.slack.dev, Home tab."""
_CACHED = {"yes": "May be used", "no": "Write anew"}
_MUTED = {"no": "Without a mention", "yes": "With a mention"}

_INTRO = (
    "Ask me in the *Messages* tab, mention me in a channel, or type `/ask`. I answer from the company's "
    "documents, and show where it stands."
)
_FOR_ADMINS = "*For admins.* What you do here is noted in the audit log."
FORGET_SURE = (
    "I erase your settings, your last questions and what else I keep about you. Messages in Slack stay "
    "where they are."
)


@dataclass(frozen=True, kw_only=True)
class Page:
    """What a person's Home tab is made of; None where it can't be told right now.

    Attributes:
        levels: how far their quotas have been drawn.
        recent: their last questions, each with the address of its answer.
        admin: what admins see besides; None for everybody else.
    """

    levels: Sequence[Level] | None
    recent: Sequence[tuple[RecentQuestion, str | None]] | None
    preferences: PersonalPreferences | None
    admin: Facts | None = None


def home(page: Page, *, now: datetime) -> Block:
    """The view, as views.publish takes it."""
    blocks = [
        section(_INTRO),
        buttons(button("Ask a question", PREFIX + ASK, style="primary")),
        header("Your last questions"),
        *lines(_recent(page.recent, now=now)),
        header("What you have used"),
        *lines(_used(page.levels)),
        header("Settings"),
        *_settings(page.preferences),
        buttons(
            button("Refresh", PREFIX + REFRESH),
            button("Forget me", PREFIX + FORGET, style="danger", sure=FORGET_SURE),
        ),
        small_print(f"Only you see this page. It is as of {moment(now)}."),
        *([] if page.admin is None else [divider(), section(_FOR_ADMINS), *overview(page.admin, now=now)]),
    ]
    return {"type": "home", "blocks": bounded(blocks, most=BLOCKS_AT_MOST, last=small_print("…"))}


def preferred(before: PersonalPreferences, *, setting: str, value: str) -> PersonalPreferences:
    """What holds once somebody has chosen this."""
    match setting:
        case "language" if value in (AS_ASKED, *LANGUAGES):
            return before.model_copy(update={"language": kept_language(value)})
        case "cached":
            return before.model_copy(update={"cached": value != "no"})
        case "muted":
            return before.model_copy(update={"muted": value == "yes"})
    return before


def _recent(recent: Sequence[tuple[RecentQuestion, str | None]] | None, *, now: datetime) -> list[str]:
    if recent is None:
        return [AWAY]
    shown = [
        f"• {linked(asked.question, link)}  ·  {ago(asked.asked_at, now=now)}"
        for asked, link in recent[:RECENT_SHOWN]
    ]
    return shown or ["You have asked nothing yet."]


def _used(levels: Sequence[Level] | None) -> list[str]:
    if levels is None:
        return [AWAY]
    return [level_line(level) for level in levels] or ["There is no limit to what you may ask."]


def _settings(preferences: PersonalPreferences | None) -> list[Block]:
    if preferences is None:
        return [section(AWAY)]
    languages = language_options(as_asked="As I ask")
    return [
        beside(
            "*Language*\nof answers in our direct messages",
            choice(PREFIX + LANGUAGE, languages, shown_language(preferences.language), hint="Language"),
        ),
        beside(
            "*Earlier answers*\nif nothing behind them has changed",
            choice(PREFIX + CACHED, _CACHED, "yes" if preferences.cached else "no", hint="Earlier answers"),
        ),
        beside(
            "*Follow-ups*\nof yours, in threads that I take part in",
            choice(PREFIX + MUTED, _MUTED, "yes" if preferences.muted else "no", hint="Follow-ups"),
        ),
    ]
