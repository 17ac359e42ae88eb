"""What a server that speaks the Messages API is asked to do, and how its refusals are read (pure).

A server of one's own often knows only a part of the API. What it lacks is found out by its first refusal,
which names the field and says that it is not known, and done without for an hour: a server is updated, and
one may have meant something else. Pictures are left out of the refused request alone: whoever asks chooses
them, and a spoilt one must not blind the model for everybody.
"""

import dataclasses
import re
from collections.abc import Callable
from dataclasses import dataclass

_NAMES = {
    "citations": ("search_result", "citation"),
    "prompt_caching": ("cache_control", "ephemeral"),
    "thinking": ("thinking", "between_tools"),
    "effort": ("output_config", "effort"),
}
"""By which words a complaint means which feature."""
_NOT_KNOWN = re.compile(
    r"unknown|unsupported|unrecogni[sz]ed|not (?:be )?supported|(?:does not|doesn't|do not|can ?not) support"
    r"|unexpected|not (?:permitted|allowed|implemented|available)|extra (?:inputs|fields|keys)|no longer"
    r"|does not match|input should be|invalid (?:type|discriminator)|no such"
)
"""And by which it says that it is not known there, rather than that we have used it wrongly."""
ASKED_AGAIN_AFTER_S = 3600.0


@dataclass(frozen=True, kw_only=True)
class ModelFeatures:
    """The parts of the Messages API beyond plain text.

    Attributes:
        citations: search results as blocks of their own, cited by the API. Without it, passages are
            numbered in the text and the numbers that the model writes are checked by us.
        images: sees pictures.
        prompt_caching: marks for what the API shall keep.
        thinking: may be told not to think first.
        effort: may be asked for little effort.
        counting: counts a prompt's tokens without answering it.
    """

    citations: bool = True
    images: bool = True
    prompt_caching: bool = True
    thinking: bool = True
    effort: bool = True
    counting: bool = True


PLAIN = ModelFeatures(
    citations=False, images=False, prompt_caching=False, thinking=False, effort=False, counting=False
)
"""Text in, text out: what every such server can do."""


def without(features: ModelFeatures, complaint: str) -> ModelFeatures | None:
    """The features that are left after a refusal; None if it calls none that was asked for unknown.

    Args:
        features: those that the refused request made use of.
        complaint: the refusal's own words.
    """
    said = complaint.casefold()
    if not _NOT_KNOWN.search(said):
        return None
    named = {name: False for name, words in _NAMES.items() if any(word in said for word in words)}
    left = dataclasses.replace(features, **named)
    return left if left != features else None


def complains_of_a_picture(complaint: str) -> bool:
    """Whether a refusal may be about a picture, or about there being one."""
    return "image" in complaint.casefold()


class KnownFeatures:
    """What a server is asked to do, as far as it is known to be able to."""

    def __init__(self, asked: ModelFeatures, *, clock: Callable[[], float]) -> None:
        self._asked = asked
        self._left = asked
        self._clock = clock
        self._until = 0.0

    def now(self) -> ModelFeatures:
        """All, or what was left of them within the last hour."""
        if self._left != self._asked and self._clock() >= self._until:
            self._left = self._asked
        return self._left

    def lack(self, left: ModelFeatures) -> None:
        """A refusal has left these."""
        if self._left == self._asked:
            self._until = self._clock() + ASKED_AGAIN_AFTER_S
        self._left = both(self._left, left)


def both(one: ModelFeatures, other: ModelFeatures) -> ModelFeatures:
    """The features that neither lacks: two requests may learn of different ones at the same time."""
    names = (field.name for field in dataclasses.fields(ModelFeatures))
    return ModelFeatures(**{name: getattr(one, name) and getattr(other, name) for name in names})
