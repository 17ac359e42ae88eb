"""The look-alike as Slack over HTTP: signed requests to an address, and what becomes of their answers."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from aiohttp import web
from slack_sdk.signature import SignatureVerifier

from sandbox.errors import SlackError
from sandbox.service import Sandbox
from tests.conftest import free_port
from tests.contract.sandbox.bolt_app import web_client
from tests.contract.sandbox.test_sandbox_process import TOKENS, started
from tests.until import until

SECRET = "a-signing-secret"
WITHIN_S = 15.0


@dataclass
class App:
    """An app behind an address; what it answers is set by the test."""

    url: str = ""
    answers: list[web.Response | float] = field(default_factory=list)
    """Taken one after another; a number is so many seconds of silence. Empty: 200."""
    requests: list[tuple[dict[str, str], dict[str, Any]]] = field(default_factory=list)
    verifies: bool = True
    challenges: int = 0

    async def take(self, request: web.Request) -> web.Response:
        body, headers = await request.text(), dict(request.headers)
        if not SignatureVerifier(SECRET).is_valid_request(body, headers):
            return web.Response(status=401)
        payload = _read(body, request.content_type)
        if payload.get("type") == "url_verification":
            self.challenges += 1
            return web.json_response({"challenge": payload["challenge"]} if self.verifies else {})
        self.requests.append((headers, payload))
        answer = self.answers.pop(0) if self.answers else web.Response()
        if isinstance(answer, float):
            await asyncio.sleep(answer)
            return web.Response()
        return answer

    def retries(self) -> list[tuple[str | None, str | None]]:
        names = ("X-Slack-Retry-Num", "X-Slack-Retry-Reason")
        return [(headers.get(names[0]), headers.get(names[1])) for headers, _ in self.requests]


def _read(body: str, media_type: str) -> dict[str, Any]:
    if media_type == "application/json":
        return dict(json.loads(body))
    form = {name: values[0] for name, values in parse_qs(body).items()}
    return dict(json.loads(form["payload"])) if "payload" in form else form


@pytest.fixture
async def listening() -> AsyncIterator[App]:
    app, port = App(), free_port()
    application = web.Application()
    application.router.add_post("/slack/events", app.take)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    app.url = f"http://127.0.0.1:{port}/slack/events"
    yield app
    await runner.cleanup()


@pytest.fixture
async def over_http(impatient_sandbox: Sandbox, listening: App) -> Sandbox:
    await impatient_sandbox.send_to(listening.url, signing_secret=SECRET)
    return impatient_sandbox


async def test_an_address_is_taken_once_it_gives_the_challenge_back(sandbox: Sandbox, listening: App) -> None:
    listening.verifies = False
    for url, secret in ((listening.url, SECRET), (f"http://127.0.0.1:{free_port()}", SECRET)):
        with pytest.raises(SlackError, match="url_verification_failed"):
            await sandbox.send_to(url, signing_secret=secret)
    listening.verifies = True
    with pytest.raises(SlackError, match="url_verification_failed"):
        await sandbox.send_to(listening.url, signing_secret="another")
    await sandbox.send_to(listening.url, signing_secret=SECRET)
    sandbox.say("anna", "dm", "hello?")
    await until(lambda: listening.requests, within_s=WITHIN_S)


async def test_events_come_signed_and_again_with_the_reason(over_http: Sandbox, listening: App) -> None:
    listening.answers = [web.Response(status=500), 60.0, web.Response(status=302), web.Response()]
    over_http.say("anna", "dm", "hello?")
    await until(lambda: len(listening.requests) == 4, within_s=WITHIN_S)
    await until(
        lambda: over_http.deliveries()[-1:] and over_http.deliveries()[-1].acknowledged, within_s=WITHIN_S
    )
    assert listening.retries() == [
        (None, None),
        ("1", "http_error"),
        ("2", "http_timeout"),
        ("3", "http_error"),
    ]
    assert len({payload["event_id"] for _, payload in listening.requests}) == 1
    assert listening.requests[0][1]["event"]["text"] == "hello?"
    assert [sent.socket for sent in over_http.deliveries()] == [0] * 4


async def test_an_app_may_say_that_it_wants_no_retry(over_http: Sandbox, listening: App) -> None:
    listening.answers = [web.Response(status=503, headers={"X-Slack-No-Retry": "1"})]
    over_http.say("anna", "dm", "hello?")
    over_http.say("anna", "dm", "and again")
    await until(lambda: len(listening.requests) == 2, within_s=WITHIN_S)
    await until(lambda: len(over_http.deliveries()) == 2, within_s=WITHIN_S)
    assert listening.retries() == [(None, None)] * 2


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (web.json_response({"text": "Thirty days."}), "Thirty days."),
        (web.Response(text="Thirty days."), "Thirty days."),
        (web.Response(status=500), 'failed with the error "operation_timeout"'),
    ],
    ids=["as JSON", "in mere words", "not at all"],
)
async def test_a_command_is_a_form_and_its_answer_is_shown(
    over_http: Sandbox, listening: App, answer: web.Response, told: str
) -> None:
    listening.answers = [answer]
    await over_http.command("anna", "general", "/ask how much leave & pay?")
    assert told in over_http.whispers("anna")[-1].text
    [(headers, payload)] = listening.requests
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert (payload["command"], payload["text"]) == ("/ask", "how much leave & pay?")


async def test_a_press_is_a_form_with_a_payload(over_http: Sandbox, listening: App) -> None:
    button = {"type": "button", "action_id": "go", "text": {"type": "plain_text", "text": "Go"}, "value": "v"}
    await web_client(over_http).chat_postMessage(
        channel="C0GENERAL", text="Go?", blocks=[{"type": "actions", "elements": [button]}]
    )
    [message] = over_http.messages("general")
    listening.requests.clear()
    assert await over_http.press("anna", message, "go") is None
    [(_, payload)] = [each for each in listening.requests if each[1].get("type") == "block_actions"]
    assert payload["actions"][0]["value"] == "v"


async def test_the_workspace_as_a_process_waits_until_the_app_is_up(company: Path, listening: App) -> None:
    listening.verifies = False
    process = await started(
        *("--port", "0", "--company", str(company), "--request-url", listening.url),
        tokens=TOKENS | {"SANDBOX_SIGNING_SECRET": SECRET},
    )
    try:
        await until(lambda: listening.challenges >= 2, within_s=30)
        listening.verifies = True
        tried = listening.challenges
        await until(lambda: listening.challenges > tried, within_s=30)
    finally:
        process.terminate()
        await process.communicate()
    assert process.returncode == 0
