"""Which of Slack's events ask us something."""

from typing import Any

import pytest

from bot.slack.events import Asked, MuteAsked, read_asked, read_mute, read_reworded, read_stop, spoken
from wire.questions import AskedFile, QuestionName, StopAsked

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


def test_a_direct_message_says_which_channel_its_writer_looks_at_and_a_channels_does_not() -> None:
    looking = {"entities": [{"type": "slack#/types/channel_id", "value": "C0TRAVEL", "team_id": "T1"}]}
    direct = asked(channel="D1", channel_type="im", app_context=looking)
    assert direct is not None
    assert direct.question.viewing == "C0TRAVEL"
    mention = asked(text=f"<@{US}> hello", app_context=looking)
    assert mention is not None
    assert mention.question.viewing is None


def test_files_that_come_with_a_question_are_known_by_id_and_name() -> None:
    files = [{"id": "F1", "name": "plan.pdf"}, {"id": "F2", "name": None}]
    shared = asked(channel="D1", subtype="file_share", text="what does this say?", files=files)
    assert shared is not None
    assert shared.question.files == (AskedFile(id="F1", name="plan.pdf"), AskedFile(id="F2", name="a file"))


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


@pytest.mark.parametrize("text", ["stop", "Stop!", f"<@{US}> stop please", "please cancel.", "never mind"])
def test_a_message_of_a_thread_that_says_no_more_than_stop_stops(text: str) -> None:
    order = read_stop(event(text=text, thread_ts="1.0"), bot_user=US)
    assert order == StopAsked(channel="C1", thread_ts="1.0", by="U1")


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param(
            {"text": "how do I stop a deployment?", "thread_ts": "1.0"}, id="a question about stopping"
        ),
        pytest.param({"text": "stop"}, id="people talking in a channel"),
        pytest.param({"text": "stop", "thread_ts": "1.0", "bot_id": "B1"}, id="another bot"),
        pytest.param({"text": "stop", "thread_ts": "1.0", "type": "reaction_added"}, id="no message"),
    ],
)
def test_anything_else_stops_nothing(changes: dict[str, Any]) -> None:
    assert read_stop(event(**changes), bot_user=US) is None


def test_a_question_that_is_deleted_stops_its_answer_whoever_deleted_it() -> None:
    gone = event(subtype="message_deleted", user=None, text=None, ts="2.0", deleted_ts="1.0")
    assert read_stop(gone, bot_user=US) == StopAsked(channel="C1", ts="1.0")


def test_a_question_that_leaves_a_tombstone_behind_stops_its_answer_too() -> None:
    """What Slack sends where the deleted message has replies, and ours is one."""
    left = {"subtype": "tombstone", "user": "USLACKBOT", "text": "This message was deleted.", "ts": "1.0"}
    gone = event(subtype="message_changed", user=None, text=None, ts="2.0", message=left)
    assert read_stop(gone, bot_user=US) == StopAsked(channel="C1", ts="1.0")


def changed(text: str, **of_message: Any) -> dict[str, Any]:
    message = {"user": "U1", "text": text, "ts": "1.0", "edited": {"user": "U1", "ts": "1700000005.000000"}}
    return event(
        subtype="message_changed",
        user=None,
        text=None,
        ts="2.0",
        message=message | of_message,
        previous_message={"user": "U1", "text": "how many days?", "ts": "1.0"},
    )


def test_a_message_in_new_words_is_a_question_of_its_own_and_the_same_one_each_time() -> None:
    change = read_reworded(changed("how many weeks?", thread_ts="0.5"), team="T1")
    assert change is not None
    assert change.asked == QuestionName("T1", "C1", "1.0", 0)
    assert change.anew == QuestionName("T1", "C1", "1.0", 1_700_000_005)
    assert (change.thread_ts, change.by) == ("0.5", "U1")
    assert read_reworded(changed("how many weeks?", thread_ts="0.5"), team="T1") == change


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(changed("how many days?"), id="a link was unfurled"),
        pytest.param(changed("how many weeks?", bot_id="B1"), id="our own edits"),
        pytest.param(changed("how many weeks?", edited=None), id="nobody edited it"),
        pytest.param(event(text="how many weeks?"), id="a new message"),
    ],
)
def test_other_changes_are_no_new_words(body: dict[str, Any]) -> None:
    assert read_reworded(body, team="T1") is None


@pytest.mark.parametrize("text", ["mute", "Please be quiet.", f"<@{US}> hush!", ":shushing_face:", "🤫"])
def test_a_message_of_a_thread_that_says_no_more_than_mute_mutes(text: str) -> None:
    wish = read_mute(event(text=text, thread_ts="1.0"), bot_user=US, team="T1")
    assert wish == MuteAsked(team="T1", channel="C1", thread_ts="1.0", by="U1")


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"text": "how do I mute a call?", "thread_ts": "1.0"}, id="a question about muting"),
        pytest.param({"text": "mute"}, id="no thread"),
        pytest.param({"text": "mute", "thread_ts": "1.0", "channel": "D1"}, id="a direct message"),
        pytest.param({"text": "mute", "thread_ts": "1.0", "bot_id": "B1"}, id="another bot"),
    ],
)
def test_anything_else_mutes_nothing(changes: dict[str, Any]) -> None:
    assert read_mute(event(**changes), bot_user=US, team="T1") is None
