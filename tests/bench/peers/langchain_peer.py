"""LangChain's Qdrant and fastembed on a task of `bench_peers.py`, run by an environment that has them.

    python langchain_peer.py TASK.json

Its parts are imported by name, because where our checks run they are not installed.
"""

import importlib
import json
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[3]))

from tests.bench.peers.packaged_model import offer_packaged_model

documents_of: Any = importlib.import_module("langchain_core.documents")
embeddings: Any = importlib.import_module("langchain_community.embeddings")
qdrant: Any = importlib.import_module("langchain_qdrant")
splitters: Any = importlib.import_module("langchain_text_splitters")

CHUNK_CHARS, OVERLAP_CHARS = 1000, 200
"""As in LangChain's own tutorial on retrieval."""


def run(task: dict[str, Any]) -> dict[str, Any]:
    """Index the documents, ask the questions."""
    name = offer_packaged_model(task["cache"])
    dense = embeddings.FastEmbedEmbeddings(model_name=name, cache_dir=task["cache"])
    words = qdrant.FastEmbedSparse(model_name="Qdrant/bm25", cache_dir=task["cache"])
    started = time.perf_counter()
    pieces = [
        documents_of.Document(f"{one['title']}\n\n{one['text']}".strip(), metadata={"document": one["id"]})
        for one in task["documents"]
    ]
    if task["cut"]:
        splitter = splitters.RecursiveCharacterTextSplitter(
            chunk_size=CHUNK_CHARS, chunk_overlap=OVERLAP_CHARS
        )
        pieces = splitter.split_documents(pieces)
    store = qdrant.QdrantVectorStore.from_documents(
        pieces,
        embedding=dense,
        sparse_embedding=words,
        retrieval_mode=qdrant.RetrievalMode.HYBRID,
        location=":memory:",
        collection_name="bench",
    )
    index_s = time.perf_counter() - started
    took_ms: list[float] = []
    found: dict[str, list[str]] = {}
    few = store.as_retriever(search_kwargs={"k": task["few"]})
    many = store.as_retriever(search_kwargs={"k": task["many"]})
    for query in task["queries"]:
        started = time.perf_counter()
        few.invoke(query["text"])
        took_ms.append((time.perf_counter() - started) * 1000)
        hits = many.invoke(query["text"])
        found[query["id"]] = list(dict.fromkeys(hit.metadata["document"] for hit in hits))
    return {"index_seconds": index_s, "chunks": len(pieces), "query_ms": took_ms, "found": found}


if __name__ == "__main__":
    print(json.dumps(run(json.loads(Path(sys.argv[1]).read_text()))))
