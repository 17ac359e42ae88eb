"""How a channel's settings look, as a modal, and what was typed into it (pure)."""

import re
from collections.abc import Mapping, Sequence

from pydantic import ValidationError

from bot.home.acts import PREFIX, Submission
from bot.home.languages import AS_ASKED, LANGUAGES, kept_language, language_options, shown_language
from bot.home.pieces import choice, lines, modal, plain
from bot.slack.mrkdwn import Block, escaped, section, short, small_print
from wire.preferences import (
    INSTRUCTION_CHARS,
    MAPPED_AT_MOST,
    SOURCES_AT_MOST,
    ChannelPreferences,
    check_mappable,
)

CHANNEL = "channel"
TITLE = "Channel settings"
SOURCES, PRINCIPALS, INSTRUCTION, MENTION_ONLY = "sources", "principals", "instruction", "mention_only"
LANGUAGE = "language"
SHOWN_CHARS = 550
"""Which fit into a paragraph even if each of them has to be escaped."""
_SEPARATORS = re.compile(r"[\s,;]+")
_AS_ASKED = "As the question"
_LANGUAGE_HINT = "Of answers, for everybody here. What I say besides stays English."
_ONLY = {"text": plain("Answer only who mentions me"), "value": "yes"}
_ONLY_HINT = "Otherwise a follow-up in a thread that I take part in needs no mention."
_PRINCIPALS_HINT = (
    "Everybody in this channel then reads it in my answers. User groups by their id (group:S0123ABCD), "
    "directory:finance, or channel:C0123ABCD."
)
_INSTRUCTION_HINT = "Such as: answer for engineers, and name the runbook. My own rules stand above it."


def channel_modal(channel: str, preferences: ChannelPreferences, *, sources: Sequence[str]) -> Block:
    """What is set, to be changed; without the names of sources that choice stays as it is."""
    mapped, told_model = "\n".join(preferences.principals), preferences.instruction
    fields = [
        *([_sources(preferences, sources)] if sources else []),
        _text(PRINCIPALS, "Also answer from what these may read", mapped, _PRINCIPALS_HINT),
        _text(INSTRUCTION, "Instruction to the model", told_model, _INSTRUCTION_HINT, most=INSTRUCTION_CHARS),
        _language(preferences),
        _mention_only(preferences),
    ]
    blocks = [section(f"How I answer in <#{channel}>, for everybody there."), *fields]
    return modal(TITLE, blocks, name=PREFIX + CHANNEL, about=channel, submit="Save")


def read_channel(
    submitted: Submission, before: ChannelPreferences
) -> tuple[ChannelPreferences, Mapping[str, str]]:
    """What is wanted, and what is wrong with it, by field."""
    words = [word for word in _SEPARATORS.split(submitted.text(PRINCIPALS)) if word]
    problems: dict[str, str] = {}
    for word in words:
        try:
            check_mappable(word)
        except ValueError as error:
            problems[PRINCIPALS] = f"{word}: {error}"
    if len(words) > MAPPED_AT_MOST:
        problems[PRINCIPALS] = f"No more than {MAPPED_AT_MOST}, please."
    if problems:
        return before, problems
    chosen = submitted.chosen(SOURCES) if SOURCES in submitted.fields else before.sources
    try:
        wanted = ChannelPreferences(
            sources=chosen or None,
            principals=tuple(dict.fromkeys(words)),
            instruction=submitted.text(INSTRUCTION),
            language=kept_language(submitted.picked(LANGUAGE)),
            mention_only=bool(submitted.chosen(MENTION_ONLY)),
        )
    except ValidationError:
        return before, {INSTRUCTION: f"No more than {INSTRUCTION_CHARS} characters, please."}
    return wanted, {}


def saved(channel: str, preferences: ChannelPreferences) -> Block:
    """What holds from now on."""
    set_now = [
        f"*Sources*: {short(', '.join(preferences.sources or ('all',)), SHOWN_CHARS)}",
        f"*Also answered from*: {_listed(preferences.principals)}",
        f"*Instruction*: {escaped(short(preferences.instruction, SHOWN_CHARS)) or 'none'}",
        f"*Language*: {LANGUAGES.get(preferences.language or '', _AS_ASKED.lower())}",
        f"*Follow-ups*: {'only with a mention' if preferences.mention_only else 'need no mention'}",
    ]
    blocks = [
        section(f":white_check_mark: Saved. From the next question on, in <#{channel}>:"),
        *lines(set_now),
        small_print("In a channel with guests or other companies I still search only what is for them."),
    ]
    return modal(TITLE, blocks)


def told(preferences: ChannelPreferences) -> dict[str, str]:
    """What the audit log keeps of it: who may read, and no words."""
    return {
        "sources": " ".join(preferences.sources or ("all",)),
        "principals": " ".join(preferences.principals) or "none",
        "instruction": f"{len(preferences.instruction)} characters",
        "language": preferences.language or AS_ASKED,
        "mention_only": "yes" if preferences.mention_only else "no",
    }


def _listed(principals: Sequence[str]) -> str:
    return escaped(short(", ".join(principals), SHOWN_CHARS)) or "nothing besides"


def _sources(preferences: ChannelPreferences, sources: Sequence[str]) -> Block:
    names = list(dict.fromkeys([*(preferences.sources or ()), *sources]))[:SOURCES_AT_MOST]
    options = [{"text": plain(name), "value": name} for name in names]
    element: Block = {
        "type": "multi_static_select",
        "action_id": PREFIX + SOURCES,
        "placeholder": plain("All sources"),
        "options": options,
    }
    if preferences.sources:
        element["initial_options"] = [each for each in options if each["value"] in preferences.sources]
    return _input(SOURCES, "Search only", element, "None chosen: all that is there, and whatever comes.")


def _text(block: str, label: str, initial: str, hint: str, *, most: int = 2_000) -> Block:
    element: Block = {
        "type": "plain_text_input",
        "action_id": PREFIX + block,
        "multiline": True,
        "max_length": most,
    }
    if initial:
        element["initial_value"] = initial
    return _input(block, label, element, hint)


def _language(preferences: ChannelPreferences) -> Block:
    options = language_options(as_asked=_AS_ASKED)
    element = choice(PREFIX + LANGUAGE, options, shown_language(preferences.language), hint="Language")
    return _input(LANGUAGE, "Language", element, _LANGUAGE_HINT)


def _mention_only(preferences: ChannelPreferences) -> Block:
    element: Block = {"type": "checkboxes", "action_id": PREFIX + MENTION_ONLY, "options": [_ONLY]}
    if preferences.mention_only:
        element["initial_options"] = [_ONLY]
    return _input(MENTION_ONLY, "Follow-ups", element, _ONLY_HINT)


def _input(block: str, label: str, element: Block, hint: str) -> Block:
    return {
        "type": "input",
        "block_id": block,
        "optional": True,
        "label": plain(label),
        "element": element,
        "hint": plain(hint),
    }
