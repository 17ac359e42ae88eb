"""Slack's events over Socket Mode: each question is stored before Slack is told that it arrived.

The hand-off stands in a middleware, because Bolt acknowledges an event before its listener runs. It
stands before Bolt's authorization, which answers "200" to an event when auth.test fails, and so would
lose it. A question that can't be stored is answered with 500: Slack then brings it again.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol

import structlog
from pydantic import SecretStr
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.commands import Command, read_command
from bot.slack.events import Asked, MuteAsked, Reworded, read_asked, read_mute, read_reworded, read_stop
from bot.slack.ports import Identity, Interaction
from bot.slack.view import Payload, slack_arguments
from bot.slack.viewing import CONTEXT_CHANGED
from wire.errors import AnswerdeskError, SettingsError
from wire.opentelemetry_spans import span
from wire.questions import StopAsked
from wire.stopping import stopped, tasks_beside

PING_EVERY_S = 5.0
"""slack-sdk takes a socket for dead after four of its own unanswered pings: 20 s."""
CLOSE_WITHIN_S = 5.0
LOOK_EVERY_S = 1.0
_INTERACTIONS = ("block_actions", "message_action", "shortcut", "view_submission", "view_closed")
AWAY_FOR_S = 8.0

_log = structlog.get_logger("intake")
# Bolt warns that our own setting for the token stands in the environment, where it would look for it.
_BOLT = logging.getLogger("bolt")
_BOLT.setLevel(logging.ERROR)
# slack-sdk logs the socket's address with its ticket, and a traceback every few seconds while Slack is away.
_SILENT = logging.getLogger("bolt.socket")
_SILENT.setLevel(logging.CRITICAL + 1)


class Listener(Protocol):
    """Takes what people say and do; every method raises UnavailableError where that can't be kept."""

    async def hear(self, asked: Asked) -> None:
        """What may be a question."""

    async def stop(self, order: StopAsked) -> None:
        """Somebody wants an answer to stop."""

    async def mute(self, wish: MuteAsked) -> None:
        """Somebody wants us to stay out of a thread."""

    async def reworded(self, change: Reworded) -> None:
        """A message that may have been a question reads otherwise now."""


Overhear = Callable[[dict[str, Any]], Awaitable[None]]
"""Takes every ``event_callback``, whatever it is about; raises nothing."""


class Commands(Protocol):
    """Carries slash commands out."""

    async def run(self, command: Command) -> Payload:
        """What the person who typed it is shown."""


def bolt_app(
    *,
    client: AsyncWebClient,
    identity: Identity,
    listener: Listener,
    commands: Commands,
    interactions: Sequence[Interaction],
    overhear: Sequence[Overhear] = (),
    signing_secret: SecretStr | None = None,
) -> AsyncApp:
    """The Bolt app: what people say goes to the listener, a command to who carries it out.

    A press, a modal or a shortcut goes to the first of the interactions that takes it. The secret is for
    requests over HTTP; what comes over a socket needs none.
    """

    async def hand_off(
        req: AsyncBoltRequest,
        next: Callable[[], Awaitable[BoltResponse]],  # noqa: A002 — Bolt's name
    ) -> BoltResponse:
        with span("take what Slack brings", kind="server"):
            return await take(req, next)

    async def take(req: AsyncBoltRequest, otherwise: Callable[[], Awaitable[BoltResponse]]) -> BoltResponse:
        try:
            match req.body.get("type"):
                case "event_callback":
                    for overhears in () if _is_unused(req.body) else overhear:
                        await overhears(req.body)
                    await _hear(req.body, identity=identity, listener=listener)
                case kind if kind in _INTERACTIONS:
                    return BoltResponse(status=200, body=await _taken(req.body, interactions))
                case _ if (command := read_command(req.body)) is not None:
                    return _shown(await commands.run(command))
                case _:
                    return await otherwise()
        except AnswerdeskError as error:
            # An event comes again; under a button its presser sees that it did not work.
            _log.warning("not acknowledged", reason=str(error))
            return BoltResponse(status=500, body="")
        except Exception:  # noqa: BLE001 — Bolt would log the error's words, which may be a person's
            _log.exception("not acknowledged")
            return BoltResponse(status=500, body="")
        return BoltResponse(status=200, body="")

    secret = signing_secret.get_secret_value() if signing_secret else ""
    return AsyncApp(client=client, before_authorize=hand_off, logger=_BOLT, signing_secret=secret)


def _is_unused(body: dict[str, Any]) -> bool:
    """Whether Slack tells of something that we subscribe to for what its other events say because of it."""
    return (body.get("event") or {}).get("type") == CONTEXT_CHANGED


async def _taken(body: dict[str, Any], interactions: Sequence[Interaction]) -> dict[str, Any] | str:
    """What is said back: nothing, also where it is nobody's, such as a button that is a mere link."""
    for interaction in interactions:
        if (taken := await interaction.take(body)) is not None:
            return taken.reply or ""
    return ""


def _shown(payload: Payload) -> BoltResponse:
    return BoltResponse(status=200, body={"response_type": "ephemeral", **slack_arguments(payload)})


async def _hear(body: dict[str, Any], *, identity: Identity, listener: Listener) -> None:
    if (order := read_stop(body, bot_user=identity.user)) is not None:
        await listener.stop(order)
    elif (wish := read_mute(body, bot_user=identity.user, team=identity.team)) is not None:
        await listener.mute(wish)
    elif (change := read_reworded(body, team=identity.team)) is not None:
        await listener.reworded(change)
    elif (asked := read_asked(body, bot_user=identity.user, team=identity.team)) is not None:
        await listener.hear(asked)


class Socket:
    """Our connection to Slack's Socket Mode, kept up by ``listening``."""

    def __init__(self) -> None:
        self.handler: AsyncSocketModeHandler | None = None

    async def connected(self) -> bool:
        """Whether events can reach us right now."""
        return self.handler is not None and bool(await self.handler.client.is_connected())


@asynccontextmanager
async def listening(
    app: AsyncApp, *, app_token: SecretStr, check_tokens: Callable[[SecretStr], Awaitable[None]]
) -> AsyncIterator[Socket]:
    """Slack's events reach the app while the block lasts; a socket that is lost or deaf is replaced.

    Args:
        app: what takes the events.
        app_token: the app-level token, ``xapp-…``.
        check_tokens: asked before each new socket; a SettingsError from it ends the listening, since
            trying again would be for good.

    Raises:
        SettingsError: Slack opens no socket with this token.
        UnavailableError: Slack does not answer.
    """
    await check_tokens(app_token)
    socket = Socket()
    async with tasks_beside() as group:
        keeping = group.create_task(_keep_up(socket, app, app_token, check_tokens), name="slack socket")
        yield socket
        keeping.cancel()


async def _keep_up(
    socket: Socket,
    app: AsyncApp,
    app_token: SecretStr,
    check_tokens: Callable[[SecretStr], Awaitable[None]],
) -> None:
    """One client after another: slack-sdk's own reconnecting tries the ticket of a failed one for good."""
    while True:
        async with _client(socket, app, app_token):
            await _until_away(socket)
        _log.warning("the connection to Slack is lost; opening a new one")
        try:
            await check_tokens(app_token)
        except SettingsError as error:
            _log.error("Slack has shut us out; no more events are taken", reason=str(error))
            return
        except AnswerdeskError as error:
            _log.warning("Slack does not answer", reason=str(error))


@asynccontextmanager
async def _client(socket: Socket, app: AsyncApp, app_token: SecretStr) -> AsyncIterator[None]:
    handler = AsyncSocketModeHandler(
        app, app_token=app_token.get_secret_value(), logger=_SILENT, ping_interval=PING_EVERY_S
    )
    connecting = asyncio.create_task(handler.client.connect())  # type: ignore[no-untyped-call]
    socket.handler = handler
    try:
        yield
    finally:
        socket.handler = None
        await stopped(connecting)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_WITHIN_S):
                await handler.client.close()  # type: ignore[no-untyped-call]


async def _until_away(socket: Socket) -> None:
    """Return once the socket has been away for longer than slack-sdk's own reconnecting takes."""
    seen_at = time.monotonic()
    while time.monotonic() - seen_at < AWAY_FOR_S:
        await asyncio.sleep(LOOK_EVERY_S)
        if await socket.connected():
            seen_at = time.monotonic()
