"""The sandbox, put together: the one place that builds its parts and opens its port."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from aiohttp import web

from sandbox.acting import Acting
from sandbox.changes import Change
from sandbox.company import read_company
from sandbox.doors import only_this_machine, refusals_as_sentences
from sandbox.errors import PortTakenError
from sandbox.faults import Faults
from sandbox.handbook import Handbook
from sandbox.page_actions import PageActions
from sandbox.page_api import PageApi
from sandbox.rate_limits import SLACK_LIMITS, Limits, RateLimits
from sandbox.responding import Responding
from sandbox.running import Sandbox
from sandbox.slack_events import event_callback, events_of
from sandbox.socket_mode import SLACK_REDELIVERY, Redelivery, SocketMode
from sandbox.streaming import expire
from sandbox.web_api import Tokens, WebApi
from sandbox.workspace import STREAM_LIFE_S, Workspace

__all__ = ["SAMPLE_COMPANY", "Sandbox", "serving"]

SAMPLE_COMPANY = Path(__file__).parent / "company"
PAGE = Path(__file__).parent / "page"
HOST = "127.0.0.1"
STOP_WITHIN_S = 1.0
UPLOAD_BYTES = 64 * 1024 * 1024
"""Of a message with its files, as base64."""
LOOK_EVERY_S = 0.25
"""How often what has been streamed, or has had a status, for too long is looked for."""


@asynccontextmanager
async def serving(
    *,
    bot_token: str,
    app_token: str,
    port: int = 0,
    company: Path = SAMPLE_COMPANY,
    limits: Limits = SLACK_LIMITS,
    redelivery: Redelivery = SLACK_REDELIVERY,
    stream_life_s: float = STREAM_LIFE_S,
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
        stream_life_s: how long a message may be streamed.
        now: the wall clock, in Unix seconds.

    Raises:
        CompanyError: the company's folder can't be used.
        PortTakenError: something else listens on the port.
    """
    parts = _built(
        company,
        tokens=Tokens(bot=bot_token, app=app_token),
        limits=limits,
        redelivery=redelivery,
        stream_life_s=stream_life_s,
        now=now,
    )
    async with _open(parts, port=port) as http:
        yield Sandbox(
            url=parts.acting.url,
            workspace=parts.workspace,
            socket_mode=parts.socket_mode,
            web_api=parts.web_api,
            acting=parts.acting,
            faults=parts.faults,
            http=http,
        )


@dataclass(frozen=True, kw_only=True)
class _Parts:
    """A workspace and its shells; nothing of it is open yet."""

    workspace: Workspace
    faults: Faults
    socket_mode: SocketMode
    web_api: WebApi
    acting: Acting
    page_api: PageApi


def _built(
    company: Path,
    *,
    tokens: Tokens,
    limits: Limits,
    redelivery: Redelivery,
    stream_life_s: float,
    now: Callable[[], float],
) -> _Parts:
    """Everything built, so that what changes in the workspace is told to the page and the app."""
    people = read_company(company)
    faults = Faults()
    listeners: list[Callable[[Change], None]] = []
    workspace = Workspace(
        people, now=now, emit=lambda change: _tell(listeners, change), stream_life_s=stream_life_s
    )
    socket_mode = SocketMode(app_id=people.bot.app_id, redelivery=redelivery, faults=faults)
    responding = Responding(workspace)
    web_api = WebApi(
        workspace=workspace,
        socket_mode=socket_mode,
        responding=responding,
        tokens=tokens,
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
    return _Parts(
        workspace=workspace,
        faults=faults,
        socket_mode=socket_mode,
        web_api=web_api,
        acting=Acting(workspace=workspace, socket_mode=socket_mode, responding=responding),
        page_api=page_api,
    )


def _tell(listeners: list[Callable[[Change], None]], change: Change) -> None:
    for listener in listeners:
        listener(change)


def _app_told(socket_mode: SocketMode, workspace: Workspace) -> Callable[[Change], None]:
    def tell(change: Change) -> None:
        for event in events_of(change, workspace=workspace):
            socket_mode.deliver_event(event_callback(event, workspace=workspace))

    return tell


def _application(parts: _Parts) -> web.Application:
    application = web.Application(
        client_max_size=UPLOAD_BYTES, middlewares=[only_this_machine, refusals_as_sentences]
    )

    async def page(_request: web.Request) -> web.FileResponse:
        return web.FileResponse(PAGE / "index.html")

    application.router.add_get("/", page)
    application.router.add_static("/static", PAGE)
    application.router.add_get("/link", parts.socket_mode.serve)
    application.router.add_route("*", "/api/{method}", parts.web_api.serve)
    application.router.add_post("/respond/{name}", parts.web_api.respond)
    application.router.add_get("/files-pri/{file}/{name}", parts.web_api.download)
    application.router.add_get("/files-pri/{file}/download/{name}", parts.web_api.download)
    application.router.add_routes(parts.page_api.routes())
    application.router.add_routes(PageActions(workspace=parts.workspace, acting=parts.acting).routes())
    return application


@asynccontextmanager
async def _open(parts: _Parts, *, port: int) -> AsyncIterator[aiohttp.ClientSession]:
    """Everything at work, and told where it is; gives what Slack calls the app with."""
    async with AsyncExitStack() as stack:
        runner = await stack.enter_async_context(_running(_application(parts)))
        http = await stack.enter_async_context(aiohttp.ClientSession())
        await stack.enter_async_context(parts.socket_mode)
        await stack.enter_async_context(_looking(parts.workspace))
        stack.callback(parts.page_api.close)
        await stack.enter_async_context(_listening(runner, port=port))
        parts.acting.url = parts.workspace.files.url = f"http://{HOST}:{runner.addresses[0][1]}"
        yield http


@asynccontextmanager
async def _looking(workspace: Workspace) -> AsyncIterator[None]:
    """What ends by itself ends, as long as this is open."""

    async def look() -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            expire(workspace)

    task = asyncio.create_task(look())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


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
