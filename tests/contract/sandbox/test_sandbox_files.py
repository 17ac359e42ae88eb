"""People share files, and an app that shows its token reads those of its conversations."""

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError

from sandbox.files import FILES_PER_MESSAGE, KEPT_BYTES
from sandbox.service import Sandbox
from tests.contract.sandbox.bolt_app import BOT_TOKEN, BoltApp, web_client
from tests.until import until

PLAN = b"# Plan\n\nMove in March."


async def test_a_shared_file_comes_with_its_message_and_is_downloaded_with_the_token(
    sandbox: Sandbox, app: BoltApp
) -> None:
    sandbox.say("anna", "general", "@Answerdesk what is this?", files=[("my plan.md", PLAN)])
    await until(lambda: len(app.events) == 2, within_s=10)
    mention, message = sorted(app.events, key=lambda event: str(event["type"]))
    assert (message["subtype"], "subtype" in mention) == ("file_share", False)
    (told,) = message["files"]
    assert mention["files"] == message["files"]
    found = (await web_client(sandbox).files_info(file=told["id"]))["file"]
    assert (found["name"], found["size"], found["mimetype"]) == ("my plan.md", len(PLAN), "text/markdown")
    async with aiohttp.ClientSession() as http:
        token = {"Authorization": f"Bearer {BOT_TOKEN}"}
        assert await (await http.get(found["url_private_download"], headers=token)).read() == PLAN
        assert await (await http.get(found["url_private"], headers=token)).read() == PLAN
        for headers in ({}, {"Authorization": "Bearer xoxb-other"}):
            refused = await http.get(found["url_private_download"], headers=headers, allow_redirects=False)
            assert refused.status == 302, "anybody else is sent to log in"


async def test_a_file_of_another_conversation_is_not_there(sandbox: Sandbox) -> None:
    (file,) = sandbox.say("anna", "secret", "for us", files=[("plan.md", PLAN)]).files
    assert sandbox.workspace.bot.user_id not in sandbox.workspace.conversations["C0SECRET"].members
    with pytest.raises(SlackApiError, match="file_not_found"):
        await web_client(sandbox).files_info(file=file.id)


async def test_a_page_shares_files_and_is_told_what_is_too_many(sandbox: Sandbox) -> None:
    async with aiohttp.ClientSession(sandbox.url) as http:
        file = {"name": "plan.md", "base64": "TW92ZQ=="}
        said = {"as": "anna", "channel": "general", "text": "", "files": [file]}
        message = (await (await http.post("/page/say", json=said)).json())["message"]
        assert [each["name"] for each in message["files"]] == ["plan.md"]
        many = said | {"files": [file] * (FILES_PER_MESSAGE + 1)}
        refused = await http.post("/page/say", json=many)
        assert (refused.status, (await refused.json())["error"]) == (400, "too_many_files")
        empty = await http.post("/page/say", json=said | {"files": []})
        assert (await empty.json())["error"] == "no_text"


async def test_the_oldest_files_go(sandbox: Sandbox) -> None:
    body = b"." * (KEPT_BYTES // 6)
    first, *_, last = [
        sandbox.say("anna", "general", "look", files=[("a.bin", body)]).files[0] for _ in range(7)
    ]
    files = sandbox.workspace.files
    assert (files.json(first)["mode"], files.json(last)["mode"]) == ("tombstone", "hosted")
    assert "url_private" not in files.json(first)
