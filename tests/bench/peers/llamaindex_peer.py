"""LlamaIndex's Qdrant and fastembed on a task of `bench_peers.py`, run by an environment that has them.

    python llamaindex_peer.py TASK.json

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

core: Any = importlib.import_module("llama_index.core")
parsers: Any = importlib.import_module("llama_index.core.node_parser")
schema: Any = importlib.import_module("llama_index.core.schema")
fastembed: Any = importlib.import_module("llama_index.embeddings.fastembed")
qdrant: Any = importlib.import_module("llama_index.vector_stores.qdrant")
client: Any = importlib.import_module("qdrant_client")
sparse: Any = importlib.import_module("fastembed")


def run(task: dict[str, Any]) -> dict[str, Any]:
    """Index the documents, ask the questions."""
    name = offer_packaged_model(task["cache"])
    embedding = fastembed.FastEmbedEmbedding(model_name=name, cache_dir=task["cache"])
    words = sparse.SparseTextEmbedding("Qdrant/bm25", cache_dir=task["cache"])
    started = time.perf_counter()
    texts = [
        (one["id"], f"{one['title']}\n\n{one['text']}".strip()) for one in task["documents"] if one["text"]
    ]
    store = qdrant.QdrantVectorStore(
        "bench",
        client=client.QdrantClient(":memory:"),
        enable_hybrid=True,
        sparse_doc_fn=lambda some: _sparse(words.embed(some)),
        sparse_query_fn=lambda some: _sparse(words.query_embed(some)),
    )
    context = core.StorageContext.from_defaults(vector_store=store)
    if task["cut"]:
        documents = [schema.Document(text=text, metadata={"document": of}) for of, text in texts]
        nodes = parsers.SentenceSplitter().get_nodes_from_documents(documents)
    else:
        nodes = [schema.TextNode(text=text, metadata={"document": of}) for of, text in texts]
    for node in nodes:
        # The document's id is for the benchmark: it is no text to be embedded.
        node.excluded_embed_metadata_keys = ["document"]
    index = core.VectorStoreIndex(nodes, storage_context=context, embed_model=embedding)
    index_s = time.perf_counter() - started
    took_ms: list[float] = []
    found: dict[str, list[str]] = {}
    few, many = (_retriever(index, task[k]) for k in ("few", "many"))
    for query in task["queries"]:
        started = time.perf_counter()
        few.retrieve(query["text"])
        took_ms.append((time.perf_counter() - started) * 1000)
        hits = many.retrieve(query["text"])
        found[query["id"]] = list(dict.fromkeys(hit.node.metadata["document"] for hit in hits))
    return {"index_seconds": index_s, "chunks": len(nodes), "query_ms": took_ms, "found": found}


def _retriever(index: Any, k: int) -> Any:
    return index.as_retriever(
        vector_store_query_mode="hybrid", similarity_top_k=k, sparse_top_k=k, hybrid_top_k=k
    )


def _sparse(embedded: Any) -> tuple[list[list[int]], list[list[float]]]:
    some = list(embedded)
    return [one.indices.tolist() for one in some], [one.values.tolist() for one in some]


if __name__ == "__main__":
    print(json.dumps(run(json.loads(Path(sys.argv[1]).read_text()))))
