"""How Slack reaches us: over a socket that we open, or over HTTP requests of its own."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web
from pydantic import SecretStr
from slack_bolt.async_app import AsyncApp

from bot.slack.bolt_http import SlackOverHttp
from bot.slack.bolt_intake import listening
from bot.slack.ports import Replays
from wire.errors import SettingsError


@dataclass(frozen=True, kw_only=True)
class Ears:
    """What hears Slack.

    Attributes:
        connected: whether events can reach us right now.
        routes: what the bot's HTTP server must serve for it.
    """

    connected: Callable[[], Awaitable[bool]]
    routes: Sequence[web.RouteDef] = ()


@asynccontextmanager
async def hearing(
    app: AsyncApp,
    *,
    app_token: SecretStr | None,
    signing_secret: SecretStr | None,
    check_tokens: Callable[[SecretStr], Awaitable[None]],
    replays: Replays,
) -> AsyncIterator[Ears]:
    """Slack's events reach the app while the block lasts; over a socket where there is a token for one.

    Raises:
        SettingsError: there is neither a token nor a secret, or Slack opens no socket with the token.
        UnavailableError: Slack does not answer.
    """
    if app_token is not None:
        async with listening(app, app_token=app_token, check_tokens=check_tokens) as socket:
            yield Ears(connected=socket.connected)
    elif signing_secret is not None:
        over_http = SlackOverHttp(app, signing_secret=signing_secret, replays=replays)
        yield Ears(connected=over_http.connected, routes=over_http.routes())
    else:
        raise SettingsError("SLACK_APP_TOKEN or SLACK_SIGNING_SECRET: one of them must be set")
