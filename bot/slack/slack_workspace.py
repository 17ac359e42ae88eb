"""Slack's Web API as the bot uses it: the one place that calls it, and that translates its errors.

No call is retried in here: a post that is sent again after a lost response would stand twice, and an
edit that waits out its Retry-After would be stale (slack-sdk does both by default).
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

import aiohttp
from pydantic import SecretStr
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.call_limits import CallLimits
from bot.slack.events import asked_files
from bot.slack.metering import UNMETERED, CallMeter, result_of
from bot.slack.mrkdwn import escaped, section, small_print
from bot.slack.ports import Identity, Person, Said, SharedFile, SlackRefusedError, ThreadMessage, UserGroup
from bot.slack.slack_answers import (
    answer_metadata,
    answer_parts,
    asked_metadata,
    next_cursor,
    read_group,
    read_person,
    shared_file,
    thread_message,
)
from bot.slack.slack_threads import newest_messages, page
from bot.slack.view import Payload, slack_arguments
from wire.errors import MalformedError, OverloadedError, RefusedError, SettingsError, UnavailableError
from wire.opentelemetry_spans import span

CALL_WITHIN_S = 10
SECTION_CHARS = 3_000
ESCAPED_CHARS = 590
"""Which fit into a section even if each of them has to be escaped."""
PAGE = 1_000
_TAKE_JSON = ("chat.", "assistant.", "agents.")
"""Slack's reading methods take forms, no JSON."""
_DEAD_TOKENS = frozenset({"not_authed", "invalid_auth", "token_revoked", "token_expired", "account_inactive"})
_TOO_MUCH = frozenset({"msg_too_long", "msg_blocks_too_long", "invalid_blocks", "invalid_blocks_format"})


class SlackWorkspace:
    """One workspace, through one bot token."""

    def __init__(
        self,
        client: AsyncWebClient,
        http: aiohttp.ClientSession,
        *,
        identity: Identity,
        meter: CallMeter = UNMETERED,
    ) -> None:
        self.client = client
        self._meter = meter
        self._http = http
        self.identity = identity
        self.token_died = asyncio.Event()
        """Set once Slack refuses the token: nothing more is called until an operator acts."""
        self._limits = CallLimits()

    async def post(
        self, *, channel: str, thread_ts: str, shown: Payload, question: str, part: int = 0
    ) -> str:
        """Post a message of our answer into a thread; gives its ``ts``."""
        posted = await self.call(
            "chat.postMessage",
            channel=channel,
            thread_ts=thread_ts,
            metadata=answer_metadata(question, shown, part),
            **slack_arguments(shown),
        )
        return str(posted["ts"])

    async def update(self, *, channel: str, ts: str, shown: Payload, question: str, part: int = 0) -> None:
        """Edit a message of our answer."""
        await self.call(
            "chat.update",
            channel=channel,
            ts=ts,
            metadata=answer_metadata(question, shown, part),
            **slack_arguments(shown),
        )

    async def find(
        self, *, channel: str, thread_ts: str, asked_ts: str, question: str, streams: bool
    ) -> dict[int, list[str]]:
        """Our messages that answer a question, by their parts: among the first hundreds after it."""
        messages, _ = await page(self, channel, thread_ts, oldest=asked_ts)
        return answer_parts(messages, question=question, identity=self.identity, streams=streams)

    async def thread(self, *, channel: str, thread_ts: str) -> list[ThreadMessage]:
        """A thread's newest messages, oldest first."""
        messages = await newest_messages(self, channel=channel, thread_ts=thread_ts)
        return [thread_message(message, self.identity) for message in messages]

    async def words(self, *, channel: str, thread_ts: str, ts: str) -> Said | None:
        """What a message of a thread says now; None where it is gone."""
        found = await self.call(
            "conversations.replies",
            channel=channel,
            ts=thread_ts,
            oldest=ts,
            latest=ts,
            inclusive=True,
            limit=2,
            include_all_metadata=True,
        )
        messages = found.get("messages") or []
        standing = (each for each in messages if each["ts"] == ts and each.get("subtype") != "tombstone")
        message = next(standing, None)
        if message is None:
            return None
        asked = thread_message(message, self.identity)
        return Said(user=asked.user, text=asked.text, files=asked_files(message))

    async def withdraw(self, *, channel: str, ts: str) -> None:
        """Delete a message of ours."""
        await self.call("chat.delete", channel=channel, ts=ts)

    async def whisper(self, *, channel: str, thread_ts: str | None, user: str, shown: Payload) -> None:
        """Show one person a message that nobody else sees."""
        where = {"thread_ts": thread_ts} if thread_ts else {}
        await self.call("chat.postEphemeral", channel=channel, user=user, **where, **slack_arguments(shown))

    async def post_question(self, *, channel: str, text: str, asker: str) -> str:
        """Post a question in its asker's name, for its answer to stand under."""
        whose = "You asked" if channel.startswith("D") else f"<@{asker}> asks"
        words = escaped(text) if len(escaped(text)) <= SECTION_CHARS else f"{escaped(text[:ESCAPED_CHARS])}…"
        shown = Payload(text=escaped(text), blocks=[small_print(whose), section(words)])
        posted = await self.call(
            "chat.postMessage",
            channel=channel,
            metadata=asked_metadata(asker),
            **slack_arguments(shown),
        )
        return str(posted["ts"])

    async def open_direct(self, *, user: str) -> str:
        """Our direct messages with somebody."""
        return str((await self.call("conversations.open", users=user))["channel"]["id"])

    async def link(self, *, channel: str, ts: str) -> str:
        """The address of a message."""
        return str((await self.call("chat.getPermalink", channel=channel, message_ts=ts))["permalink"])

    async def answer(self, *, url: str, shown: Payload, replace: bool = True) -> None:
        """Answer a press or a shortcut; ``replace`` puts it into the place of what was pressed."""
        body = {"response_type": "ephemeral", "replace_original": replace, **slack_arguments(shown)}
        try:
            async with (
                asyncio.timeout(CALL_WITHIN_S),
                self._http.post(url, json=body) as response,
            ):
                status = response.status
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise UnavailableError("Slack does not take the answer", service="slack") from error
        if status != HTTPStatus.OK:
            raise RefusedError(f"Slack refuses the answer: {status}")

    async def write(self, *, channel: str, shown: Payload) -> str:
        """Post a message that answers no question; gives its ``ts``."""
        return str((await self.call("chat.postMessage", channel=channel, **slack_arguments(shown)))["ts"])

    async def is_empty(self, *, channel: str) -> bool:
        """Whether nothing was ever said in our direct messages with somebody."""
        return not (await self.call("conversations.history", channel=channel, limit=1)).get("messages")

    async def rewrite(self, *, channel: str, ts: str, shown: Payload) -> None:
        """Edit a message that answers no question."""
        await self.call("chat.update", channel=channel, ts=ts, **slack_arguments(shown))

    async def open_view(self, *, trigger: str, view: dict[str, Any]) -> str:
        """Open a modal for whoever's press or command the trigger is of; gives its id."""
        opened = await self.call("views.open", trigger_id=trigger, view=json.dumps(view))
        return str(opened["view"]["id"])

    async def update_view(self, *, view_id: str, view: dict[str, Any]) -> None:
        """Put another content into a modal."""
        await self.call("views.update", view_id=view_id, view=json.dumps(view))

    async def publish_home(self, *, user: str, view: dict[str, Any]) -> None:
        """Put somebody's Home tab in place."""
        await self.call("views.publish", user_id=user, view=json.dumps(view))

    async def people(self, cursor: str) -> tuple[list[Person], str]:
        """A page of the workspace's people, and the next page's cursor."""
        found = await self.call("users.list", limit=PAGE, **({"cursor": cursor} if cursor else {}))
        people = [read_person(member, self.identity.team) for member in found.get("members") or []]
        return people, next_cursor(found)

    async def person(self, user: str) -> Person:
        """One person, members of connected workspaces included."""
        return read_person((await self.call("users.info", user=user))["user"], self.identity.team)

    async def groups(self) -> dict[str, UserGroup]:
        """User groups by id."""
        found = await self.call("usergroups.list", include_users=True, include_disabled=False)
        return {group.id: group for group in map(read_group, found.get("usergroups") or ())}

    async def channel_is_shared(self, channel: str) -> bool:
        """Whether other companies are in the channel, or are about to be."""
        info = (await self.call("conversations.info", channel=channel))["channel"]
        return bool(info.get("is_ext_shared") or info.get("is_pending_ext_shared"))

    async def place_name(self, channel: str) -> str | None:
        """What a channel is called; None of everybody's, whose name says nothing."""
        info = (await self.call("conversations.info", channel=channel))["channel"]
        return None if info.get("is_general") else str(info.get("name") or "") or None

    async def channel_name(self, channel: str) -> str | None:
        """What a channel that we are in is called; None of others."""
        try:
            info = (await self.call("conversations.info", channel=channel))["channel"]
        except RefusedError:
            return None
        return str(info.get("name") or channel) if info.get("is_member") else None

    async def channel_members(self, channel: str) -> frozenset[str]:
        """The ids of everybody in a channel."""
        members: set[str] = set()
        cursor = ""
        while True:
            page = await self.call(
                "conversations.members", channel=channel, limit=PAGE, **({"cursor": cursor} if cursor else {})
            )
            members.update(page.get("members") or ())
            cursor = next_cursor(page)
            if not cursor:
                return frozenset(members)

    async def file(self, file: str) -> SharedFile:
        """What Slack says of a file now."""
        return shared_file((await self.call("files.info", file=file))["file"])

    async def check_tokens(self, app_token: SecretStr) -> None:
        """Ask Slack whether our tokens are still good.

        Raises:
            SettingsError: one is not; of the bot's, ``token_died`` tells too.
            UnavailableError: Slack does not say.
        """
        await self.call("auth.test")
        app = AsyncWebClient(
            token=app_token.get_secret_value(),
            base_url=self.client.base_url,
            session=self.client.session,
            retry_handlers=[],
        )
        try:
            await call(app, "apps.connections.open")
        except (SettingsError, RefusedError) as error:
            raise SettingsError(
                "SLACK_APP_TOKEN: Slack opens no socket with it; it must begin with xapp- and have the scope "
                "connections:write (Basic Information, App-Level Tokens)"
            ) from error

    async def call(self, method: str, /, **arguments: Any) -> dict[str, Any]:
        """Call a method once, unless Slack has told us to wait with it.

        Raises:
            SettingsError: the token is refused, now or before.
            OverloadedError, MalformedError, RefusedError, UnavailableError: as `call` says.
        """
        if self.token_died.is_set():
            raise _dead_token()
        channel = arguments.get("channel") or arguments.get("channel_id")
        self._limits.check(method, channel=channel)
        try:
            return await self._metered(method, arguments)
        except OverloadedError as error:
            self._limits.note(method, channel=channel, wait_s=error.retry_after_s or 1.0)
            raise
        except SettingsError:
            self.token_died.set()
            raise

    async def _metered(self, method: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        started, failure = time.monotonic(), None
        try:
            with span(f"slack {method}", kind="client"):
                return await call(self.client, method, **arguments)
        except BaseException as error:
            failure = error
            raise
        finally:
            self._meter.slack_called(method, result_of(failure), time.monotonic() - started)


@asynccontextmanager
async def open_workspace(
    *, token: SecretStr, api_url: str, meter: CallMeter = UNMETERED
) -> AsyncIterator[SlackWorkspace]:
    """A workspace, once Slack has said who we are; the meter is told of each call.

    Raises:
        SettingsError: the token is wrong.
        UnavailableError: Slack does not answer.
    """
    timeout = aiohttp.ClientTimeout(total=CALL_WITHIN_S)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        client = AsyncWebClient(
            token=token.get_secret_value(),
            base_url=api_url,
            timeout=CALL_WITHIN_S,
            session=session,
            retry_handlers=[],
        )
        who = await call(client, "auth.test")
        identity = Identity(team=who["team_id"], user=who["user_id"], bot=who["bot_id"])
        yield SlackWorkspace(client, session, identity=identity, meter=meter)


async def call(client: AsyncWebClient, method: str, **arguments: Any) -> dict[str, Any]:
    """Call a method once, its errors as ours.

    Raises:
        OverloadedError: too many calls; ``retry_after_s`` says when to come back.
        SettingsError: the token is no longer good for this.
        MalformedError: the message is more than Slack takes.
        RefusedError: another of Slack's no's; the text names it.
        UnavailableError: no answer, or one that is none.
    """
    try:
        async with asyncio.timeout(CALL_WITHIN_S):
            if method.startswith(_TAKE_JSON):
                response = await client.api_call(method, json=arguments)
            else:
                response = await client.api_call(method, data=_form(arguments))
    except SlackApiError as error:
        raise _translated(method, error) from None
    except (SlackClientError, aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        raise UnavailableError(f"Slack does not answer {method}", service="slack") from error
    data = response.data
    return data if isinstance(data, dict) else {}


def _form(arguments: dict[str, Any]) -> dict[str, str]:
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in arguments.items()
    }


def _translated(method: str, error: SlackApiError) -> Exception:
    response = error.response
    code = str(response.get("error") or "")
    if response.status_code == 429 or code in ("ratelimited", "rate_limited"):  # noqa: PLR2004 — HTTP's number
        wait_s = float(response.headers.get("Retry-After") or 1)
        return OverloadedError(f"Slack limits {method}", service="slack", retry_after_s=wait_s)
    if code in _DEAD_TOKENS:
        return _dead_token(code)
    if code in _TOO_MUCH:
        return MalformedError(f"Slack refuses the message: {code}")
    if response.status_code >= 500 or code in ("internal_error", "fatal_error", "service_unavailable"):  # noqa: PLR2004
        return UnavailableError(f"Slack has trouble with {method}", service="slack")
    return SlackRefusedError(method, code)


def _dead_token(code: str = "invalid_auth") -> SettingsError:
    return SettingsError(
        f"SLACK_BOT_TOKEN: Slack refuses it ({code}); install the app again and set the new token, "
        "then restart the bot. Questions are kept until then."
    )
