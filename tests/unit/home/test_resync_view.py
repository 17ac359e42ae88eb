"""What is typed behind ``/resync``, and what a run looks like."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.home.resync_view import Wish, asked_by, ended, going_on, pick_from, read_wish
from sandbox.blocks import check_blocks
from wire.sync import PlannedChange, SourceStatus, SyncRequested, SyncRun, UnreadDocument

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def run(**changes: Any) -> SyncRun:
    fields: dict[str, Any] = {
        "run": "1",
        "source": "wiki",
        "state": "done",
        "started_at": NOW,
        "ended_at": NOW + timedelta(seconds=40),
        "seen": 500,
    }
    return SyncRun(**(fields | changes))


@pytest.mark.parametrize(
    ("typed", "wish"),
    [
        ("", Wish()),
        ("wiki", Wish(source="wiki")),
        ("WIKI --full", Wish(source="wiki", full=True)),
        ("--dry-run wiki", Wish(source="wiki", dry_run=True)),
        ("wiki \N{EM DASH}full", Wish(source="wiki", full=True)),
        ("wiki -dryrun", Wish(source="wiki", dry_run=True)),
        ("`wiki`", Wish(source="wiki")),
        ("cancel wiki", Wish(source="wiki", cancel=True)),
        ("wiki now", Wish(source="wiki", odd=("now",))),
        ("wiki --all", Wish(source="wiki", odd=("--all",))),
    ],
)
def test_a_wish_is_read_as_it_was_meant(typed: str, wish: Wish) -> None:
    assert read_wish(typed) == wish


def test_a_buttons_value_is_a_request() -> None:
    assert asked_by("wiki now") == SyncRequested(source="wiki")
    assert asked_by("wiki shrink") == SyncRequested(source="wiki", accept_shrinking=True)


def test_how_far_it_is_has_a_bar_and_a_way_out() -> None:
    shown = going_on(
        SyncRequested(source="wiki"),
        run(state="running", ended_at=None, seen=250, total=500, changed=12, seconds_left=130.0),
    )
    words = str(shown.blocks)
    assert "▰▰▰▰▰▱▱▱▱▱ 50% · 250 of 500 documents · about 2 min left" in words
    assert "12 new or changed · 0 deleted" in words
    assert "home_cancel" in words
    check_blocks(shown.blocks)


def test_what_could_not_be_read_is_named_with_its_reason() -> None:
    unread = (UnreadDocument(id="a<b>.md", reason="it is no UTF-8"),)
    shown = ended(run(failed=3, unread=unread, changed=2))
    words = str(shown.blocks)
    assert ":warning: *Resync of wiki* is done after 40 s." in words
    assert "a&lt;b&gt;.md stays as it was: it is no UTF-8." in words
    assert "2 more could not be read" in words
    check_blocks(shown.blocks)


def test_deletions_that_were_held_back_can_be_done_all_the_same_after_a_question() -> None:
    shown = ended(run(withheld=400, reason="the source lists far fewer documents than the index has"))
    (button,) = shown.blocks[-1]["elements"]
    assert (button["text"]["text"], button["value"]) == ("Delete anyway", "wiki shrink")
    assert "400 documents will be deleted" in button["confirm"]["text"]["text"]
    check_blocks(shown.blocks)


def test_a_dry_run_of_a_thousand_changes_fits_a_message() -> None:
    planned = tuple(PlannedChange(id="x" * 1024, action="upsert") for _ in range(1000))
    shown = ended(run(dry_run=True, changed=2000, planned=planned))
    assert "… and 1,985 more" in str(shown.blocks)
    check_blocks(shown.blocks)


def test_any_number_of_sources_fits_a_message() -> None:
    sources = [
        SourceStatus(
            name=f"{n}-{'x' * 60}",
            kind="files",
            documents=n,
            runs=(run(source=f"source-{n}", state="failed", reason="x" * 2000),),
        )
        for n in range(80)
    ]
    listed = pick_from(sources, now=NOW)
    assert "… and 41 more." in str(listed.blocks)
    check_blocks(listed.blocks)


def test_documents_of_awful_names_fit_the_message_all_the_same() -> None:
    unread = tuple(UnreadDocument(id="&" * 300, reason="<" * 300) for _ in range(5))
    planned = tuple(PlannedChange(id="&" * 1024, action="delete") for _ in range(15))
    shown = ended(run(dry_run=True, deleted=15, failed=5, unread=unread, planned=planned))
    assert all(len(block["text"]["text"]) <= 3_000 for block in shown.blocks if block["type"] == "section")
