"""What a server that speaks the Messages API is asked to do, and how its refusals are read (pure).

A server of one's own often knows only a part of the API. What it lacks is found out by its first refusal,
which names the field, and done without from then on.
"""

import dataclasses
from dataclasses import dataclass

_NAMES = {
    "citations": ("search_result", "citation"),
    "prompt_caching": ("cache_control", "ephemeral"),
    "thinking": ("thinking", "between_tools"),
    "effort": ("output_config", "effort"),
}
"""By which words a complaint means which feature."""


@dataclass(frozen=True, kw_only=True)
class ModelFeatures:
    """The parts of the Messages API beyond plain text.

    Attributes:
        citations: search results as blocks of their own, cited by the API. Without it, passages are
            numbered in the text and the numbers that the model writes are checked by us.
        prompt_caching: marks for what the API shall keep.
        thinking: may be told not to think first.
        effort: may be asked for little effort.
    """

    citations: bool = True
    prompt_caching: bool = True
    thinking: bool = True
    effort: bool = True


PLAIN = ModelFeatures(citations=False, prompt_caching=False, thinking=False, effort=False)
"""Text in, text out: what every such server can do."""


def without(features: ModelFeatures, complaint: str) -> ModelFeatures | None:
    """The features that are left after a refusal; None if it names none that was asked for.

    Args:
        features: those that the refused request made use of.
        complaint: the refusal's own words.
    """
    said = complaint.casefold()
    named = {name: False for name, words in _NAMES.items() if any(word in said for word in words)}
    left = dataclasses.replace(features, **named)
    return left if left != features else None


def both(one: ModelFeatures, other: ModelFeatures) -> ModelFeatures:
    """The features that neither lacks: two requests may learn of different ones at the same time."""
    names = (field.name for field in dataclasses.fields(ModelFeatures))
    return ModelFeatures(**{name: getattr(one, name) and getattr(other, name) for name in names})
