"""Retrieval quality by ir-measures, which counts as trec_eval does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ir_measures import RR, Qrel, R, ScoredDoc, calc_aggregate, nDCG

_NDCG, _RECALL, _RECALL_DEEP, _MRR = nDCG @ 10, R @ 10, R @ 100, RR @ 10


@dataclass(frozen=True, kw_only=True)
class Metrics:
    """Means over all questions, 0 to 1."""

    ndcg_at_10: float
    recall_at_10: float
    recall_at_100: float
    mrr_at_10: float


def metrics(*, judged: Mapping[str, Mapping[str, int]], found: Mapping[str, Sequence[str]]) -> Metrics:
    """Compare what was found with what answers.

    Args:
        judged: for each question the documents that answer it, with how well.
        found: for each question the documents found, best first, each once.
    """
    qrels = [
        Qrel(question, document, grade)
        for question, documents in judged.items()
        for document, grade in documents.items()
    ]
    # Places rather than scores: equal scores would be put in another order than readers see.
    run = [
        ScoredDoc(question, document, 1.0 / place)
        for question, documents in found.items()
        for place, document in enumerate(documents, start=1)
    ]
    means = calc_aggregate([_NDCG, _RECALL, _RECALL_DEEP, _MRR], qrels, run)
    return Metrics(
        ndcg_at_10=means[_NDCG],
        recall_at_10=means[_RECALL],
        recall_at_100=means[_RECALL_DEEP],
        mrr_at_10=means[_MRR],
    )
