"""What people do that the app must answer: press, command, submit, pick; and what Slack makes of the answer.

Each gives what the person is told where it went wrong, in Slack's words, or None.
"""

from typing import Any

from sandbox.blocks import check_view
from sandbox.changes import Changed, ViewsChanged
from sandbox.company import Command, Shortcut
from sandbox.conversations import Message
from sandbox.errors import SlackError
from sandbox.inputs import Typed, problems_of
from sandbox.interactions import (
    Press,
    block_actions,
    global_shortcut,
    message_shortcut,
    slash_command,
    view_actions,
    view_closed,
    view_submission,
)
from sandbox.responding import Responding
from sandbox.socket_mode import SocketMode
from sandbox.workspace import Workspace

Json = dict[str, Any]

SLACKBOT = "USLACKBOT"
NO_ANSWER = "This app did not respond within 3 seconds."
NOT_CONNECTED = "This app is not connected: nobody heard this."
TROUBLE = "We had some trouble connecting. Try again?"


class Acting:
    """The hands of the people of a workspace."""

    def __init__(
        self, *, workspace: Workspace, socket_mode: SocketMode, responding: Responding, url: str = ""
    ) -> None:
        self.url = url
        """Where this sandbox is: what response URLs begin with."""
        self._workspace = workspace
        self._socket_mode = socket_mode
        self._responding = responding

    # -- messages

    async def press(self, user: str, message: Message, press: Press) -> str | None:
        """Use an element of a message.

        Raises:
            SlackError: there is no such element.
        """
        return await self._ask(self.pressed(user, message, press))

    def pressed(self, user: str, message: Message, press: Press) -> Json:
        """What the app is told of a press.

        Raises:
            SlackError: there is no such element.
        """
        url = self._response_url(user, message.channel, original=message)
        return block_actions(message, press, user=user, workspace=self._workspace, response_url=url)

    async def pick(self, user: str, callback_id: str, message: Message | None = None) -> str | None:
        """Pick a shortcut: a message's, or one that belongs to none.

        Raises:
            SlackError: there is no such shortcut.
        """
        kind = "global" if message is None else "message"
        shortcut = self._shortcut(callback_id, kind, user)
        if message is None:
            return await self._ask(global_shortcut(shortcut, user=user, workspace=self._workspace))
        url = self._response_url(user, message.channel, original=message)
        return await self._ask(
            message_shortcut(shortcut, message, user=user, workspace=self._workspace, response_url=url)
        )

    async def command(self, user: str, channel: str, typed: str, *, in_thread: bool = False) -> str | None:
        """Type a slash command; Slack's own refusals are whispered, as it does."""
        workspace = self._workspace
        conversation = workspace.entered(channel, by=user)
        name, _, text = typed.strip().partition(" ")
        command = self._command(name, user)
        if command is None:
            self._slackbot(user, channel, f"`{name}` is not a valid command.")
            return None
        if in_thread:
            return f"{name} is not supported in threads. Sorry!"
        url_name = self._responding.issue(user=user, channel=channel)
        payload = slash_command(
            command,
            workspace.typing.escaped(text.strip()) if command.escape else text.strip(),
            user=user,
            conversation=conversation,
            workspace=workspace,
            response_url=f"{self.url}/respond/{url_name}",
        )
        connected = self._socket_mode.connected
        answer = await self._socket_mode.ask(payload, kind="slash_commands")
        try:
            if answer is None:
                raise SlackError("operation_timeout" if connected else "dispatch_failed")  # noqa: TRY301 — as the app's own mistakes
            self._responding.acknowledged(url_name, answer)
        except SlackError as error:
            self._slackbot(user, channel, f'`{name}` failed with the error "{error.error}"')
        return None

    # -- modals and the Home tab

    async def use(self, user: str, view_id: str, press: Press, typed: Typed) -> str | None:
        """Use an element of a modal or of the Home tab.

        Raises:
            SlackError: there is no such view before this person, or no such element.
        """
        view = self._workspace.views.seen(user, view_id, types=("modal", "home"))
        self._workspace.views.fill(view, typed)
        return await self._ask(view_actions(view, press, user=user, workspace=self._workspace))

    async def submit(self, user: str, view_id: str, typed: Typed) -> dict[str, str]:
        """Submit a modal: gives what is wrong, by block (an empty name: with the whole), if anything is.

        Raises:
            SlackError: there is no such view before this person.
        """
        view = self._workspace.views.seen(user, view_id)
        self._workspace.views.fill(view, typed)
        if problems := problems_of(view["blocks"], typed):
            return problems
        payload = view_submission(view, user=user, workspace=self._workspace)
        answer = await self._socket_mode.ask(payload)
        if answer is None:
            return {"": TROUBLE}
        try:
            return self._submitted(user, view, answer)
        except SlackError:
            return {"": TROUBLE}

    def _submitted(self, user: str, view: Json, answer: Json) -> dict[str, str]:
        workspace = self._workspace
        now_s = workspace.now()
        match answer.get("response_action"):
            case None:
                workspace.views.close(user, view)
            case "clear":
                workspace.views.close(user, view, everything=True)
            case "errors":
                known = {block["block_id"] for block in view["blocks"] if block["type"] == "input"}
                errors = {str(key): str(text) for key, text in answer.get("errors", {}).items()}
                if not errors or not set(errors) <= known:
                    raise SlackError("invalid_arguments")
                return errors
            case "update":
                modal = check_view(answer.get("view"), types=("modal",))
                workspace.views.update(view, modal, hash_=None, now_s=now_s)
            case "push":
                modal = check_view(answer.get("view"), types=("modal",))
                workspace.views.push(user, modal, now_s=now_s)
            case _:
                raise SlackError("invalid_arguments")
        workspace.emit(ViewsChanged(user=user))
        return {}

    async def close(self, user: str, view_id: str) -> None:
        """Close a modal, and with it what lies under it where the view says so.

        Raises:
            SlackError: there is no such view before this person.
        """
        workspace = self._workspace
        view = workspace.views.seen(user, view_id)
        gone = workspace.views.close(user, view, everything=bool(view["clear_on_close"]))
        workspace.emit(ViewsChanged(user=user))
        for each in gone:
            if each["notify_on_close"]:
                cleared = bool(view["clear_on_close"])
                payload = view_closed(each, user=user, workspace=workspace, is_cleared=cleared)
                await self._socket_mode.ask(payload)

    # -- inside

    async def _ask(self, payload: Json) -> str | None:
        if not self._socket_mode.connected:
            return NOT_CONNECTED
        return NO_ANSWER if await self._socket_mode.ask(payload) is None else None

    def _response_url(self, user: str, channel: str, *, original: Message) -> str:
        name = self._responding.issue(user=user, channel=channel, original=original)
        return f"{self.url}/respond/{name}"

    def _command(self, name: str, user: str) -> Command | None:
        """The command of that name; strangers have none of this workspace's."""
        company = self._workspace.company
        if self._workspace.team_of(user) != company.team.id:
            return None
        return next((each for each in company.commands if each.command == name), None)

    def _shortcut(self, callback_id: str, kind: str, user: str) -> Shortcut:
        company = self._workspace.company
        if self._workspace.team_of(user) == company.team.id:
            for shortcut in company.shortcuts:
                if (shortcut.callback_id, shortcut.type) == (callback_id, kind):
                    return shortcut
        raise SlackError("action_not_found")

    def _slackbot(self, user: str, channel: str, text: str) -> None:
        workspace = self._workspace
        message = Message(channel=channel, ts=workspace.next_ts(), user=SLACKBOT, text=text, visible_to=user)
        workspace.whispers.append(message)
        workspace.emit(Changed(kind="posted", message=message, ts=message.ts))
