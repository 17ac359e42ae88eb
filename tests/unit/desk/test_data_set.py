"""Data sets in the layout that `answerdesk eval` reads."""

import json
from pathlib import Path

import pytest

from desk.data_set import read_data_set
from wire.errors import MalformedError


def write(folder: Path, *, corpus: str | None = None, qrels: str | None = None) -> Path:
    documents = [
        {"id": "leave", "title": "Leave", "text": "28 days."},
        {"id": "travel", "text": "By\u2028train."},
    ]
    queries = [{"id": "1", "text": "How long?", "answer": "?"}, {"id": "2", "text": "Not judged"}]
    (folder / "corpus.jsonl").write_text(
        corpus or "\n".join(json.dumps(document, ensure_ascii=False) for document in documents)
    )
    (folder / "queries.jsonl").write_text("\n".join(json.dumps(query) for query in queries))
    (folder / "qrels.tsv").write_text(
        qrels or "query-id\tcorpus-id\tscore\n1\tleave\t2\n1\ttravel\t0\n9\tleave\t1\n"
    )
    return folder


def test_questions_are_those_that_are_judged(tmp_path: Path) -> None:
    data = read_data_set(write(tmp_path))
    assert [document.id for document in data.documents] == ["leave", "travel"]
    assert [query.id for query in data.queries] == ["1"]
    assert data.judged == {"1": {"leave": 2}}
    assert data.name == tmp_path.name


def test_another_corpus_has_another_digest_and_other_questions_the_same(tmp_path: Path) -> None:
    before = read_data_set(write(tmp_path)).digest
    assert read_data_set(write(tmp_path, qrels="q\tc\ts\n2\tleave\t1\n")).digest == before
    assert read_data_set(write(tmp_path, corpus='{"id": "a", "text": "b"}')).digest != before


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    (write(tmp_path) / "qrels.tsv").unlink()
    with pytest.raises(MalformedError, match=r"qrels\.tsv is missing"):
        read_data_set(tmp_path)


def test_a_line_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(MalformedError, match=r"corpus\.jsonl, line 2: field 'text'"):
        read_data_set(write(tmp_path, corpus='{"id": "a", "text": "b"}\n{"id": "c"}\n'))
    with pytest.raises(MalformedError, match=r"qrels\.tsv, line 2: must be"):
        read_data_set(write(tmp_path, qrels="q\tc\ts\nno tabs here\n", corpus=None))


def test_nothing_judged_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(MalformedError, match="no question"):
        read_data_set(write(tmp_path, qrels="query-id\tcorpus-id\tscore\n"))
