"""Resyncs: ``sync.requested``, ``sync.cancel``, ``sources.list``, and what ``sync.progress.<run>`` tells."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from wire.documents import SourceName
from wire.shapes import Shape

PLANNED_AT_MOST = 1000
"""Changes that a dry run lists by name; all are counted."""
PLANNED_BYTES = 256 * 1024
"""Of their names, since ids may be long and a message holds 1 MiB."""
UNREAD_AT_MOST = 5
"""Documents that a run names because they could not be read; all are counted."""


class SyncRequested(Shape):
    """Compare a source with the index, and announce what differs."""

    source: SourceName
    full: bool = False
    """Read every document again, whatever its revision marker says."""
    dry_run: bool = False
    """Only list what would be announced."""
    accept_shrinking: bool = False
    """Delete even where the source lists far fewer documents than the index has."""


class SyncCancel(Shape):
    """Stop the resync of this source."""

    source: SourceName


class SyncAccepted(Shape):
    """The run that does it, or that is to stop; it is on record."""

    run: str
    source: str


class SyncFollowed(Shape):
    """A message of Slack's shows this run, and is to be kept up to date until it has ended."""

    asked: SyncRequested
    accepted: SyncAccepted
    channel: str
    ts: str


class PlannedChange(Shape):
    """What a dry run would announce."""

    id: str
    action: Literal["upsert", "delete"]


class UnreadDocument(Shape):
    """A document that could not be read at its source."""

    id: str
    reason: str


class SyncRun(Shape):
    """How far a resync is, or how it ended."""

    run: str
    source: str
    state: Literal["running", "done", "failed", "cancelled"] = "running"
    full: bool = False
    dry_run: bool = False
    slot: AwareDatetime | None = None
    """The schedule's slot that it runs for; None where somebody asked for it."""
    started_at: AwareDatetime
    ended_at: AwareDatetime | None = None
    seen: int = 0
    """Documents that the source has listed so far."""
    changed: int = 0
    """Announced as new or changed."""
    deleted: int = 0
    failed: int = 0
    """Could not be read at the source; they stay in the index as they are."""
    unread: Annotated[tuple[UnreadDocument, ...], Field(max_length=UNREAD_AT_MOST)] = ()
    """The first of these."""
    withheld: int = 0
    """Deletions not announced, because the source listed suspiciously few documents."""
    total: int | None = None
    """Documents expected: as many as the index has, until the source has listed all."""
    per_second: float = 0.0
    seconds_left: float | None = None
    paused: bool = False
    """Its schedule's window is closed; it goes on when that opens again."""
    reason: str | None = None
    """Why it failed, or what an admin should know; a sentence."""
    planned: tuple[PlannedChange, ...] = ()

    @property
    def ended(self) -> bool:
        """Whether nothing more comes of it."""
        return self.state != "running"

    @property
    def saw_all(self) -> bool:
        """Whether every document of the source was looked at, and what is gone was deleted."""
        return self.state == "done" and not self.withheld and not self.dry_run

    def without_lists(self) -> "SyncRun":
        """The same without documents' names, for where many runs are told of at once."""
        return self.model_copy(update={"planned": (), "unread": ()})

    @property
    def ok(self) -> bool:
        """Whether the index is now asked to say what the source says."""
        return self.state == "done" and not self.failed and not self.withheld


class SlackThreadTouched(Shape):
    """Somebody wrote in a thread of Slack's, edited it or deleted from it."""

    channel: str
    thread: str
    """Its first message's ``ts``."""
    touched_at: AwareDatetime
    """By Slack's clock."""


class SourcesRequest(Shape):
    """Which sources are there?"""


ANNOUNCED = "announced"
"""The kind of a source that is not configured: others announce its documents."""


class SourceStatus(Shape):
    """A configured source, or one whose documents are announced by others."""

    name: str
    kind: str
    """As in the settings, or `ANNOUNCED`."""
    documents: int
    changed_at: AwareDatetime | None = None
    """When any of its documents last changed in the index."""
    synced_at: AwareDatetime | None = None
    """When the last resync that saw all of the source began: what had changed there by then was announced."""
    next_slot: AwareDatetime | None = None
    runs: Annotated[tuple[SyncRun, ...], Field(max_length=20)] = ()
    """The last ones, newest first."""


class SourcesReply(Shape):
    """All of them, by name."""

    sources: tuple[SourceStatus, ...]
