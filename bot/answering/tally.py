"""What became of the questions of this process, in plain numbers that only grow; for metrics."""

from dataclasses import dataclass

from wire.answers import Usage


@dataclass(kw_only=True)
class Tally:
    """Counts since the start.

    Attributes:
        asked: questions.
        not_found: where the documents had no answer.
        recalled: answered by an answer of before to the same words.
        recalled_alike: by one to the same question in other words.
        joined: by one that was being written for somebody else.
        written: by a model.
        failed: ended by an error.
        saved_tokens: what recalled and joined answers took when they were written.
        input_tokens, output_tokens, cache_read_tokens: what written answers took.
        cost_usd: what they cost.
    """

    asked: int = 0
    not_found: int = 0
    recalled: int = 0
    recalled_alike: int = 0
    joined: int = 0
    written: int = 0
    failed: int = 0
    saved_tokens: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cost_usd: float = 0.0

    def add(self, usage: Usage) -> None:
        """A model was called for an answer."""
        self.written += 1
        self.spend(usage)

    def spend(self, usage: Usage) -> None:
        """This was used, for an answer or for a query."""
        self.input_tokens += usage.input_tokens
        self.output_tokens += usage.output_tokens
        self.cache_read_tokens += usage.cache_read_input_tokens
        self.cost_usd += usage.cost_usd
