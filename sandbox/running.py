"""A running sandbox, as a test holds it: act as people, and look at what came of it."""

from collections.abc import Sequence
from typing import Any

import aiohttp

from sandbox import membership
from sandbox.acting import Acting
from sandbox.agents import AgentThread, Prompts
from sandbox.conversations import Message
from sandbox.faults import Faults
from sandbox.http_mode import RequestUrl
from sandbox.inputs import Typed
from sandbox.interactions import Press
from sandbox.reactions import react, take_back
from sandbox.socket_mode import WARNED_S, Delivery, SocketMode
from sandbox.streaming import press_stop
from sandbox.web_api import Call, WebApi
from sandbox.workspace import Workspace

Json = dict[str, Any]


class Sandbox:
    """People are named by id or handle, channels by id, name, or ``dm`` for direct messages with the app.

    What the app must answer is awaited, and gives what the person is told where it did not.
    """

    def __init__(
        self,
        *,
        url: str,
        workspace: Workspace,
        socket_mode: SocketMode,
        web_api: WebApi,
        acting: Acting,
        faults: Faults,
        http: aiohttp.ClientSession,
    ) -> None:
        self.url = url
        """Where the page is, without a slash at the end."""
        self.api_url = f"{url}/api/"
        """What an app takes for Slack's Web API."""
        self.workspace = workspace
        self.faults = faults
        self._socket_mode = socket_mode
        self._web_api = web_api
        self._acting = acting
        self._http = http

    # -- what people write

    def say(
        self,
        person: str,
        channel: str,
        text: str,
        *,
        thread_ts: str | None = None,
        beside: str | None = None,
        files: Sequence[tuple[str, bytes]] = (),
    ) -> Message:
        """A person types ``text`` (with ``@names``) into a channel, or into a thread of it.

        ``beside`` is the channel they look at while they type into the agent's pane; ``files`` are names and
        bytes.
        """
        user = self.workspace.person(person)
        where = self.workspace.channel(channel, seen_by=user)
        looking = self.workspace.channel(beside, seen_by=user) if beside else None
        return self.workspace.say(
            user=user, channel=where, text=text, thread_ts=thread_ts, beside=looking, files=files
        )

    def edit(self, message: Message, text: str) -> Message:
        """The person who wrote a message edits it."""
        return self.workspace.edit(user=message.user, channel=message.channel, ts=message.ts, text=text)

    def erase(self, message: Message) -> None:
        """The person who wrote a message deletes it."""
        self.workspace.erase(user=message.user, channel=message.channel, ts=message.ts)

    def react(self, person: str, message: Message, emoji: str, *, added: bool = True) -> None:
        """A person puts an emoji on a message, or takes theirs away."""
        user = self.workspace.person(person)
        seen = self.workspace.message(message.channel, message.ts, seen_by=user)
        (react if added else take_back)(self.workspace, seen, emoji, user=user)

    # -- what the app must answer

    def click(self, person: str, message: Message, action_id: str, *, value: Any = None) -> None:
        """A person presses a button of a message; ``value`` chooses one of a feedback pair, or an option."""
        payload = self._acting.pressed(*self._press(person, message, action_id, value))
        self._socket_mode.start(self._socket_mode.ask(payload))

    async def press(self, person: str, message: Message, action_id: str, *, value: Any = None) -> str | None:
        """As ``click``, until the app has acknowledged it."""
        return await self._acting.press(*self._press(person, message, action_id, value))

    async def command(self, person: str, channel: str, typed: str) -> str | None:
        """A person types a slash command, such as ``/ask how much leave``; Slack's refusals are whispers."""
        user = self.workspace.person(person)
        return await self._acting.command(user, self.workspace.channel(channel, seen_by=user), typed)

    async def pick(self, person: str, callback_id: str, message: Message | None = None) -> str | None:
        """A person picks a shortcut: of a message, or of none."""
        return await self._acting.pick(self.workspace.person(person), callback_id, message)

    async def use(
        self, person: str, view: Json, action_id: str, *, value: Any = None, fields: Typed | None = None
    ) -> str | None:
        """A person uses an element of a modal or of their Home tab."""
        press = Press(action_id=action_id, value=value)
        return await self._acting.use(self.workspace.person(person), view["id"], press, fields or {})

    async def submit(self, person: str, fields: Typed | None = None) -> dict[str, str]:
        """A person submits the modal they see: gives what is wrong, by block."""
        return await self._acting.submit(
            self.workspace.person(person), self._modal(person)["id"], fields or {}
        )

    async def close(self, person: str) -> None:
        """A person closes the modal they see."""
        await self._acting.close(self.workspace.person(person), self._modal(person)["id"])

    # -- the agent and the App Home

    def open_app(self, person: str, *, tab: str = "messages", context: str | None = None) -> None:
        """A person opens the app's Home or Messages tab; beside the channel ``context``, the agent's pane."""
        user = self.workspace.person(person)
        beside = self.workspace.channel(context, seen_by=user) if context else None
        membership.open_app(self.workspace, user=user, tab=tab, context=beside)

    def look_at(self, person: str, channel: str) -> None:
        """A person who has the agent's pane open goes to another channel."""
        user = self.workspace.person(person)
        where = self.workspace.channel(channel, seen_by=user)
        membership.look_at(self.workspace, user=user, channel=where)

    def press_stop(self, person: str, channel: str, thread_ts: str) -> None:
        """A person presses the native Stop of an agent's session."""
        user = self.workspace.person(person)
        where = self.workspace.entered(self.workspace.channel(channel, seen_by=user), by=user)
        press_stop(self.workspace, where, thread_ts, user=user)

    def modal(self, person: str) -> Json | None:
        """The modal that a person has before them."""
        return self.workspace.views.modal(self.workspace.person(person))

    def home(self, person: str) -> Json | None:
        """What the app has published into a person's Home tab."""
        return self.workspace.views.homes.get(self.workspace.person(person))

    def agent_thread(self, channel: str, thread_ts: str, *, person: str | None = None) -> AgentThread:
        """A thread's status, title and session. ``dm`` needs the person."""
        return self.workspace.agents.thread(self._id(channel, person), thread_ts)

    def prompts(self, person: str) -> Prompts | None:
        """What the app suggests in its direct messages with a person."""
        return self.workspace.agents.prompts.get(self._id("dm", person))

    # -- who is where

    def invite(self, person: str, channel: str) -> None:
        """A person takes the app into a channel."""
        self.take_in(person, channel, who=self.workspace.bot.user_id)

    def take_in(self, person: str, channel: str, *, who: str) -> None:
        """A person takes somebody into a channel."""
        user = self.workspace.person(person)
        joining = who if who == self.workspace.bot.user_id else self.workspace.person(who)
        where = self.workspace.channel(channel, seen_by=user)
        membership.take_in(self.workspace, user=joining, channel=where, by=user)

    def leave(self, person: str, channel: str) -> None:
        """A person leaves a channel."""
        user = self.workspace.person(person)
        where = self.workspace.channel(channel, seen_by=user)
        membership.leave(self.workspace, user=user, channel=where)

    def remove_app(self, channel: str) -> None:
        """The app is taken out of a channel."""
        membership.leave(self.workspace, user=self.workspace.bot.user_id, channel=self._id(channel, None))

    def share(self, channel: str, *, external: bool = True) -> None:
        """A channel is opened to the first partner company, or closed again."""
        partners = self.workspace.company.partners
        team = partners[0].id if partners else "T0ELSEWHERE"
        membership.share(self.workspace, channel=self._id(channel, None), external=external, team=team)

    def change_person(self, person: str, **fields: Any) -> None:
        """A person's ``title``, ``email``, ``admin``, ``guest``, ``deleted`` … is another one."""
        membership.change_person(self.workspace, self.workspace.person(person), **fields)

    def change_group(self, group: str, *, members: tuple[str, ...]) -> None:
        """A user group has other members."""
        ids = tuple(self.workspace.person(member) for member in members)
        membership.change_group(self.workspace, group, members=ids)

    # -- looking

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
        """The Web API's calls so far, oldest first; answers to response URLs are ``response_url``."""
        return [call for call in self._web_api.calls if method in (None, call.method)]

    def deliveries(self, kind: str | None = None) -> list[Delivery]:
        """The envelopes that were acknowledged or given up so far, oldest first."""
        return [sent for sent in self._socket_mode.deliveries if kind in (None, sent.kind)]

    # -- the ways to the app

    async def send_to(self, url: str, *, signing_secret: str) -> None:
        """Everything goes to this request URL from now on, signed, and no more over sockets.

        Raises:
            SlackError: ``url_verification_failed``: the app does not give Slack's challenge back in 3 s.
        """
        await self._socket_mode.send_to(RequestUrl(url, signing_secret=signing_secret, http=self._http))

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

    async def refresh_sockets(self, *, warned_s: float = WARNED_S) -> int:
        """Warn every connection of the app, and end it so much later, as Slack does every few hours."""
        return await self._socket_mode.refresh_sockets(warned_s=warned_s)

    def _press(self, person: str, message: Message, action_id: str, value: Any) -> tuple[str, Message, Press]:
        user = self.workspace.person(person)
        seen = self.workspace.message(message.channel, message.ts, seen_by=user)
        return user, seen, Press(action_id=action_id, value=value)

    def _modal(self, person: str) -> Json:
        modal = self.modal(person)
        assert modal is not None, f"{person} has no modal open"  # noqa: S101 — for tests
        return modal

    def _id(self, channel: str, person: str | None) -> str:
        seen_by = self.workspace.person(person) if person else self.workspace.bot.user_id
        return self.workspace.channel(channel, seen_by=seen_by)
