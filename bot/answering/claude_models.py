"""What we know of Claude's models by their names: what they cost, and how they answer without thinking first.

Thinking counts towards the most that a model may write, is silent, and is on by default since generation 5
("max_tokens remains a hard limit on total output"): it would take our short answers' room and a reader's
patience. How it is turned off differs from model to model; where it can't be, least effort is asked for.
Of other models we know nothing: they are asked as they are, and their price counts as 0, unless
`MODEL_PRICES` names it.

Sources, as of November 2026: platform.claude.com/docs/en/about-claude/pricing,
platform.claude.com/docs/en/models/sonnet-5-5/migration-guide and its neighbours.
"""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from wire.answer_settings import ModelPrice
from wire.answers import Usage

TOKENS_PER_PRICE = 1_000_000
KEPT_COSTS = 1.25
"""What a token costs that is written into the API's prompt cache, against one that is only read."""


@dataclass(frozen=True, kw_only=True)
class ClaudeFacts:
    """One model.

    Attributes:
        input_usd: for a million tokens; what is written into the API's prompt cache costs a quarter more.
        output_usd: for a million tokens, thinking included.
        cache_read_usd: for a million tokens.
        thinking: the ``thinking`` type that turns it off; None where it is off or can't be.
        effort: the ``effort`` to ask for; None leaves it out.
    """

    input_usd: float = 0.0
    output_usd: float = 0.0
    cache_read_usd: float = 0.0
    thinking: Literal["between_tools", "disabled"] | None = None
    effort: Literal["low"] | None = None

    def cost_usd(self, usage: Usage, *, kept_tokens: int = 0) -> float:
        """What this use costs, of whose input so many tokens went into the API's prompt cache."""
        return (
            (usage.input_tokens + kept_tokens * (KEPT_COSTS - 1)) * self.input_usd
            + usage.output_tokens * self.output_usd
            + usage.cache_read_input_tokens * self.cache_read_usd
        ) / TOKENS_PER_PRICE

    def counted(self, usage: Usage) -> int:
        """Tokens as quotas count them: one from the API's prompt cache by its price, if that is known."""
        share = self.cache_read_usd / self.input_usd if self.input_usd else 1.0
        return usage.input_tokens + usage.output_tokens + math.ceil(usage.cache_read_input_tokens * share)


_OPUS_4 = ClaudeFacts(input_usd=5, output_usd=25, cache_read_usd=0.5)
_SONNET_4 = ClaudeFacts(input_usd=3, output_usd=15, cache_read_usd=0.3)
_HAIKU_4 = ClaudeFacts(input_usd=1, output_usd=5, cache_read_usd=0.1)
_KNOWN = {
    "claude-fable-5-1": ClaudeFacts(input_usd=10, output_usd=50, cache_read_usd=0.25, effort="low"),
    "claude-opus-5-5": ClaudeFacts(input_usd=4, output_usd=20, cache_read_usd=0.2, effort="low"),
    "claude-sonnet-5-5": ClaudeFacts(
        input_usd=2, output_usd=10, cache_read_usd=0.1, thinking="between_tools"
    ),
    # For prompts of up to 100,000 tokens.
    "claude-haiku-5-5": ClaudeFacts(input_usd=0.1, output_usd=0.5, cache_read_usd=0.01, thinking="disabled"),
    "claude-opus-5": ClaudeFacts(input_usd=5, output_usd=25, cache_read_usd=0.5, thinking="disabled"),
    "claude-sonnet-5": ClaudeFacts(input_usd=2, output_usd=10, cache_read_usd=0.2, thinking="disabled"),
    "claude-opus-4-8": _OPUS_4,
    "claude-opus-4-7": _OPUS_4,
    "claude-opus-4-6": _OPUS_4,
    "claude-opus-4-5": _OPUS_4,
    "claude-sonnet-4-6": _SONNET_4,
    "claude-sonnet-4-5": _SONNET_4,
    "claude-haiku-4-5": _HAIKU_4,
}


def facts_of(name: str, *, prices: Mapping[str, ModelPrice] | None = None) -> ClaudeFacts:
    """What is known of a model; a snapshot, such as ``claude-haiku-4-5-20251001``, counts as its model.

    Args:
        name: the model.
        prices: an operator's own, which come before those that we know.
    """
    undated, _, date = name.rpartition("-")
    snapshot = len(date) == len("20251001") and date.isdigit()
    facts = _KNOWN.get(undated if snapshot else name, ClaudeFacts())
    price = (prices or {}).get(name)
    return facts if price is None else dataclasses.replace(facts, **price.model_dump())
