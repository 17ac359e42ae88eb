"""What `answerdesk sources` and `answerdesk sync` tell a person."""

from datetime import UTC, datetime, timedelta
from io import StringIO

from rich.console import Console

from desk.source_list import show_sources
from desk.syncing import show_run
from desk.terminal import Terminal
from wire.sync import PlannedChange, SourcesReply, SourceStatus, SyncRun

STARTED_AT = datetime(2026, 11, 1, tzinfo=UTC)


def console() -> tuple[Console, StringIO]:
    written = StringIO()
    return Console(file=written, width=200), written


def run(**changes: object) -> SyncRun:
    about = {
        "run": "r1",
        "source": "wiki",
        "state": "done",
        "started_at": STARTED_AT,
        "seen": 120,
        **changes,
    }
    return SyncRun.model_validate(about)


def test_each_source_is_a_line_with_counts_freshness_and_its_last_run() -> None:
    screen, written = console()
    now = datetime.now(UTC)
    wiki = SourceStatus(
        name="wiki",
        kind="http",
        documents=119,
        changed_at=now - timedelta(minutes=5, seconds=10),
        synced_at=now - timedelta(hours=2, minutes=1),
        next_slot=now + timedelta(days=1, hours=1),
        runs=(run(changed=3, deleted=1, failed=2), run(state="failed")),
    )
    files = SourceStatus(name="files", kind="announced", documents=7)
    show_sources(SourcesReply(sources=(files, wiki)), screen)
    _, by_hand, line = written.getvalue().splitlines()
    assert by_hand.split() == ["files", "announced", "7", "-", "-", "-", "-"]
    for said in ("119", "5 min ago", "2 h ago", "in 1 d", "done: 120 seen, 3 changed, 1 deleted, 2 failed"):
        assert said in line


def test_without_any_source_it_says_what_to_do() -> None:
    screen, written = console()
    show_sources(SourcesReply(sources=()), screen)
    assert "answerdesk.example.toml" in written.getvalue()


def test_a_run_s_end_names_what_is_planned_and_what_went_wrong() -> None:
    screen, written = console()
    planned = (
        PlannedChange(id="leave.md", action="upsert"),
        PlannedChange(id="old\x1b[31m", action="delete"),
    )
    show_run(run(dry_run=True, changed=1, deleted=1, planned=planned), Terminal(screen))
    show_run(run(failed=1, withheld=60, reason="the source lists 60 documents"), Terminal(screen))
    said = written.getvalue()
    assert "announce leave.md" in said
    assert "\x1b" not in said
    assert "1 would be announced" in said
    assert "1 could not be read" in said
    assert "The source lists 60 documents." in said
