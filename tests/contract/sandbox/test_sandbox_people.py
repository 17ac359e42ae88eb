"""What people do and who they are, as the app hears of it: edits, reactions, membership, strangers."""

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

from sandbox.errors import SlackError
from sandbox.service import Sandbox
from tests.contract.sandbox.bolt_app import BoltApp
from tests.until import until

Json = dict[str, Any]

WITHIN_S = 8.0


async def heard(app: BoltApp, kind: str, *, times: int = 1) -> list[Json]:
    await until(lambda: len(app.of_type(kind)) >= times, within_s=WITHIN_S)
    return app.of_type(kind)


async def subtype(app: BoltApp, name: str) -> Json:
    def found() -> list[Json]:
        return [event for event in app.events if event.get("subtype") == name]

    return (await until(found, within_s=WITHIN_S))[0]


async def test_an_edit_comes_as_message_changed_with_both_texts(sandbox: Sandbox, app: BoltApp) -> None:
    said = sandbox.say("anna", "general", "how mach leave?")
    sandbox.edit(said, "how much leave, @Answerdesk?")
    event = await subtype(app, "message_changed")
    assert event["previous_message"]["text"] == "how mach leave?"
    assert event["message"]["text"] == "how much leave, <@U0DESK>?"
    assert event["message"]["edited"]["user"] == "U0ANNA"
    assert event["message"]["ts"] == said.ts != event["ts"]
    assert app.of_type("app_mention") == []


async def test_a_deleted_question_is_told_and_leaves_a_tombstone_over_replies(
    sandbox: Sandbox, app: BoltApp
) -> None:
    alone = sandbox.say("anna", "general", "never mind")
    sandbox.erase(alone)
    event = await subtype(app, "message_deleted")
    assert (event["deleted_ts"], event["previous_message"]["text"]) == (alone.ts, "never mind")
    asked = sandbox.say("anna", "general", "how much?")
    await app.client.chat_postMessage(channel="C0GENERAL", thread_ts=asked.ts, text="30")
    sandbox.erase(asked)
    event = await subtype(app, "message_changed")
    assert event["message"]["subtype"] == "tombstone"


async def test_people_edit_and_delete_their_own_messages_alone(sandbox: Sandbox, app: BoltApp) -> None:
    posted = await app.client.chat_postMessage(channel="C0GENERAL", text="30")
    where = {"channel": "C0GENERAL", "ts": posted["ts"]}
    with pytest.raises(SlackError, match="cant_update_message"):
        sandbox.workspace.edit(user="U0ANNA", text="31", **where)
    with pytest.raises(SlackError, match="cant_delete_message"):
        sandbox.workspace.erase(user="U0ANNA", **where)


async def test_reactions_of_both_sides_are_told_and_stand_on_the_message(
    sandbox: Sandbox, app: BoltApp
) -> None:
    said = sandbox.say("anna", "general", "how much?")
    at: Json = {"channel": "C0GENERAL", "timestamp": said.ts}
    await app.client.reactions_add(name="eyes", **at)
    with pytest.raises(SlackApiError, match="already_reacted"):
        await app.client.reactions_add(name="eyes", **at)
    with pytest.raises(SlackApiError, match="no_reaction"):
        await app.client.reactions_remove(name="tada", **at)
    sandbox.react("ben", said, "eyes")
    sandbox.react("ben", said, "eyes", added=False)
    (added,) = [event for event in await heard(app, "reaction_added") if event["user"] == "U0BEN"]
    assert (added["reaction"], added["item_user"], added["item"]["ts"]) == ("eyes", "U0ANNA", said.ts)
    await heard(app, "reaction_removed")
    shown = (await app.client.reactions_get(**at))["message"]
    assert shown["reactions"] == [{"name": "eyes", "users": ["U0DESK"], "count": 1}]


async def test_who_comes_and_goes_is_told_where_the_app_is(sandbox: Sandbox, app: BoltApp) -> None:
    sandbox.take_in("anna", "partner", who="ben")
    sandbox.take_in("anna", "quiet", who="ben")  # the app is not there
    (joined,) = await heard(app, "member_joined_channel")
    assert (joined["user"], joined["channel"], joined["inviter"]) == ("U0BEN", "C0PARTNER", "U0ANNA")
    sandbox.leave("ben", "partner")
    (left,) = await heard(app, "member_left_channel")
    assert (left["user"], left["channel"]) == ("U0BEN", "C0PARTNER")
    members = await app.client.conversations_members(channel="C0PARTNER")
    assert "U0BEN" not in members["members"]


async def test_an_app_that_was_taken_out_may_post_no_more(sandbox: Sandbox, app: BoltApp) -> None:
    sandbox.remove_app("general")
    await heard(app, "member_left_channel")
    with pytest.raises(SlackApiError, match="not_in_channel"):
        await app.client.chat_postMessage(channel="C0GENERAL", text="x")


async def test_a_stranger_belongs_to_another_company_everywhere(sandbox: Sandbox, app: BoltApp) -> None:
    """slack.md A6: external means another team, or is_stranger; e-mail is not told."""
    sandbox.say("fay", "partner", "@Answerdesk hello")
    (mention,) = await heard(app, "app_mention")
    assert (mention["user_team"], mention["source_team"], mention["team"]) == ("T0PARTNER",) * 3
    outer = next(body for body in app.bodies if body["event"] is mention)
    assert (outer["team_id"], outer["is_ext_shared_channel"]) == ("T0SMALL", True)
    fay = (await app.client.users_info(user="U0FAY"))["user"]
    assert (fay["is_stranger"], fay["team_id"], "email" in fay["profile"]) == (True, "T0PARTNER", False)
    anna = (await app.client.users_info(user="U0ANNA"))["user"]
    assert (anna.get("is_stranger", False), anna["team_id"]) == (False, "T0SMALL")
    with pytest.raises(SlackApiError, match="users_not_found"):
        await app.client.users_lookupByEmail(email="fay@partner.example")
    channel = (await app.client.conversations_info(channel="C0PARTNER"))["channel"]
    assert channel["shared_team_ids"] == ["T0SMALL", "T0PARTNER"]


async def test_a_strangers_press_names_their_company(sandbox: Sandbox, app: BoltApp) -> None:
    button = {"type": "button", "text": {"type": "plain_text", "text": "Go"}, "action_id": "go"}
    blocks = [{"type": "actions", "elements": [button]}]
    await app.client.chat_postMessage(channel="C0PARTNER", text="t", blocks=blocks)
    (message,) = sandbox.messages("partner")
    await sandbox.press("fay", message, "go")
    (body,) = app.of_type("block_actions")
    assert (body["user"]["team_id"], body["team"]["id"]) == ("T0PARTNER", "T0SMALL")


async def test_a_channel_that_is_shared_from_now_on_is_told(sandbox: Sandbox, app: BoltApp) -> None:
    sandbox.share("general")
    (shared,) = await heard(app, "channel_shared")
    assert (shared["channel"], shared["connected_team_id"]) == ("C0GENERAL", "T0PARTNER")
    assert (await app.client.conversations_info(channel="C0GENERAL"))["channel"]["is_ext_shared"] is True
    sandbox.share("general", external=False)
    await heard(app, "channel_unshared")


async def test_a_person_and_a_group_that_change_are_told(sandbox: Sandbox, app: BoltApp) -> None:
    sandbox.change_person("ben", guest=True, title="Contractor")
    (changed,) = await heard(app, "user_change")
    assert (changed["user"]["id"], changed["user"]["is_restricted"]) == ("U0BEN", True)
    assert (await app.client.users_info(user="U0BEN"))["user"]["profile"]["title"] == "Contractor"
    sandbox.change_group("on-call", members=("ben",))
    (members,) = await heard(app, "subteam_members_changed")
    assert (members["added_users"], members["removed_users"]) == (["U0BEN"], ["U0ANNA"])
    (updated,) = await heard(app, "subteam_updated")
    assert updated["subteam"]["users"] == ["U0BEN"]
    assert (await app.client.usergroups_users_list(usergroup="S0ONCALL"))["users"] == ["U0BEN"]


async def test_an_app_unfurls_only_where_it_asks_for_that(sandbox: Sandbox, app: BoltApp) -> None:
    link: Json = {"channel": "C0GENERAL", "text": "<https://x.example/leave|leave> <https://x.example/a.png>"}

    async def previews(**flags: Any) -> list[str]:
        posted = await app.client.chat_postMessage(**link, **flags)
        return [each["from_url"].rpartition("/")[2] for each in posted["message"].get("attachments", [])]

    assert await previews() == ["a.png"]
    assert await previews(unfurl_links=True) == ["leave", "a.png"]
    assert await previews(unfurl_links=False, unfurl_media=False) == []
    said = sandbox.say("anna", "general", "see https://x.example/leave")
    assert said.unfurls == ("https://x.example/leave",)


async def test_direct_messages_of_several_people_are_a_kind_of_their_own(
    sandbox: Sandbox, app: BoltApp
) -> None:
    sandbox.say("anna", "C0GROUP", "@Answerdesk, how much leave?")
    await until(lambda: len(app.events) == 2, within_s=WITHIN_S)
    message = next(event for event in app.events if event["type"] == "message")
    assert (message["channel"], message["channel_type"]) == ("C0GROUP", "mpim")
    info = (await app.client.conversations_info(channel="C0GROUP"))["channel"]
    assert (info["is_mpim"], info["is_private"], info["is_im"]) == (True, True, False)
    opened = await app.client.conversations_open(users="U0BEN,U0ANNA")
    assert opened["channel"]["id"] == "C0GROUP"
    listed = await app.client.users_conversations(types="mpim,im", user="U0ANNA")
    assert {channel["id"] for channel in listed["channels"]} == {"C0GROUP", "D0ANNA"}
    with pytest.raises(SlackError, match="channel_not_found"):
        sandbox.say("gus", "C0GROUP", "let me in")
