"""Which of the hits a reader gets."""

from retrieval.index import Hit, StoredPassage
from retrieval.search import choose


def hit(document: str, ordinal: int, score: float) -> Hit:
    passage = StoredPassage(
        id=f"{document}-{ordinal}",
        source="s",
        document=document,
        version=1,
        edition="0-a",
        title=document,
        url=None,
        heading=(),
        ordinal=ordinal,
        text="text",
        allow=("public",),
        updated_at=None,
    )
    return Hit(passage=passage, score=score, cosine=score)


def documents(hits: list[Hit]) -> str:
    return "".join(chosen.passage.document for chosen in hits)


def test_one_document_does_not_fill_the_list_while_others_have_something() -> None:
    hits = [*(hit("a", n, 0.9 - n / 100) for n in range(6)), hit("b", 0, 0.5), hit("c", 0, 0.4)]
    assert documents(choose(hits, limit=5)) == "aaabc"


def test_one_document_alone_does_fill_the_list() -> None:
    hits = [hit("a", n, 0.9 - n / 100) for n in range(6)]
    assert documents(choose(hits, limit=5)) == "aaaaa"


def test_the_best_comes_first() -> None:
    hits = [*(hit("a", n, 0.9 - n / 100) for n in range(5)), hit("b", 0, 0.5)]
    scores = [chosen.score for chosen in choose(hits, limit=6)]
    assert scores == sorted(scores, reverse=True)
