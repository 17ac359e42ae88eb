"""What a company has set of how its documents are searched."""

from dataclasses import dataclass, field

from retrieval.glossary import NO_GLOSSARY, Glossary
from retrieval.ranking import Ranking
from retrieval.reranking import Reranker


@dataclass(frozen=True, kw_only=True)
class Tuning:
    """By default nothing."""

    ranking: Ranking = field(default_factory=Ranking)
    glossary: Glossary = NO_GLOSSARY
    reranker: Reranker | None = None


USUAL = Tuning()
