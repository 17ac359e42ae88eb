"""Unanswered questions, those that ask the same together: what documents are missing (pure)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bot.answering.telling_words import Asked
from wire.gaps import GapGroup, GapList, KnowledgeGap

ALIKE = 0.6
"""The share of telling words that two questions have in common to be listed as one. Nothing is answered by
it, so it may be wrong now and then; at a half, "sick leave abroad" and "parental leave abroad" were one."""
GROUPS_COMPARED = 500
"""A question is compared with so many others; what comes after is a group of its own."""


@dataclass
class _Group:
    newest: KnowledgeGap
    words: frozenset[str]
    gaps: list[KnowledgeGap] = field(default_factory=list)


def grouped(gaps: Sequence[KnowledgeGap]) -> GapList:
    """The most wanted first: by how many people asked, then how often, then how lately."""
    groups: list[_Group] = []
    for gap in sorted(gaps, key=lambda gap: gap.asked_at, reverse=True):
        words = frozenset(Asked(gap.question).words)
        group = next((group for group in groups[:GROUPS_COMPARED] if _alike(words, group.words)), None)
        if group is None:
            group = _Group(newest=gap, words=words)
            groups.append(group)
        group.gaps.append(gap)
    told = sorted(map(_told, groups), key=lambda told: (told.people, told.times, told.last_asked_at))
    return GapList(gaps=tuple(reversed(told)), questions=len(gaps))


def _alike(ours: frozenset[str], theirs: frozenset[str]) -> bool:
    if not ours or not theirs:
        return ours == theirs
    return len(ours & theirs) / len(ours | theirs) >= ALIKE


def _told(group: _Group) -> GapGroup:
    return GapGroup(
        question=group.newest.question,
        times=len(group.gaps),
        people=len({gap.person for gap in group.gaps}),
        not_found=sum(gap.why == "not_found" for gap in group.gaps),
        nearest=group.newest.nearest,
        owners=tuple(_once(owner for gap in group.gaps for owner in gap.owners)),
        last_asked_at=group.newest.asked_at,
    )


def _once(words: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(words))[:5]
