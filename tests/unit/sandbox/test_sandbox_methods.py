import json
from typing import Any

import pytest

from sandbox.errors import SlackError
from sandbox.methods.arguments import Arguments
from sandbox.methods.table import METHODS
from tests.unit.sandbox.small_company import Told

Json = dict[str, Any]


def call(told: Told, method: str, **arguments: object) -> Json:
    return METHODS[method](told.workspace, Arguments(arguments))


@pytest.mark.parametrize(
    ("method", "arguments", "error"),
    [
        ("chat.postMessage", {"channel": "C0NOWHERE", "text": "x"}, "channel_not_found"),
        ("chat.postMessage", {"channel": "C0SECRET", "text": "x"}, "channel_not_found"),
        ("chat.postMessage", {"channel": "C0QUIET", "text": "x"}, "not_in_channel"),
        ("chat.postMessage", {"channel": "C0GENERAL"}, "no_text"),
        ("chat.postMessage", {"text": "x"}, "invalid_arguments"),
        ("chat.postMessage", {"channel": "C0GENERAL", "blocks": "{"}, "invalid_blocks_format"),
        ("chat.postMessage", {"channel": "C0GENERAL", "text": "x", "thread_ts": "1.0"}, "thread_not_found"),
        (
            "chat.postMessage",
            {"channel": "C0GENERAL", "text": "x", "metadata": "["},
            "invalid_metadata_format",
        ),
        (
            "chat.postMessage",
            {"channel": "C0GENERAL", "text": "x", "metadata": "{}"},
            "invalid_metadata_schema",
        ),
        ("chat.update", {"channel": "U0ANNA", "ts": "1.0", "text": "x"}, "channel_not_found"),
        ("chat.update", {"channel": "C0GENERAL", "ts": "1.0", "text": "x"}, "message_not_found"),
        ("chat.delete", {"channel": "C0GENERAL", "ts": "1.0"}, "message_not_found"),
        ("chat.postEphemeral", {"channel": "C0TEAM", "user": "U0GUS", "text": "x"}, "user_not_in_channel"),
        ("conversations.info", {"channel": "C0SECRET"}, "channel_not_found"),
        ("conversations.members", {"channel": "C0SECRET"}, "channel_not_found"),
        ("conversations.members", {"channel": "C0GENERAL", "cursor": "%"}, "invalid_cursor"),
        ("conversations.members", {"channel": "C0GENERAL", "limit": "0"}, "invalid_limit"),
        ("conversations.replies", {"channel": "C0GENERAL", "ts": "1.0"}, "thread_not_found"),
        ("conversations.history", {"channel": "C0QUIET"}, "not_in_channel"),
        ("users.info", {"user": "U0NOBODY"}, "user_not_found"),
        ("conversations.open", {"users": "U0NOBODY"}, "user_not_found"),
    ],
)
def test_refusals_have_slacks_own_names(told: Told, method: str, arguments: Json, error: str) -> None:
    with pytest.raises(SlackError) as caught:
        call(told, method, **arguments)
    assert caught.value.error == error


def test_posted_text_is_cut_at_40000_characters_and_an_edit_over_4000_is_refused(told: Told) -> None:
    answer = call(told, "chat.postMessage", channel="C0GENERAL", text="x" * 40_001)
    assert len(answer["message"]["text"]) == 40_000
    assert (
        call(told, "chat.update", channel="C0GENERAL", ts=answer["ts"], text="y" * 4000)["text"] == "y" * 4000
    )
    with pytest.raises(SlackError, match="msg_too_long"):
        call(told, "chat.update", channel="C0GENERAL", ts=answer["ts"], text="y" * 4001)


def test_a_form_carries_blocks_and_metadata_as_json(told: Told) -> None:
    metadata = {"event_type": "answer", "event_payload": {"id": "q"}}
    answer = call(
        told,
        "chat.postMessage",
        channel="C0GENERAL",
        blocks=json.dumps([{"type": "divider"}]),
        metadata=json.dumps(metadata),
    )
    assert answer["message"]["blocks"][0]["type"] == "divider"
    assert answer["message"]["metadata"] == metadata
    plain = call(told, "conversations.history", channel="C0GENERAL")
    assert "metadata" not in plain["messages"][0]
    whole = call(told, "conversations.history", channel="C0GENERAL", include_all_metadata="1")
    assert whole["messages"][0]["metadata"] == metadata


def test_a_person_or_a_channels_name_will_do_for_posting(told: Told) -> None:
    assert call(told, "chat.postMessage", channel="U0ANNA", text="x")["channel"] == "D0ANNA"
    assert call(told, "chat.postMessage", channel="#general", text="x")["channel"] == "C0GENERAL"


def test_pages_together_are_everything_once(told: Told) -> None:
    first = told.said("first")
    for number in range(6):
        told.posted(str(number), thread_ts=first.ts)
    seen: list[str] = []
    cursor = ""
    while True:
        page = call(told, "conversations.replies", channel="C0GENERAL", ts=first.ts, limit="3", cursor=cursor)
        seen += [message["text"] for message in page["messages"]]
        cursor = page.get("response_metadata", {}).get("next_cursor", "")
        assert page["has_more"] is bool(cursor)
        if not cursor:
            break
    assert seen == ["first", *map(str, range(6))]


def test_history_is_newest_first_without_replies_and_within_the_asked_time(told: Told) -> None:
    first = told.said("one")
    told.said("reply", thread_ts=first.ts)
    second = told.said("two")
    third = told.said("three")

    def texts(**arguments: object) -> list[str]:
        page = call(told, "conversations.history", channel="C0GENERAL", **arguments)
        return [message["text"] for message in page["messages"]]

    assert texts() == ["three", "two", "one"]
    assert texts(oldest=first.ts, latest=third.ts) == ["two"]
    assert texts(oldest=second.ts, inclusive="true") == ["three", "two"]


def test_a_broadcast_reply_stands_in_the_channel_too(told: Told) -> None:
    first = told.said("question")
    call(
        told,
        "chat.postMessage",
        channel="C0GENERAL",
        text="for all",
        thread_ts=first.ts,
        reply_broadcast="true",
    )
    newest = call(told, "conversations.history", channel="C0GENERAL")["messages"][0]
    assert (newest["text"], newest["subtype"]) == ("for all", "thread_broadcast")


def test_who_and_where_are_told_as_slack_tells_them(told: Told) -> None:
    guest = call(told, "users.info", user="U0GUS")["user"]
    assert (guest["is_restricted"], guest["is_bot"], guest["team_id"]) == (True, False, "T0SMALL")
    anna = call(told, "users.info", user="U0ANNA")["user"]
    assert (anna["is_admin"], anna["profile"]["email"]) == (True, "anna@small.example")
    assert len(call(told, "users.list")["members"]) == 5
    partner = call(told, "conversations.info", channel="C0PARTNER", include_num_members="true")["channel"]
    assert (partner["is_ext_shared"], partner["is_private"], partner["num_members"]) == (True, False, 4)
    direct = call(told, "conversations.open", users="U0ANNA", return_im="true")["channel"]
    assert (direct["id"], direct["is_im"], direct["user"]) == ("D0ANNA", True, "U0ANNA")
    assert "U0DESK" in call(told, "conversations.members", channel="C0GENERAL")["members"]
    (group,) = call(told, "usergroups.list", include_users="true")["usergroups"]
    assert (group["id"], group["users"]) == ("S0ONCALL", ["U0ANNA"])
    assert "users" not in call(told, "usergroups.list")["usergroups"][0]
