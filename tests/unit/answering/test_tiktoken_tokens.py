"""Token counts, from the vocabulary that comes with the package."""

import time

import pytest

from bot.answering.tiktoken_tokens import TiktokenTokens


@pytest.fixture(scope="module")
def tokens() -> TiktokenTokens:
    return TiktokenTokens.open()


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("hello world", 2),  # [15339, 1917]
        ("tiktoken is great!", 6),  # from tiktoken's README
        ("antidisestablishmentarianism", 6),  # from OpenAI's cookbook on counting, as the next two
        ("2 + 2 = 4", 7),
        ("お誕生日おめでとう", 9),
    ],
)
def test_known_texts_have_their_known_counts(tokens: TiktokenTokens, text: str, count: int) -> None:
    assert tokens.count(text) == count


def test_the_name_of_a_special_token_counts_as_text(tokens: TiktokenTokens) -> None:
    assert tokens.count("<|endoftext|>") > 1


def test_hostile_text_of_a_longest_message_is_counted_in_no_time(tokens: TiktokenTokens) -> None:
    """40,000 characters without a gap, Slack's longest message; the loop must not stand still for it."""
    started = time.process_time()
    tokens.count("a" * 40_000)
    tokens.count("é" * 40_000)
    assert time.process_time() - started < 1.0
