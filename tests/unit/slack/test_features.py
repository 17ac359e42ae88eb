"""What a workspace does not have is not asked for again and again; one call that fails is no proof of it."""

import pytest

from bot.slack.features import DOUBTS_AT_MOST, Features
from bot.slack.ports import SlackRefusedError
from wire.errors import UnavailableError


def refusal(reason: str) -> SlackRefusedError:
    return SlackRefusedError("chat.startStream", reason)


def test_what_slack_does_not_know_is_not_asked_for_again() -> None:
    features = Features()
    features.refused("streams", refusal("unknown_method"))
    assert not features.has("streams")
    assert features.has("status"), "another thing"


@pytest.mark.parametrize("reason", ["invalid_arguments", "invalid_chunks", "channel_type_not_supported"])
def test_a_refusal_that_may_be_for_one_call_is_that_calls_only_unless_it_is_every_ones(reason: str) -> None:
    features = Features()
    for _ in range(DOUBTS_AT_MOST - 1):
        features.refused("streams", refusal(reason))
        assert features.has("streams")
    features.worked("streams")
    for _ in range(DOUBTS_AT_MOST - 1):
        features.refused("streams", refusal(reason))
        assert features.has("streams"), "one has worked meanwhile"
    features.refused("streams", refusal(reason))
    assert not features.has("streams")


def test_what_is_away_for_a_moment_is_asked_for_again() -> None:
    features = Features()
    for _ in range(DOUBTS_AT_MOST * 2):
        features.refused("streams", UnavailableError("Slack does not answer", service="slack"))
    assert features.has("streams")
