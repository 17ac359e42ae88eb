"""What the use cases here need of the world besides what `bot.slack.ports` has."""

from collections.abc import AsyncGenerator, Sequence
from typing import Any, Protocol

from bot.slack.view import Payload
from wire.failures import ListFailuresReply, ListFailuresRequest, SettleFailuresReply
from wire.sync import SourcesReply, SyncAccepted, SyncRequested, SyncRun


class Board(Protocol):
    """Where messages and views are shown. Every method raises the wire's errors."""

    async def open_direct(self, *, user: str) -> str:
        """Our direct messages with somebody."""
        ...

    async def write(self, *, channel: str, shown: Payload) -> str:
        """Post a message that answers no question; gives its ``ts``."""
        ...

    async def rewrite(self, *, channel: str, ts: str, shown: Payload) -> None:
        """Edit it."""
        ...

    async def link(self, *, channel: str, ts: str) -> str:
        """The address of a message."""
        ...

    async def answer(self, *, url: str, shown: Payload) -> None:
        """Put this into the place of the message whose button was pressed."""
        ...

    async def open_view(self, *, trigger: str, view: dict[str, Any]) -> str:
        """Open a modal; gives its id."""
        ...

    async def update_view(self, *, view_id: str, view: dict[str, Any]) -> None:
        """Put another content into a modal."""
        ...

    async def publish_home(self, *, user: str, view: dict[str, Any]) -> None:
        """Put somebody's Home tab in place."""
        ...


class Syncs(Protocol):
    """Resyncs, asked of the worker; every method raises UnavailableError where none answers in time."""

    async def sources(self) -> SourcesReply:
        """The configured sources, and those whose documents are announced by others."""
        ...

    async def sync(self, asked: SyncRequested) -> SyncAccepted:
        """Begin one. Raises MalformedError (no such source), RefusedError (it is in another run)."""
        ...

    async def cancel(self, source: str) -> SyncAccepted:
        """Ask the run of a source to stop. Raises MalformedError (there is none)."""
        ...

    def follow(self, accepted: SyncAccepted) -> AsyncGenerator[SyncRun, None]:
        """How far it is, until it has ended."""
        ...


class Failures(Protocol):
    """Documents that could not be indexed, asked of the worker; raises likewise."""

    async def page(self, request: ListFailuresRequest) -> ListFailuresReply:
        """Some, oldest first."""
        ...

    async def replay(self, failures: Sequence[str]) -> SettleFailuresReply:
        """Announce them again."""
        ...

    async def discard(self, failures: Sequence[str]) -> SettleFailuresReply:
        """Take them off."""
        ...
