"""The sandbox, put together: the one place that builds its parts and opens its port."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from aiohttp import web

from sandbox.company import read_company
from sandbox.conversations import Change, Message
from sandbox.doors import only_this_machine, refusals_as_sentences
from sandbox.errors import PortTakenError
from sandbox.faults import Faults
from sandbox.handbook import Handbook
from sandbox.page_api import PageApi
from sandbox.rate_limits import SLACK_LIMITS, Limits, RateLimits
from sandbox.slack_events import Press, block_actions, event_callback, events_of
from sandbox.socket_mode import SLACK_REDELIVERY, Delivery, Redelivery, SocketMode
from sandbox.web_api import Call, Tokens, WebApi
from sandbox.workspace import Workspace

SAMPLE_COMPANY = Path(__file__).parent / "company"
PAGE = Path(__file__).parent / "page"
HOST = "127.0.0.1"
STOP_WITHIN_S = 1.0


class Sandbox:
    """A running sandbox, as a test holds it: act as people, and look at what came of it.

    People are named by id or handle, channels by id, name, or ``dm`` for direct messages with the app.
    """

    def __init__(
        self,
        *,
        url: str,
        workspace: Workspace,
        socket_mode: SocketMode,
        web_api: WebApi,
        faults: Faults,
    ) -> None:
        self.url = url
        """Where the page is, without a slash at the end."""
        self.api_url = f"{url}/api/"
        """What an app takes for Slack's Web API."""
        self.workspace = workspace
        self.faults = faults
        self._socket_mode = socket_mode
        self._web_api = web_api

    def say(self, person: str, channel: str, text: str, *, thread_ts: str | None = None) -> Message:
        """A person types ``text`` (with ``@names``) into a channel, or into a thread of it."""
        user = self.workspace.person(person)
        where = self.workspace.channel(channel, seen_by=user)
        return self.workspace.say(user=user, channel=where, text=text, thread_ts=thread_ts)

    def click(self, person: str, message: Message, action_id: str, *, value: str | None = None) -> None:
        """A person presses a button of a message that they see; ``value`` chooses one of a feedback pair."""
        user = self.workspace.person(person)
        seen = self.workspace.message(message.channel, message.ts, seen_by=user)
        press = Press(action_id=action_id, value=value)
        self._socket_mode.deliver_interaction(block_actions(seen, press, user=user, workspace=self.workspace))

    def invite(self, person: str, channel: str) -> None:
        """A person takes the app into a channel."""
        user = self.workspace.person(person)
        self.workspace.invite_app(channel=self.workspace.channel(channel, seen_by=user), by=user)

    def messages(self, channel: str, *, person: str | None = None) -> list[Message]:
        """A conversation's messages without the replies in threads, oldest first. ``dm`` needs the person."""
        messages = self.workspace.conversations[self._id(channel, person)].messages.values()
        return [message for message in messages if message.thread_ts is None]

    def thread(self, channel: str, ts: str, *, person: str | None = None) -> list[Message]:
        """A thread's replies, oldest first, without the message they reply to."""
        return self.workspace.replies(self._id(channel, person), ts)

    def whispers(self, person: str) -> list[Message]:
        """The ephemeral messages that a person got."""
        user = self.workspace.person(person)
        return [message for message in self.workspace.whispers if message.visible_to == user]

    def calls(self, method: str | None = None) -> list[Call]:
        """The Web API's calls so far, oldest first."""
        return [call for call in self._web_api.calls if method in (None, call.method)]

    def deliveries(self, kind: str | None = None) -> list[Delivery]:
        """The envelopes that were acknowledged or given up so far, oldest first."""
        return [sent for sent in self._socket_mode.deliveries if kind in (None, sent.kind)]

    @property
    def open_sockets(self) -> int:
        """How many Socket Mode connections the app has."""
        return self._socket_mode.open_sockets

    def drop_sockets(self) -> int:
        """Cut every connection of the app; gives how many there were."""
        return self._socket_mode.drop_sockets()

    def deafen_sockets(self) -> int:
        """Every connection of the app stays open and falls silent; gives how many there are."""
        return self._socket_mode.deafen_sockets()

    def _id(self, channel: str, person: str | None) -> str:
        seen_by = self.workspace.person(person) if person else self.workspace.bot.user_id
        return self.workspace.channel(channel, seen_by=seen_by)


@asynccontextmanager
async def serving(
    *,
    bot_token: str,
    app_token: str,
    port: int = 0,
    company: Path = SAMPLE_COMPANY,
    limits: Limits = SLACK_LIMITS,
    redelivery: Redelivery = SLACK_REDELIVERY,
    now: Callable[[], float] = time.time,
) -> AsyncIterator[Sandbox]:
    """Open a workspace on loopback.

    Args:
        bot_token: what the app must show to the Web API.
        app_token: what it must show to open a socket.
        port: where to listen; 0 picks a free one.
        company: the folder with ``workspace.toml`` and ``handbook/``.
        limits: how often the app may call.
        redelivery: when an event that was not acknowledged goes out again.
        now: the wall clock, in Unix seconds.

    Raises:
        CompanyError: the company's folder can't be used.
        PortTakenError: something else listens on the port.
    """
    people = read_company(company)
    faults = Faults()
    listeners: list[Callable[[Change], None]] = []
    workspace = Workspace(people, now=now, emit=lambda change: _tell(listeners, change))
    socket_mode = SocketMode(app_id=people.bot.app_id, redelivery=redelivery, faults=faults)
    web_api = WebApi(
        workspace=workspace,
        socket_mode=socket_mode,
        tokens=Tokens(bot=bot_token, app=app_token),
        limits=RateLimits(limits),
        faults=faults,
        now=now,
    )
    handbook = Handbook(company / "handbook", company=people.team.name)
    page_api = PageApi(
        workspace=workspace, socket_mode=socket_mode, web_api=web_api, faults=faults, handbook=handbook
    )
    listeners += [page_api.push, _app_told(socket_mode, workspace)]
    socket_mode.on_count(page_api.push_sockets)
    async with AsyncExitStack() as stack:
        runner = await stack.enter_async_context(_running(_routes(page_api, web_api, socket_mode)))
        await stack.enter_async_context(socket_mode)
        stack.callback(page_api.close)
        await stack.enter_async_context(_listening(runner, port=port))
        yield Sandbox(
            url=f"http://{HOST}:{runner.addresses[0][1]}",
            workspace=workspace,
            socket_mode=socket_mode,
            web_api=web_api,
            faults=faults,
        )


def _tell(listeners: list[Callable[[Change], None]], change: Change) -> None:
    for listener in listeners:
        listener(change)


def _app_told(socket_mode: SocketMode, workspace: Workspace) -> Callable[[Change], None]:
    def tell(change: Change) -> None:
        for event in events_of(change, workspace=workspace):
            socket_mode.deliver_event(event_callback(event, workspace=workspace))

    return tell


def _routes(page_api: PageApi, web_api: WebApi, socket_mode: SocketMode) -> web.Application:
    application = web.Application(middlewares=[only_this_machine, refusals_as_sentences])

    async def page(_request: web.Request) -> web.FileResponse:
        return web.FileResponse(PAGE / "index.html")

    application.router.add_get("/", page)
    application.router.add_static("/static", PAGE)
    application.router.add_get("/link", socket_mode.serve)
    application.router.add_route("*", "/api/{method}", web_api.serve)
    application.router.add_routes(page_api.routes())
    return application


@asynccontextmanager
async def _running(application: web.Application) -> AsyncIterator[web.AppRunner]:
    """Everything but the port; what is still being answered at the end gets a second."""
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=STOP_WITHIN_S)
    await runner.setup()
    try:
        yield runner
    finally:
        await runner.cleanup()


@asynccontextmanager
async def _listening(runner: web.AppRunner, *, port: int) -> AsyncIterator[None]:
    """The port: the last thing to open and the first to close, so that nobody comes back while we stop."""
    site = web.TCPSite(runner, HOST, port)
    try:
        await site.start()
    except OSError as error:
        raise PortTakenError(
            f"Port {port} of {HOST} can't be used ({error.strerror}). Choose another one with --port."
        ) from error
    try:
        yield
    finally:
        await site.stop()
