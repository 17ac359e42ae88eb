"""A source's list beside what is indexed."""

import dataclasses

import pytest

from ingest.reconcile import (
    MILLISECONDS,
    Indexed,
    differs,
    gone,
    is_suspicious,
    mark_of,
    must_read,
    next_version,
    with_given_up,
)
from ingest.sources.source import Entry

ENTRY = Entry(id="leave", revision="7", title="Leave", url="https://x/leave", media_type="text/markdown")
PUBLIC = ("public",)


def indexed(entry: Entry = ENTRY, *, allow: tuple[str, ...] = PUBLIC, data: bytes = b"28 days") -> Indexed:
    return Indexed(version=5, mark=mark_of(entry, allow=allow, data=data))


def test_an_unchanged_revision_is_not_read_again() -> None:
    assert not must_read(ENTRY, indexed(), allow=PUBLIC, full=False)
    assert must_read(ENTRY, indexed(), allow=PUBLIC, full=True)
    assert must_read(ENTRY, None, allow=PUBLIC, full=False)


@pytest.mark.parametrize(
    "change", [{"revision": "8"}, {"title": "Leaves"}, {"url": None}, {"media_type": "text/plain"}]
)
def test_whatever_the_list_says_anew_is_noticed(change: dict[str, str | None]) -> None:
    assert must_read(dataclasses.replace(ENTRY, **change), indexed(), allow=PUBLIC, full=False)  # type: ignore[arg-type] # by name, from a table


def test_a_document_that_may_change_under_the_same_revision_is_read_and_its_bytes_decide() -> None:
    entry = dataclasses.replace(ENTRY, settled=False)
    assert must_read(entry, indexed(), allow=PUBLIC, full=False)
    assert not differs(indexed(), mark_of(entry, allow=PUBLIC, data=b"28 days"))
    assert differs(indexed(), mark_of(entry, allow=PUBLIC, data=b"30 days"))


def test_new_readers_of_an_unchanged_document_are_noticed() -> None:
    assert must_read(ENTRY, indexed(), allow=("group:S1",), full=False)
    assert differs(indexed(), mark_of(ENTRY, allow=("group:S1",), data=b"28 days"))


def test_without_revisions_the_bytes_decide() -> None:
    entry = dataclasses.replace(ENTRY, revision=None)
    assert must_read(entry, indexed(entry), allow=PUBLIC, full=False)
    assert not differs(indexed(entry), mark_of(entry, allow=PUBLIC, data=b"28 days"))
    assert differs(indexed(entry), mark_of(entry, allow=PUBLIC, data=b"30 days"))


def test_a_document_announced_by_others_or_deleted_is_read() -> None:
    assert must_read(ENTRY, Indexed(version=5), allow=PUBLIC, full=False)
    assert must_read(ENTRY, Indexed(version=5, live=False), allow=PUBLIC, full=False)
    assert differs(Indexed(version=5, live=False), indexed().mark or "")


def test_a_state_that_could_not_be_indexed_is_not_tried_again_but_a_newer_success_stands() -> None:
    failed = mark_of(ENTRY, allow=PUBLIC, data=b"broken")
    assert with_given_up({}, {"leave": (7, failed)}) == {"leave": Indexed(7, failed, live=False)}
    there = {"leave": indexed()}
    assert with_given_up(there, {"leave": (6, failed)}) == {"leave": Indexed(5, failed)}
    assert with_given_up(there, {"leave": (4, failed)}) == there


def test_versions_grow_above_what_is_indexed_and_are_the_same_each_time() -> None:
    numbered = dataclasses.replace(ENTRY, version=42)
    assert next_version(ENTRY, None, epoch=1, unknown=1000) == 1000
    assert next_version(ENTRY, Indexed(5), epoch=1, unknown=1000) == 6
    assert next_version(ENTRY, Indexed(5), epoch=2, unknown=1000) == 7, "a successor's stands over"
    assert next_version(ENTRY, Indexed(2000, live=False), epoch=1, unknown=1000) == 2001
    assert next_version(numbered, None, epoch=1, unknown=1000) == 42, "the source's own count"
    assert next_version(numbered, Indexed(42), epoch=1, unknown=1000) == 43, "new readers, same count"


def test_what_a_later_run_says_stands_over_an_earlier_one_s_that_is_still_on_its_way() -> None:
    """Or else the earlier, tried again after the later, would bring the older text back."""
    there = Indexed(MILLISECONDS + 5_000)
    earlier = next_version(ENTRY, there, epoch=1, unknown=MILLISECONDS + 10_000)
    later = next_version(ENTRY, there, epoch=1, unknown=MILLISECONDS + 20_000)
    assert there.version < earlier < later
    assert next_version(ENTRY, there, epoch=1, unknown=MILLISECONDS) == there.version + 1, "an early clock"


def test_only_live_documents_are_gone() -> None:
    there = {"a": Indexed(1), "b": Indexed(2), "c": Indexed(3, live=False)}
    assert list(gone(there, {"a"})) == [("b", 2)]


@pytest.mark.parametrize(
    ("seen", "suspicious"), [(0, True), (69, True), (70, False), (100, False), (500, False)]
)
def test_a_list_of_under_seventy_percent_is_suspicious(seen: int, suspicious: bool) -> None:  # noqa: FBT001 — from a table
    assert is_suspicious(seen=seen, indexed=100, least_share=0.7) is suspicious
    assert not is_suspicious(seen=0, indexed=0, least_share=0.7)
