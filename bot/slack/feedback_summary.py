"""What people's feedback makes of each source (pure)."""

from collections import Counter
from collections.abc import Iterable

from wire.feedback import NO_SOURCE, Feedback, SourceFeedback


def by_source(feedback: Iterable[Feedback]) -> list[SourceFeedback]:
    """Thumbs of each source, worst first; an answer that showed several sources counts for each of them."""
    helpful: Counter[str] = Counter()
    unhelpful: Counter[str] = Counter()
    for said in feedback:
        for source in {each.source for each in said.documents} or {NO_SOURCE}:
            (helpful if said.helpful else unhelpful)[source] += 1
    sources = [
        SourceFeedback(source=source, helpful=helpful[source], unhelpful=unhelpful[source])
        for source in helpful | unhelpful
    ]
    return sorted(sources, key=lambda each: (-each.unhelpful, each.helpful, each.source))
