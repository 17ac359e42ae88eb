"""What an answer needs of Slack beyond messages: its own streaming, statuses and sessions."""

from typing import Any, Literal, Protocol


class Calls(Protocol):
    """Slack's Web API."""

    async def call(self, method: str, /, **arguments: Any) -> dict[str, Any]:
        """Call a method once. Raises the wire's errors."""
        ...


class Streams(Protocol):
    """Slack's own streaming of a message as it is written. Every method raises the wire's errors."""

    async def start(
        self, *, channel: str, thread_ts: str, text: str, recipient: str | None, team: str
    ) -> str:
        """Begin a message with these words; gives its ``ts``.

        Args:
            channel: where.
            thread_ts: in which thread.
            text: Markdown.
            recipient: in a channel, who sees it grow; None in direct messages.
            team: that person's workspace.
        """
        ...

    async def append(self, *, channel: str, ts: str, text: str) -> None:
        """More words."""
        ...

    async def stop(self, *, channel: str, ts: str) -> None:
        """No more; from now on it can be edited."""
        ...


SessionStatus = Literal["processing", "active"]


class Prompt(Protocol):
    """A question that is suggested."""

    @property
    def title(self) -> str:
        """What is shown."""
        ...

    @property
    def message(self) -> str:
        """What is asked."""
        ...


class Agent(Protocol):
    """What Slack shows of an agent beside its messages. Every method raises the wire's errors."""

    async def set_status(self, *, channel: str, thread_ts: str, doing: str) -> None:
        """What is being done, until the next message or for two minutes."""
        ...

    async def set_session(
        self, *, channel: str, thread_ts: str, status: SessionStatus, title: str, asker: str
    ) -> None:
        """Whether we are at work: while ``processing``, Slack shows a Stop button of its own."""
        ...

    async def set_title(self, *, channel: str, thread_ts: str, title: str) -> None:
        """What the thread is called in the list of threads."""
        ...
