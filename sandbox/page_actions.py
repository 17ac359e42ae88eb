"""What people do in the page, over HTTP: each is one POST of a JSON object with ``as``, the person.

    /page/say      {"channel", "text", "thread_ts"?, "beside"?: as "context" below,
                    "files"?: [{"name", "base64"}]} → {"message"}
    /page/edit     {"channel", "ts", "text"}          /page/delete   {"channel", "ts"}
    /page/react    {"channel", "ts", "emoji"}: puts it there, or takes it away again
    /page/click    {"channel", "ts", "action_id", "block_id"?, "value"?}
    /page/command  {"channel", "text", "thread_ts"?}: a slash command
    /page/pick     {"callback_id", "channel"?, "ts"?}: a shortcut, of a message or of none
    /page/use      {"view_id", "action_id", "block_id"?, "value"?, "fields"?}: in a modal or the Home tab
    /page/submit   {"view_id", "fields"} → {"problems": {block_id: sentence}}
    /page/close    {"view_id"}
    /page/open     {"tab": "home" or "messages", "context"?: a channel beside the agent's pane}
    /page/look     {"channel"}: with the agent's pane open, go to another channel
    /page/stop     {"channel", "thread_ts"}: stop the agent's session
    /page/invite   {"channel"}: take the app into it

Where the app had to answer and did not, ``told`` is what Slack says of it. ``fields`` is what stands in a
view's fields, by ``block_id`` and ``action_id``.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal, TypeVar

from aiohttp import web
from pydantic import Base64Bytes, BaseModel, ConfigDict, Field, ValidationError

from sandbox.acting import Acting
from sandbox.conversations import Message
from sandbox.errors import SlackError
from sandbox.interactions import Press
from sandbox.membership import look_at, open_app, take_in
from sandbox.page_state import message_of
from sandbox.reactions import react, take_back
from sandbox.streaming import press_stop
from sandbox.workspace import Workspace

Json = dict[str, Any]
Fields = dict[str, dict[str, Any]]
ShapeT = TypeVar("ShapeT", bound=BaseModel)


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _InChannel(_Shape):
    channel: str


class _File(_Shape):
    name: Annotated[str, Field(min_length=1, max_length=200)]
    base64: Base64Bytes


class _Command(_InChannel):
    text: str
    thread_ts: str | None = None


class _Said(_Command):
    beside: str | None = None
    files: list[_File] = []


class _Thread(_InChannel):
    thread_ts: str


class _Message(_InChannel):
    ts: str


class _Edited(_Message):
    text: str


class _Reacted(_Message):
    emoji: str


class _Clicked(_Message):
    action_id: str
    block_id: str | None = None
    value: Any = None


class _Picked(_Shape):
    callback_id: str
    channel: str | None = None
    ts: str | None = None


class _View(_Shape):
    view_id: str
    fields: Fields = {}


class _Used(_View):
    action_id: str
    block_id: str | None = None
    value: Any = None


class _Opened(_Shape):
    tab: Literal["home", "messages"]
    context: str | None = None


class PageActions:
    """Does what the page asks for."""

    def __init__(self, *, workspace: Workspace, acting: Acting) -> None:
        self._workspace = workspace
        self._acting = acting

    def routes(self) -> list[web.RouteDef]:
        """One for each thing that people do."""
        return [
            self._route("say", _Said, self._say),
            self._route("edit", _Edited, self._edit),
            self._route("delete", _Message, self._delete),
            self._route("react", _Reacted, self._react),
            self._route("click", _Clicked, self._click),
            self._route("command", _Command, self._command),
            self._route("pick", _Picked, self._pick),
            self._route("use", _Used, self._use),
            self._route("submit", _View, self._submit),
            self._route("close", _View, self._close),
            self._route("open", _Opened, self._open),
            self._route("look", _InChannel, self._look),
            self._route("stop", _Thread, self._stop),
            self._route("invite", _InChannel, self._invite),
        ]

    def _route(
        self, name: str, shape: type[ShapeT], act: Callable[[str, ShapeT], Awaitable[Json]]
    ) -> web.RouteDef:
        async def serve(request: web.Request) -> web.Response:
            body = await read_body(request)
            user = self._workspace.person(str(body.pop("as", "")))
            return web.json_response(await act(user, checked(shape, body)))

        return web.post(f"/page/{name}", serve)

    # -- messages

    async def _say(self, user: str, said: _Said) -> Json:
        channel = self._channel(said.channel, user)
        beside = self._channel(said.beside, user) if said.beside else None
        message = self._workspace.say(
            user=user,
            channel=channel,
            text=said.text,
            thread_ts=said.thread_ts,
            beside=beside,
            files=[(file.name, file.base64) for file in said.files],
        )
        return {"message": message_of(message, workspace=self._workspace)}

    async def _edit(self, user: str, edited: _Edited) -> Json:
        channel = self._channel(edited.channel, user)
        self._workspace.edit(user=user, channel=channel, ts=edited.ts, text=edited.text)
        return {}

    async def _delete(self, user: str, message: _Message) -> Json:
        self._workspace.erase(user=user, channel=self._channel(message.channel, user), ts=message.ts)
        return {}

    async def _react(self, user: str, reacted: _Reacted) -> Json:
        message = self._message(reacted, user)
        there = user in message.reactions.get(reacted.emoji, ())
        (take_back if there else react)(self._workspace, message, reacted.emoji, user=user)
        return {}

    async def _click(self, user: str, clicked: _Clicked) -> Json:
        press = Press(action_id=clicked.action_id, block_id=clicked.block_id, value=clicked.value)
        return {"told": await self._acting.press(user, self._message(clicked, user), press)}

    # -- commands and shortcuts

    async def _command(self, user: str, said: _Command) -> Json:
        channel = self._channel(said.channel, user)
        in_thread = said.thread_ts is not None
        return {"told": await self._acting.command(user, channel, said.text, in_thread=in_thread)}

    async def _pick(self, user: str, picked: _Picked) -> Json:
        message = None
        if picked.channel is not None and picked.ts is not None:
            message = self._message(_Message(channel=picked.channel, ts=picked.ts), user)
        return {"told": await self._acting.pick(user, picked.callback_id, message)}

    # -- modals and the Home tab

    async def _use(self, user: str, used: _Used) -> Json:
        press = Press(action_id=used.action_id, block_id=used.block_id, value=used.value)
        return {"told": await self._acting.use(user, used.view_id, press, used.fields)}

    async def _submit(self, user: str, view: _View) -> Json:
        return {"problems": await self._acting.submit(user, view.view_id, view.fields)}

    async def _close(self, user: str, view: _View) -> Json:
        await self._acting.close(user, view.view_id)
        return {}

    # -- the app

    async def _open(self, user: str, opened: _Opened) -> Json:
        context = self._channel(opened.context, user) if opened.context else None
        open_app(self._workspace, user=user, tab=opened.tab, context=context)
        return {}

    async def _look(self, user: str, where: _InChannel) -> Json:
        look_at(self._workspace, user=user, channel=self._channel(where.channel, user))
        return {}

    async def _stop(self, user: str, thread: _Thread) -> Json:
        conversation = self._workspace.entered(self._channel(thread.channel, user), by=user)
        press_stop(self._workspace, conversation, thread.thread_ts, user=user)
        return {}

    async def _invite(self, user: str, where: _InChannel) -> Json:
        channel, app = self._channel(where.channel, user), self._workspace.bot.user_id
        take_in(self._workspace, user=app, channel=channel, by=user)
        return {}

    # -- inside

    def _channel(self, name: str, user: str) -> str:
        return self._workspace.channel(name, seen_by=user)

    def _message(self, named: _Message, user: str) -> Message:
        return self._workspace.message(self._channel(named.channel, user), named.ts, seen_by=user)


async def read_body(request: web.Request) -> Json:
    """A request's JSON object.

    Raises:
        SlackError: ``invalid_arguments``.
    """
    try:
        body = await request.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise SlackError("invalid_arguments", messages=("The body must be a JSON object.",))
    return body


def checked(shape: type[ShapeT], body: Json) -> ShapeT:
    """A body in its shape.

    Raises:
        SlackError: ``invalid_arguments``, with what is wrong with it.
    """
    try:
        return shape.model_validate(body)
    except ValidationError as error:
        problems = tuple(
            f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}"
            for problem in error.errors(include_url=False, include_input=False)
        )
        raise SlackError("invalid_arguments", messages=problems) from None
