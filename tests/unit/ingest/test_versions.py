"""Versions decide, in any order of arrival."""

import itertools
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from ingest.versions import tombstone_version, upsert_stands
from wire.documents import DocumentDelete
from wire.heads import Head


def head(version: int, *, deleted: bool = False, conditional: bool = False, content_hash: str = "c") -> Head:
    return Head(
        source="s",
        document="d",
        version=version,
        state="deleted" if deleted else "live",
        content_hash=content_hash,
        fingerprint="f",
        conditional=conditional,
        changed_at=datetime(2026, 11, 25, tzinfo=UTC),
    )


def stands(over: Head | None, version: int, *, content_hash: str = "c", fingerprint: str = "f") -> bool:
    return upsert_stands(over, version=version, content_hash=content_hash, fingerprint=fingerprint)


def delete(version: int | None = None, *, if_version: int | None = None) -> DocumentDelete:
    return DocumentDelete(source="s", id="d", version=version, if_version=if_version)


def test_a_higher_version_replaces_and_a_lower_one_is_dropped() -> None:
    assert stands(None, 1)
    assert stands(head(1), 2)
    assert not stands(head(2), 1)


def test_an_equal_version_is_indexed_again_only_with_other_content_or_another_pipeline() -> None:
    assert not stands(head(2), 2)
    assert stands(head(2), 2, content_hash="other")
    assert stands(head(2), 2, fingerprint="other")


def test_a_late_older_upsert_does_not_bring_a_deleted_document_back() -> None:
    assert not stands(head(3, deleted=True), 2)
    assert not stands(head(3, deleted=True), 3)
    assert stands(head(3, deleted=True), 4)


def test_a_resyncs_tombstone_yields_to_an_equal_or_higher_upsert() -> None:
    laid = head(3, deleted=True, conditional=True)
    assert stands(laid, 3)
    assert stands(laid, 4)
    assert not stands(laid, 2)


def test_deleting_an_unknown_document_keeps_older_upserts_out() -> None:
    assert tombstone_version(None, delete(5)) == 5


def test_a_delete_wins_over_its_own_version_and_lower_ones_only() -> None:
    assert tombstone_version(head(4), delete(5)) == 5
    assert tombstone_version(head(5), delete(5)) == 5
    assert tombstone_version(head(6), delete(5)) is None
    assert tombstone_version(head(5, deleted=True), delete(5)) is None


def test_a_resyncs_delete_applies_only_while_exactly_that_version_is_indexed() -> None:
    assert tombstone_version(head(5), delete(if_version=5)) == 5
    assert tombstone_version(head(6), delete(if_version=5)) is None
    assert tombstone_version(head(4), delete(if_version=5)) is None
    assert tombstone_version(head(5, deleted=True), delete(if_version=5)) is None
    assert tombstone_version(None, delete(if_version=5)) is None


def arrive(over: Head | None, event: tuple[str, int]) -> Head | None:
    kind, version = event
    if kind == "upsert":
        return head(version) if stands(over, version) else over
    laid = tombstone_version(over, delete(version))
    return over if laid is None else head(laid, deleted=True)


EVENTS = st.lists(st.tuples(st.sampled_from(["upsert", "delete"]), st.integers(1, 5)), max_size=5)


@given(EVENTS)
def test_every_order_of_the_same_events_ends_the_same(events: list[tuple[str, int]]) -> None:
    """Promise 15: the highest version stands, a delete before an upsert of the same version."""
    ends = set()
    for order in itertools.permutations(events):
        end: Head | None = None
        for event in order:
            end = arrive(end, event)
        ends.add(end)
    assert len(ends) == 1
    (end,) = ends
    if events:
        highest = max(version for _, version in events)
        assert end is not None
        assert end.version == highest
        assert (end.state == "deleted") == (("delete", highest) in events)
