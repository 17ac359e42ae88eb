"""The sample as it would be announced."""

from pathlib import Path

import pytest

from desk.sample import HANDBOOK, handbook
from wire.documents import DocumentUpsert
from wire.errors import MalformedError


def test_every_document_of_the_sample_can_be_announced() -> None:
    documents = [draft.read() for draft in handbook(HANDBOOK, base="http://127.0.0.1:3000")]
    assert len(documents) >= 25
    for document in documents:
        assert isinstance(document, DocumentUpsert)
        assert document.source == "handbook"
        assert document.url == f"http://127.0.0.1:3000/handbook/{document.id}"
        assert document.allow
        assert document.updated_at
        assert document.version == int(document.updated_at.timestamp() * 1000)


@pytest.mark.parametrize(
    "updated_at", ["2026-01-12T00:00:00Z", "2026-01-12", "'2026-01-12T00:00:00Z'", "2026-01-12T00:00:00"]
)
def test_a_date_may_be_written_in_any_way_of_toml(tmp_path: Path, updated_at: str) -> None:
    (tmp_path / "a.md").write_text("# A")
    (tmp_path / "handbook.toml").write_text(
        f'[a]\ntitle = "A"\nallow = ["public"]\nupdated_at = {updated_at}\nowner = "People"\n'
    )
    (draft,) = handbook(tmp_path, base="http://x")
    document = draft.read()
    assert isinstance(document, DocumentUpsert)
    assert document.version == 1_768_176_000_000
    assert document.metadata == {"owner": "People"}


def test_a_document_without_its_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "handbook.toml").write_text('[a]\ntitle = "A"\nallow = ["public"]\nupdated_at = 2026-01-12\n')
    (draft,) = handbook(tmp_path, base="http://x")
    with pytest.raises(MalformedError, match="the sample document a can't be read"):
        draft.read()
