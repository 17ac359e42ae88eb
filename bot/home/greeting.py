"""What somebody sees who opens our messages, or our pane: a greeting once, and questions to pick from."""

from collections.abc import Sequence
from typing import Any, Protocol

import structlog

from bot.home.errands import Errands
from bot.slack.native_ports import Prompt
from bot.slack.view import Payload, View, payload
from wire.errors import OverloadedError, RefusedError, UnavailableError

TITLE = "Ask me about the company's documents, such as:"
HELLO = (
    "Hello! Ask me anything that the company's documents may know. I look only into what you may read, and "
    "the numbers in an answer lead to its sources. Ask on in the same thread, and say “stop” to stop me."
)

_log = structlog.get_logger("home")


class Suggestions(Protocol):
    """Offers questions to pick from."""

    async def suggest(self, *, channel: str, title: str, prompts: Sequence[Prompt]) -> None:
        """Raises the wire's errors."""
        ...


class Conversation(Protocol):
    """Our direct messages with somebody. Every method raises the wire's errors."""

    async def is_empty(self, *, channel: str) -> bool:
        """Whether nothing was ever said there."""
        ...

    async def write(self, *, channel: str, shown: Payload) -> str:
        """Post a message that answers no question; gives its ``ts``."""
        ...


class Once(Protocol):
    """Remembers for a day what was done, for all replicas."""

    async def first(self, deed: str) -> bool:
        """Whether nobody has done this yet; from now on somebody has. Raises UnavailableError."""
        ...


class Greeting:
    """Greets."""

    def __init__(
        self,
        *,
        conversation: Conversation,
        suggestions: Suggestions,
        prompts: Sequence[Prompt],
        once: Once,
        errands: Errands,
    ) -> None:
        self._conversation = conversation
        self._suggestions = suggestions
        self._prompts = prompts
        self._once = once
        self._errands = errands

    async def overhear(self, body: dict[str, Any]) -> None:
        """Greet whoever opens our direct messages, after Slack was told that we heard."""
        if (channel := read_messages_opened(body)) is not None:
            try:
                self._errands.start(self.greet(channel))
            except OverloadedError as error:
                _log.warning("nobody was greeted", reason=str(error))

    async def greet(self, channel: str) -> None:
        """Offer questions, and say hello where nothing was ever said.

        Raises:
            AnswerdeskError: Slack takes no message there, or it can't be told whether one is needed.
        """
        if self._prompts:
            try:
                await self._suggestions.suggest(channel=channel, title=TITLE, prompts=self._prompts)
            except (RefusedError, UnavailableError) as error:
                _log.info("no questions are suggested", reason=str(error))
        if await self._conversation.is_empty(channel=channel) and await self._once.first(f"hello:{channel}"):
            await self._conversation.write(channel=channel, shown=payload(View(text=HELLO)))


def read_messages_opened(body: dict[str, Any]) -> str | None:
    """The direct messages that somebody has opened, or the pane, if this event says so."""
    event = body.get("event") or {}
    if event.get("type") != "app_home_opened" or event.get("tab") != "messages":
        return None
    return str(event.get("channel") or "") or None
