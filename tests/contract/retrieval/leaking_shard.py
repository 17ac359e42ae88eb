"""What is wrong on purpose, so that a test can be seen to notice."""

from typing import Any

from qdrant_edge import EdgeShard, Prefetch, QueryBatchRequest, QueryRequest, ScoredPoint


class Leaking:
    """The engine, asked without the reader's filter in some place."""

    def __init__(self, shard: EdgeShard, *, where: str) -> None:
        self._shard = shard
        self._where = where

    def query(self, request: QueryRequest) -> list[ScoredPoint]:
        leaked = QueryRequest(
            limit=request.limit,
            query=request.query,
            prefetches=[self._branch(branch) for branch in request.prefetches],
            filter=request.filter,
        )
        return self._shard.query(leaked)

    def query_batch(self, batch: QueryBatchRequest) -> list[list[ScoredPoint]]:
        leaked = [
            QueryRequest(
                limit=request.limit,
                query=request.query,
                filter=request.filter,
                params=None if self._where == "rarity" else request.params,
            )
            for request in batch.queries
        ]
        return self._shard.query_batch(QueryBatchRequest(leaked))

    def _branch(self, branch: Prefetch) -> Prefetch:
        of = "words" if branch.params and branch.params.idf else "meaning"
        return Prefetch(
            limit=branch.limit,
            query=branch.query,
            filter=None if of == self._where else branch.filter,
            params=None if self._where == "rarity" else branch.params,
        )

    def __getattr__(self, name: str) -> Any:
        return getattr(self._shard, name)
