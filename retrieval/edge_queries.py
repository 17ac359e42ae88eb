"""What is asked of Qdrant Edge: the reader's filter, and the branches of a hybrid query."""

from collections.abc import Collection, Sequence
from typing import Any

from qdrant_edge import (
    FieldCondition,
    Filter,
    HasIdCondition,
    IdfParams,
    MatchAny,
    MatchValue,
    Query,
    QueryRequest,
    SearchParams,
    SparseVector,
)

from retrieval.encoding import Sparse
from retrieval.index import Edition

FEW_PRINCIPALS = 64
"""A condition for each is quicker than one for all (1.8 instead of 2.8 ms a hybrid search of 10,000 passages)
until somewhere between this and 256."""


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


def by_meaning(
    dense: Sequence[float], *, among: Filter, limit: int, with_payload: bool = False
) -> QueryRequest:
    """The nearest of these."""
    meaning = Query.Nearest(list(dense), "dense")
    return QueryRequest(limit=limit, query=meaning, filter=among, with_payload=with_payload)


def by_words(sparse: Sparse, *, among: Filter, readable: Filter, limit: int) -> QueryRequest:
    """The best of these by their words, whose rarity is counted among what this reader may read.

    Others' documents must not show through.
    """
    words = Query.Nearest(SparseVector(sparse.indices, sparse.values), "words")
    rarity = SearchParams(idf=IdfParams(corpus=readable))
    return QueryRequest(limit=limit, query=words, filter=among, params=rarity)
