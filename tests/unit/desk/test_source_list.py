"""What `answerdesk sources` and `answerdesk sync` tell a person."""

from datetime import UTC, datetime, timedelta
from io import StringIO

from rich.console import Console

from desk.source_list import show_sources
from desk.syncing import show_run
from desk.terminal import Terminal
from wire.sync import PlannedChange, SourcesReply, SourceStatus, SyncRun, UnreadDocument

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
        documents=1119,
        changed_at=now - timedelta(minutes=5, seconds=10),
        synced_at=now - timedelta(hours=2, minutes=1),
        next_slot=now + timedelta(days=1, hours=1),
        runs=(
            run(
                changed=3,
                deleted=1,
                failed=2,
                unread=(UnreadDocument(id="a.pdf", reason="the file has more than 50 MiB"),),
                ended_at=now - timedelta(minutes=3, seconds=10),
            ),
            run(state="failed"),
        ),
    )
    files = SourceStatus(name="files", kind="announced", documents=7)
    show_sources(SourcesReply(sources=(files, wiki)), Terminal(screen))
    _, by_hand, line, named, more = written.getvalue().splitlines()
    assert by_hand.split() == ["files", "announced", "7", "-", "-", "-", "-"]
    done = "done 3 min ago: 120 seen, 3 changed, 1 deleted, 2 failed"
    for said in ("1,119", "5 min ago", "2 h ago", "in 1 d", done):
        assert said in line
    assert named == "wiki: a.pdf stays as it was: the file has more than 50 MiB."
    assert more.startswith("wiki: 1 more could not be read")


def test_a_run_that_is_under_way_or_failed_says_so_whatever_a_dry_run_found_since() -> None:
    now = datetime.now(UTC)
    dry = run(dry_run=True, ended_at=now)
    for last, said in (
        (run(state="running", seconds_left=130.0), "running: 120 seen, 0 changed, 0 deleted, 2 min left"),
        (run(state="running", paused=True), "paused until its window opens: 120 seen"),
        (run(state="failed", reason="the list broke off", ended_at=now), "wiki: The list broke off."),
    ):
        screen, written = console()
        wiki = SourceStatus(name="wiki", kind="http", documents=0, runs=(dry, last))
        show_sources(SourcesReply(sources=(wiki,)), Terminal(screen))
        assert said in written.getvalue()
        assert "never" in written.getvalue()


def test_without_any_source_it_says_what_to_do() -> None:
    screen, written = console()
    show_sources(SourcesReply(sources=()), Terminal(screen))
    assert "answerdesk.example.toml" in written.getvalue()


def test_a_run_s_end_names_what_is_planned_and_what_went_wrong() -> None:
    screen, written = console()
    planned = (
        PlannedChange(id="leave.md", action="upsert"),
        PlannedChange(id="old\x1b[31m", action="delete"),
    )
    show_run(run(dry_run=True, changed=4, deleted=1, planned=planned), Terminal(screen))
    show_run(run(failed=1, withheld=60, reason="the source lists 60 documents"), Terminal(screen))
    said = written.getvalue()
    assert "announce leave.md" in said
    assert "\x1b" not in said
    assert "4 would be announced" in said
    assert "... and 3 more" in said
    assert "1 could not be read; the worker's log names them." in said
    assert "The source lists 60 documents." in said
