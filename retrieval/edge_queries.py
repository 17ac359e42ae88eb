"""What is asked of Qdrant Edge: the reader's filter, and the branches of a hybrid query."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any
from uuid import UUID

from qdrant_edge import (
    FieldCondition,
    Filter,
    Fusion,
    HasIdCondition,
    IdfParams,
    MatchAny,
    MatchValue,
    Prefetch,
    QuantizationSearchParams,
    Query,
    QueryBatchRequest,
    QueryRequest,
    SearchParams,
    SparseVector,
    TurboQuantBitSize,
)

from retrieval.encoding import Sparse
from retrieval.index import Edition
from retrieval.ranks import RRF_K

FEW_PRINCIPALS = 64
"""A condition for each is quicker than one for all (1.8 instead of 2.8 ms a hybrid search of 10,000 passages)
until somewhere between this and 256."""

SKETCH_BITS = TurboQuantBitSize.Bits4
"""Of a dense vector's every number, for the scan: a quarter of what they are compared by in the end."""
_SKETCHED = SearchParams(quantization=QuantizationSearchParams(rescore=True, oversampling=2.0))
"""Twice as many as are wanted are found by their sketches, and then compared whole: all of the 100 nearest of
10,000 were among them, in 150 questions, and what is left has the very cosines of a scan without sketches."""


def readable_by(
    principals: Sequence[str],
    *,
    sources: Sequence[str] | None,
    ids: Sequence[str] | None = None,
    without: Collection[Edition] = (),
) -> Filter:
    """What these principals may read, of these sources or ids, without these editions.

    Raises:
        ValueError: there are no principals.
    """
    if not principals:
        # An empty list of alternatives would depend on how the engine reads it.
        raise ValueError("a search without principals")
    few = len(principals) <= FEW_PRINCIPALS
    conditions: list[Any] = [] if few else [FieldCondition(key="allow", match=MatchAny(list(principals)))]
    # On one level with the others: nested, it costs more than it saves.
    any_of: list[Any] = [FieldCondition(key="allow", match=MatchValue(each)) for each in principals if few]
    if sources is not None:
        conditions.append(FieldCondition(key="source", match=MatchAny(list(sources))))
    if ids is not None:
        conditions.append(HasIdCondition(set(ids)))
    left_out: list[Any] = [
        Filter(
            must=[
                FieldCondition(key="key", match=MatchValue(key)),
                FieldCondition(key="edition", match=MatchValue(edition)),
            ]
        )
        for key, edition in without
    ]
    return Filter(must=conditions or None, should=any_of or None, must_not=left_out or None)


def where(field: str, match: MatchValue) -> Filter:
    """One condition."""
    return Filter(must=[FieldCondition(key=field, match=match)])


def branches_of(
    dense: Sequence[float] | None, sparse: Sparse, *, readable: Filter, limit: int
) -> dict[str, Prefetch]:
    """What the fusion is fed from: the nearest by meaning, and the best by words, each where there is any."""
    branches: dict[str, Prefetch] = {}
    if dense is not None:
        meaning = Query.Nearest(list(dense), "dense")
        branches["dense"] = Prefetch(limit=limit, query=meaning, filter=readable, params=_SKETCHED)
    if sparse.indices:
        words = Query.Nearest(SparseVector(sparse.indices, sparse.values), "words")
        # Words' rarity is counted among the documents of this reader: others' must not show through.
        rarity = SearchParams(idf=IdfParams(corpus=readable))
        branches["words"] = Prefetch(limit=limit, query=words, filter=readable, params=rarity)
    return branches


def fused(branches: Sequence[Prefetch], *, limit: int) -> QueryRequest:
    """The best of these branches by reciprocal rank; each is filtered, so that the whole need not be."""
    return QueryRequest(
        limit=limit,
        query=Fusion.Rrf(RRF_K),  # type: ignore[arg-type] # its stub leaves out that Rrf is a Fusion
        prefetches=list(branches),
    )


def once_more(branches: Iterable[Prefetch], *, among: Collection[UUID]) -> QueryBatchRequest:
    """The same questions of a few passages alone, by hand: the engine's objects can't be changed."""
    these = Filter(must=[HasIdCondition(set(among))])
    return QueryBatchRequest(
        [
            QueryRequest(limit=len(among), query=branch.query, filter=these, params=branch.params)
            for branch in branches
        ]
    )
