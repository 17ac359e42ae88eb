import pytest

from sandbox.changes import Joined
from sandbox.errors import SlackError
from sandbox.interactions import Press, block_actions
from sandbox.membership import take_in
from sandbox.slack_events import event_callback, events_of
from sandbox.slack_shapes import message_json
from sandbox.workspace import KEPT_MESSAGES
from tests.unit.sandbox.small_company import Told


def refused(error: str) -> "pytest.RaisesExc[SlackError]":
    return pytest.RaisesExc(SlackError, check=lambda raised: raised.error == error)


def event_types(told: Told) -> list[str]:
    return [event["type"] for event in events_of(told.changes[-1], workspace=told.workspace)]


# -- events


def test_a_mention_in_a_channel_gives_twins_of_one_message(told: Told) -> None:
    said = told.said("@Answerdesk how many?")
    mention, message = events_of(told.changes[-1], workspace=told.workspace)
    assert (mention["type"], message["type"]) == ("app_mention", "message")
    assert mention["ts"] == message["ts"] == said.ts
    assert mention["client_msg_id"] == message["client_msg_id"]
    assert message["channel_type"] == "channel"
    assert "channel_type" not in mention
    outer = [event_callback(event, workspace=told.workspace) for event in (mention, message)]
    assert outer[0]["event_id"] != outer[1]["event_id"]


def test_a_direct_message_gives_a_message_alone_even_with_a_mention(told: Told) -> None:
    told.said("@Answerdesk hello", channel="D0ANNA")
    (event,) = events_of(told.changes[-1], workspace=told.workspace)
    assert (event["type"], event["channel_type"], event["channel"]) == ("message", "im", "D0ANNA")


def test_a_message_without_a_mention_gives_a_message_alone(told: Told) -> None:
    told.said("nothing for you")
    assert event_types(told) == ["message"]


def test_the_app_hears_nothing_of_channels_it_is_not_in(told: Told) -> None:
    told.said("@Answerdesk are you there?", channel="C0QUIET")
    assert event_types(told) == []
    told.said("@Answerdesk are you there?", channel="C0SECRET")
    assert event_types(told) == []


def test_an_invited_app_hears_that_it_joined_and_what_comes_after(told: Told) -> None:
    take_in(told.workspace, user="U0DESK", channel="C0QUIET", by="U0ANNA")
    assert isinstance(told.changes[-1], Joined)
    (joined,) = events_of(told.changes[-1], workspace=told.workspace)
    assert (joined["type"], joined["user"], joined["inviter"]) == (
        "member_joined_channel",
        "U0DESK",
        "U0ANNA",
    )
    told.said("@Answerdesk now?", channel="C0QUIET")
    assert event_types(told) == ["app_mention", "message"]


def test_a_reply_carries_its_thread(told: Told) -> None:
    first = told.said("question")
    told.said("follow-up", thread_ts=first.ts)
    (event,) = events_of(told.changes[-1], workspace=told.workspace)
    assert (event["thread_ts"], event["parent_user_id"]) == (first.ts, "U0ANNA")


def test_the_apps_own_messages_and_edits_come_as_events_too(told: Told) -> None:
    posted = told.posted("Looking")
    (event,) = events_of(told.last, workspace=told.workspace)
    assert (event["bot_id"], event["user"]) == ("B0DESK", "U0DESK")
    assert "subtype" not in event
    told.workspace.update(told.workspace.conversations["C0GENERAL"], posted.ts, text="Found", blocks=[])
    (changed,) = events_of(told.last, workspace=told.workspace)
    assert changed["subtype"] == "message_changed"
    assert (changed["previous_message"]["text"], changed["message"]["text"]) == ("Looking", "Found")
    assert changed["message"]["ts"] == posted.ts != changed["ts"]
    told.workspace.delete(told.workspace.conversations["C0GENERAL"], posted.ts)
    (deleted,) = events_of(told.last, workspace=told.workspace)
    assert (deleted["subtype"], deleted["deleted_ts"]) == ("message_deleted", posted.ts)


def test_the_apps_mention_of_itself_is_no_mention(told: Told) -> None:
    told.posted("<@U0DESK> says hello")
    assert event_types(told) == ["message"]


def test_an_ephemeral_message_is_no_event(told: Told) -> None:
    general = told.workspace.conversations["C0GENERAL"]
    told.workspace.whisper(general, user="U0ANNA", text="psst", blocks=[])
    assert event_types(told) == []


def test_an_event_says_whether_another_company_is_there(told: Told) -> None:
    for channel, external in (("C0GENERAL", False), ("C0PARTNER", True)):
        told.said(channel=channel)
        (event,) = events_of(told.last, workspace=told.workspace)
        outer = event_callback(event, workspace=told.workspace)
        assert outer["is_ext_shared_channel"] is external
        assert outer["authorizations"][0]["user_id"] == "U0DESK"


# -- who may do what


@pytest.mark.parametrize(
    ("user", "channel", "error"),
    [
        ("U0BEN", "C0SECRET", "channel_not_found"),
        ("U0BEN", "C0QUIET", "not_in_channel"),
        ("U0BEN", "D0ANNA", "channel_not_found"),
        ("U0BEN", "C0NOWHERE", "channel_not_found"),
    ],
)
def test_people_write_only_where_they_are(told: Told, user: str, channel: str, error: str) -> None:
    with refused(error):
        told.said(user=user, channel=channel)


def test_the_app_edits_only_its_own_messages(told: Told) -> None:
    general = told.workspace.conversations["C0GENERAL"]
    said = told.said()
    with refused("cant_update_message"):
        told.workspace.update(general, said.ts, text="x", blocks=[])
    with refused("cant_delete_message"):
        told.workspace.delete(general, said.ts)
    with refused("message_not_found"):
        told.workspace.update(general, "1.0", text="x", blocks=[])


def test_a_thread_must_be_there_and_must_not_be_a_reply(told: Told) -> None:
    first = told.said()
    reply = told.said(thread_ts=first.ts)
    with refused("thread_not_found"):
        told.posted(thread_ts="1.0")
    with refused("cannot_reply_to_message"):
        told.posted(thread_ts=reply.ts)


# -- edits and threads


def test_text_alone_shows_edited_and_removes_the_blocks_and_blocks_do_neither(told: Told) -> None:
    general = told.workspace.conversations["C0GENERAL"]
    divider = {"type": "divider"}
    posted = told.workspace.post(general, text="", blocks=[divider])
    with_blocks = told.workspace.update(general, posted.ts, text="a", blocks=[divider])
    assert "edited" not in message_json(with_blocks, workspace=told.workspace)
    text_only = told.workspace.update(general, posted.ts, text="b", blocks=[])
    shown = message_json(text_only, workspace=told.workspace)
    assert shown["edited"]["user"] == "U0DESK"
    assert shown["blocks"] == []


def test_metadata_that_an_edit_leaves_out_stays(told: Told) -> None:
    general = told.workspace.conversations["C0GENERAL"]
    metadata = {"event_type": "answer", "event_payload": {"question": "q"}}
    posted = told.workspace.post(general, text="a", blocks=[], metadata=metadata)
    edited = told.workspace.update(general, posted.ts, text="b", blocks=[])
    assert message_json(edited, workspace=told.workspace, metadata=True)["metadata"] == metadata
    assert "metadata" not in message_json(edited, workspace=told.workspace)


def test_a_threads_first_message_counts_its_replies(told: Told) -> None:
    first = told.said()
    told.posted("one", thread_ts=first.ts)
    last = told.said("two", user="U0BEN", thread_ts=first.ts)
    shown = message_json(first, workspace=told.workspace)
    assert (shown["reply_count"], shown["reply_users"]) == (2, ["U0DESK", "U0BEN"])
    assert (shown["latest_reply"], shown["thread_ts"]) == (last.ts, first.ts)


def test_a_deleted_first_message_leaves_a_tombstone_for_its_replies(told: Told) -> None:
    general = told.workspace.conversations["C0GENERAL"]
    first = told.posted("first")
    told.said("reply", thread_ts=first.ts)
    told.workspace.delete(general, first.ts)
    shown = message_json(general.messages[first.ts], workspace=told.workspace)
    assert (shown["subtype"], shown["reply_count"]) == ("tombstone", 1)
    with refused("message_not_found"):
        told.workspace.update(general, first.ts, text="x", blocks=[])


def test_no_two_messages_share_a_ts_even_when_the_clock_stands_still(told: Told) -> None:
    told.workspace.now = lambda: 1_800_000_000.0
    stamps = [told.said(str(number)).ts for number in range(100)]
    assert len(set(stamps)) == 100
    assert stamps == sorted(stamps)


def test_the_oldest_messages_go_when_a_conversation_is_full(told: Told) -> None:
    first = told.said()
    reply = told.said(thread_ts=first.ts)
    for _ in range(KEPT_MESSAGES):
        told.posted()
    assert len(told.workspace.conversations["C0GENERAL"].messages) == KEPT_MESSAGES
    assert first.ts not in told.workspace.conversations["C0GENERAL"].messages
    assert told.workspace.replies("C0GENERAL", first.ts) == []
    assert reply.ts not in told.workspace.conversations["C0GENERAL"].messages


# -- buttons


def test_a_press_carries_the_message_and_the_button(told: Told) -> None:
    general = told.workspace.conversations["C0GENERAL"]
    first = told.said()
    button = {
        "type": "button",
        "text": {"type": "plain_text", "text": "Stop"},
        "action_id": "stop",
        "value": "q1",
    }
    posted = told.workspace.post(
        general, text="t", blocks=[{"type": "actions", "elements": [button]}], thread_ts=first.ts
    )
    payload = block_actions(posted, Press(action_id="stop"), user="U0BEN", workspace=told.workspace)
    assert payload["type"] == "block_actions"
    assert payload["user"] == {"id": "U0BEN", "username": "ben", "name": "ben", "team_id": "T0SMALL"}
    assert payload["container"]["message_ts"] == posted.ts
    assert payload["container"]["thread_ts"] == first.ts
    (action,) = payload["actions"]
    assert (action["action_id"], action["value"], action["type"]) == ("stop", "q1", "button")
    assert action["block_id"] == posted.blocks[0]["block_id"]
    with refused("action_not_found"):
        block_actions(posted, Press(action_id="other"), user="U0BEN", workspace=told.workspace)


def test_a_press_on_one_of_a_feedback_pair_carries_its_value(told: Told) -> None:
    pair = {
        f"{name}_button": {"text": {"type": "plain_text", "text": name}, "value": name}
        for name in ("positive", "negative")
    }
    element = {"type": "feedback_buttons", "action_id": "feedback", **pair}
    general = told.workspace.conversations["C0GENERAL"]
    blocks = [{"type": "context_actions", "elements": [element]}]
    posted = told.workspace.post(general, text="t", blocks=blocks)
    press = Press(action_id="feedback", value="negative")
    (action,) = block_actions(posted, press, user="U0BEN", workspace=told.workspace)["actions"]
    assert (action["type"], action["value"]) == ("feedback_buttons", "negative")
    with refused("action_not_found"):
        made_up = Press(action_id="feedback", value="made up")
        block_actions(posted, made_up, user="U0BEN", workspace=told.workspace)


def test_only_the_person_it_was_for_sees_an_ephemeral_message(told: Told) -> None:
    general = told.workspace.conversations["C0GENERAL"]
    whisper = told.workspace.whisper(general, user="U0ANNA", text="psst", blocks=[])
    assert told.workspace.message("C0GENERAL", whisper.ts, seen_by="U0ANNA") == whisper
    with refused("message_not_found"):
        told.workspace.message("C0GENERAL", whisper.ts, seen_by="U0BEN")
    with refused("user_not_in_channel"):
        told.workspace.whisper(told.workspace.conversations["C0TEAM"], user="U0GUS", text="x", blocks=[])
