"""Which of Slack's events ask us something."""

from typing import Any

import pytest

from bot.slack.events import Asked, read_asked, spoken

US = "U0BOT"


def event(**changes: Any) -> dict[str, Any]:
    said = {"type": "message", "channel": "C1", "user": "U1", "text": "hello", "ts": "1700000000.000100"}
    return {
        "type": "event_callback",
        "team_id": "T1",
        "is_ext_shared_channel": False,
        "event": {key: value for key, value in (said | changes).items() if value is not None},
    }


def asked(**changes: Any) -> Asked | None:
    return read_asked(event(**changes), bot_user=US, team="T1")


def test_a_mention_and_its_twin_are_the_same_question() -> None:
    text = f"<@{US}> how many days?"
    mention, twin = asked(type="app_mention", text=text), asked(text=text)
    assert mention == twin
    assert mention is not None
    assert mention.addressed
    assert mention.question.id == "T1:C1:1700000000.000100:0"


def test_a_direct_message_needs_no_mention() -> None:
    direct = asked(channel="D1", channel_type="im")
    assert direct is not None
    assert direct.addressed
    assert direct.question.direct


def test_a_reply_in_a_thread_may_be_a_question() -> None:
    reply = asked(thread_ts="1700000000.000001")
    assert reply is not None
    assert not reply.addressed
    assert reply.question.thread == "1700000000.000001"


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, id="people talking in a channel"),
        pytest.param({"thread_ts": "1.0", "text": "<@U2> what do you think?"}, id="meant for somebody else"),
        pytest.param({"bot_id": "B1", "text": f"<@{US}> hi"}, id="another bot"),
        pytest.param({"user": US, "text": f"<@{US}> hi"}, id="ourselves"),
        pytest.param({"subtype": "message_changed", "channel": "D1"}, id="an edit"),
        pytest.param({"subtype": "message_deleted", "channel": "D1"}, id="a deletion"),
        pytest.param({"subtype": "channel_join"}, id="a join"),
        pytest.param({"type": "reaction_added"}, id="a reaction"),
    ],
)
def test_what_asks_us_nothing_is_left_alone(changes: dict[str, Any]) -> None:
    assert asked(**changes) is None


def test_a_message_is_read_as_it_was_meant() -> None:
    text = f"<@{US}>: ask <@U2|ada> in <#C9|general> about <https://x.example/a|the page> &lt;b&gt; <!here>"
    assert spoken(text, bot_user=US, names={"U2": "Ada"}) == "ask @Ada in #general about the page <b> @here"
