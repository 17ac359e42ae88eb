"""A prompt as the Messages API takes it."""

import base64
import itertools
import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast

from anthropic import Omit, omit
from anthropic.types import (
    Base64ImageSourceParam,
    ImageBlockParam,
    MessageParam,
    SearchResultBlockParam,
    TextBlockParam,
    ThinkingConfigParam,
)

from bot.answering.claude_models import ClaudeFacts
from bot.answering.files import Picture
from bot.answering.model_features import ModelFeatures
from bot.answering.prompt import (
    Prompt,
    file_text,
    numbered_text,
    picture_text,
    result_blocks,
    result_title,
    turn_text,
)

Role = Literal["user", "assistant"]
_Block = SearchResultBlockParam | TextBlockParam | ImageBlockParam


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a prompt is for the API, however it is asked; ``results`` are the passages' blocks."""

    system: list[TextBlockParam]
    messages: list[MessageParam]
    thinking: ThinkingConfigParam | Omit
    results: list[tuple[str, ...]]


def request_of(prompt: Prompt, features: ModelFeatures, facts: ClaudeFacts) -> Request:
    """What is sent to a server that has these features, of a model of which this is known."""
    results = [result_blocks(passage) for passage in prompt.passages]
    system = _text(prompt.system if features.citations else prompt.numbered_system)
    return Request(
        system=[_kept(system) if features.prompt_caching else system],
        messages=_messages(prompt, results, features=features),
        thinking=(_thinking(facts) if features.thinking else None) or omit,
        results=results,
    )


def source_id(place: int) -> str:
    """Opaque: a model that never sees an address can't be talked into passing one on."""
    return f"result-{place + 1}"


def _thinking(facts: ClaudeFacts) -> ThinkingConfigParam | None:
    if facts.thinking == "between_tools":
        return {"type": "between_tools"}
    return {"type": "disabled"} if facts.thinking else None


def _messages(
    prompt: Prompt, results: Sequence[tuple[str, ...]], *, features: ModelFeatures
) -> list[MessageParam]:
    """The conversation, what was found, files, and the question; roles alternate and begin with the user."""
    turns = itertools.dropwhile(lambda turn: turn.role == "assistant", prompt.turns)
    blocks: list[tuple[Role, _Block]] = [(turn.role, _text(turn_text(turn))) for turn in turns]
    for place, (passage, texts) in enumerate(zip(prompt.passages, results, strict=True)):
        title = result_title(passage, outdated=prompt.outdated)
        cited = features.citations
        found = _search_result(place, title, texts) if cited else _text(numbered_text(place, title, texts))
        blocks.append(("user", found))
    blocks += [("user", _text(file_text(file))) for file in prompt.texts]
    if features.images:
        blocks += [("user", block) for picture in prompt.pictures for block in _seen(picture)]
    blocks.append(("user", _text(prompt.question)))
    return [
        {"role": role, "content": [block for _, block in group]}
        for role, group in itertools.groupby(blocks, key=operator.itemgetter(0))
    ]


def _text(text: str) -> TextBlockParam:
    return {"type": "text", "text": text}


def _kept(block: TextBlockParam) -> TextBlockParam:
    """What stands up to here is the same the next time: the API may keep it."""
    return {**block, "cache_control": {"type": "ephemeral"}}


def _seen(picture: Picture) -> tuple[TextBlockParam, ImageBlockParam]:
    data = base64.b64encode(picture.body).decode()
    # The SDK names the media types that it knows; `files.picture_type` knows no others.
    kind = cast('Literal["image/jpeg", "image/png", "image/gif", "image/webp"]', picture.media_type)
    source: Base64ImageSourceParam = {"type": "base64", "media_type": kind, "data": data}
    return _text(picture_text(picture)), {"type": "image", "source": source}


def _search_result(place: int, title: str, texts: tuple[str, ...]) -> SearchResultBlockParam:
    return {
        "type": "search_result",
        "source": source_id(place),
        "title": title,
        "content": [_text(text) for text in texts],
        "citations": {"enabled": True},
    }
