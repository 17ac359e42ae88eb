"""The same work by Answerdesk, LangChain and LlamaIndex: indexing, asking, and how good the passages are.

    python tests/bench/bench_peers.py DATA [--limit-queries N] [--json]

DATA is a data set's folder, as of ``answerdesk eval``. All three search by meaning and by words (hybrid) with
our packaged model through fastembed, in one process. LangChain and LlamaIndex keep their passages in
qdrant-client's local mode, because no Qdrant server comes as a package; it scans everything in Python, so
that their time per question grows faster with the collection than a server's. Each cuts documents as its own
documentation shows it, and in a second row has our chunks, so that cutting and searching can be told apart.

They are installed into an environment of their own below .venv (from PyPI, once, some minutes).
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from desk.data_set import DataSet, Text, read_data_set
from desk.irmeasures_metrics import metrics
from ingest.chunking import chunk
from retrieval.fastembed_encoder import PACKAGED, _load

ROOT = Path(__file__).parents[2]
ENVIRONMENT = ROOT / ".venv" / "bench-peers"
PEERS = {"LangChain": "langchain_peer.py", "LlamaIndex": "llamaindex_peer.py"}
REQUIREMENTS = Path(__file__).parent / "peers" / "requirements.txt"
FEW, MANY = 8, 100
"""Passages of a timed question, as a reader gets; and as many as the ranking is judged by."""
SPECIAL_TOKENS = 2


@dataclass(frozen=True, kw_only=True)
class Row:
    """What one of them did."""

    who: str
    chunks: int
    index_s: float
    query_ms_p50: float
    query_ms_p95: float
    ndcg_at_10: float


def environment() -> Path:
    """The python that has LangChain and LlamaIndex; installed where it is missing or of other versions."""
    python = ENVIRONMENT / "bin" / "python"
    installed = ENVIRONMENT / "requirements.txt"
    if not installed.exists() or installed.read_text() != REQUIREMENTS.read_text():
        venv.create(ENVIRONMENT, clear=True, with_pip=True)
        pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        subprocess.run([*pip, "-r", str(REQUIREMENTS)], check=True)
        installed.write_text(REQUIREMENTS.read_text())
    return python


def ours(folder: Path, *, limit_queries: int | None) -> Row:
    """By ``answerdesk eval``."""
    command = [sys.executable, "-m", "desk", "eval", str(folder), "--json"]
    if limit_queries:
        command += ["--limit-queries", str(limit_queries)]
    said: dict[str, Any] = json.loads(subprocess.check_output(command, cwd=ROOT, stderr=subprocess.DEVNULL))
    return Row(
        who="Answerdesk",
        chunks=said["chunks"],
        index_s=said["index_seconds"],
        query_ms_p50=said["query_ms"]["p50"],
        query_ms_p95=said["query_ms"]["p95"],
        ndcg_at_10=said["ndcg_at_10"],
    )


def theirs(data: DataSet, who: str, *, our_chunks: bool, python: Path) -> Row:
    """By their own program, in their own environment."""
    with tempfile.TemporaryDirectory() as name:
        task = Path(name) / "task.json"
        documents = (
            list(_our_chunks(data.documents)) if our_chunks else [_plain(one) for one in data.documents]
        )
        queries = [{"id": query.id, "text": query.text} for query in data.queries]
        task.write_text(
            json.dumps(
                {
                    "documents": documents,
                    "queries": queries,
                    "cut": not our_chunks,
                    "cache": name,
                    "few": FEW,
                    "many": MANY,
                }
            )
        )
        program = Path(__file__).parent / "peers" / PEERS[who]
        said: dict[str, Any] = json.loads(subprocess.check_output([str(python), str(program), str(task)]))
    cuts = statistics.quantiles(said["query_ms"], n=20, method="inclusive")
    return Row(
        who=f"{who}, {'our chunks' if our_chunks else 'its own cut'}",
        chunks=said["chunks"],
        index_s=round(said["index_seconds"], 2),
        query_ms_p50=round(cuts[9], 2),
        query_ms_p95=round(cuts[18], 2),
        ndcg_at_10=round(metrics(judged=data.judged, found=said["found"]).ndcg_at_10, 4),
    )


def _plain(document: Text) -> dict[str, str]:
    return {"id": document.id, "title": document.title, "text": document.text}


def _our_chunks(documents: Sequence[Text]) -> Iterator[dict[str, str]]:
    model = _load(PACKAGED, threads=1)
    for document in documents:
        for piece in chunk(
            document.text,
            window_tokens=model.window_tokens - SPECIAL_TOKENS,
            count_tokens=lambda text: len(model.counter.encode(text, add_special_tokens=False)),
        ):
            yield {"id": document.id, "title": document.title, "text": piece.embedded}


def run(folder: Path, *, limit_queries: int | None, as_json: bool) -> None:
    """Measure one after the other, and print a table or JSON."""
    python = environment()
    data = read_data_set(folder, limit_queries=limit_queries)
    rows = [ours(folder, limit_queries=limit_queries)]
    rows += [
        theirs(data, who, our_chunks=our_chunks, python=python)
        for who in PEERS
        for our_chunks in (False, True)
    ]
    if as_json:
        print(json.dumps([vars(row) for row in rows]))
        return
    print(f"{data.name}: {len(data.documents)} documents, {len(data.queries)} questions")
    print(f"{'':26}{'chunks':>8}{'index s':>10}{'p50 ms':>9}{'p95 ms':>9}{'nDCG@10':>9}")
    for row in rows:
        print(
            f"{row.who:26}{row.chunks:8}{row.index_s:10.1f}{row.query_ms_p50:9.1f}"
            f"{row.query_ms_p95:9.1f}{row.ndcg_at_10:9.3f}"
        )


if __name__ == "__main__":
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("data", type=Path, nargs="?")
    parser.add_argument("--limit-queries", type=int)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.data is None:
        print("name a data set's folder to compare on: python tests/bench/bench_peers.py DATA")
    else:
        run(options.data, limit_queries=options.limit_queries, as_json=options.json)
