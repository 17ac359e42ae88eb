"""`answerdesk eval` as a person types it: on a small data set, with the real model and the real index."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.tiny_cross_encoder import write_tiny_cross_encoder

WITHIN_S = 120
TEXTS = {
    "leave": "# Annual leave\n\nEverybody has 28 days of annual leave. Days left over lapse in March.",
    "travel": "# Trains and flights\n\nBook trains two weeks ahead. Error E-4711 means the card is blocked.",
    "laptop": "# A lost laptop\n\nCall the security desk at once; they lock the machine.",
}
QUESTIONS = {"1": ("how many days of holiday do I have", "leave"), "2": ("E-4711", "travel")}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "corpus.jsonl").write_text(
        "\n".join(json.dumps({"id": name, "title": name, "text": text}) for name, text in TEXTS.items())
    )
    (tmp_path / "queries.jsonl").write_text(
        "\n".join(json.dumps({"id": name, "text": text}) for name, (text, _) in QUESTIONS.items())
    )
    rows = [
        "query-id\tcorpus-id\tscore",
        *(f"{name}\t{document}\t1" for name, (_, document) in QUESTIONS.items()),
    ]
    (tmp_path / "qrels.tsv").write_text("\n".join(rows))
    return tmp_path


def evaluate(*arguments: object, **settings: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "desk", "eval", *map(str, arguments)],
        env={**os.environ, **{name: str(value) for name, value in settings.items()}},
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=False,
    )


def judged(*arguments: object, **settings: object) -> Any:
    done = evaluate(*arguments, "--json", **settings)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_every_figure_of_the_contract_is_printed(folder: Path) -> None:
    found = judged(folder)
    assert found["dataset"] == folder.name
    assert (found["documents"], found["queries"], found["chunks"]) == (3, 2, 3)
    for figure in ("ndcg_at_10", "recall_at_10", "recall_at_100", "mrr_at_10"):
        assert found[figure] == 1.0
    assert found["index_seconds"] > 0
    assert 0 < found["query_ms"]["p50"] <= found["query_ms"]["p95"] <= found["query_ms"]["p99"]


def test_each_part_can_be_judged_alone(folder: Path) -> None:
    """A code means nothing to the model, and "holiday" is not in the document's words."""
    (folder / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\n1\tleave\t1\n")
    assert judged(folder, "--mode", "dense")["ndcg_at_10"] == 1.0
    (folder / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\n2\ttravel\t1\n2\tleave\t1\n")
    by_words = judged(folder, "--mode", "bm25")
    assert by_words["mode"] == "bm25"
    assert by_words["recall_at_100"] == 0.5
    assert by_words["ndcg_at_10"] == pytest.approx(1 / (1 + 1 / math.log2(3)), abs=1e-4)


def test_an_index_is_kept_for_the_next_run_where_that_is_asked_for(folder: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first = judged(folder, "--cache", cache)
    second = judged(folder, "--cache", cache, "--limit-queries", 1)
    assert second["index_seconds"] == first["index_seconds"]
    assert (second["chunks"], second["queries"], second["ndcg_at_10"]) == (3, 1, 1.0)


def test_a_folder_that_is_no_data_set_is_one_sentence(tmp_path: Path) -> None:
    done = evaluate(tmp_path)
    assert done.returncode == 1
    assert "corpus.jsonl is missing" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_reranking_is_judged_with_the_model_that_is_set(folder: Path, tmp_path: Path) -> None:
    model = write_tiny_cross_encoder(tmp_path / "model")
    found = judged(folder, "--mode", "rerank", RERANK_MODEL=model, RERANK_WITHIN_S=5)
    assert (found["mode"], found["ndcg_at_10"]) == ("rerank", 1.0)


def test_reranking_without_a_model_is_a_setting_that_is_missing(folder: Path) -> None:
    done = evaluate(folder, "--mode", "rerank", RERANK_MODEL="")
    assert done.returncode == 2
    assert done.stderr.startswith("RERANK_MODEL is missing")
