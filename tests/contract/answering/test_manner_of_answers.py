"""What a channel or a reader wants holds for their answers, and for nobody else's."""

from dataclasses import replace

from bot.answering.question import Manner, Question
from bot.answering.unanswered import NO_MODEL
from bot.answering.valkey_cache import ValkeyCache
from bot.answering.valkey_connection import Valkey
from tests.contract.answering.telling import Desk, question, tell

GERMAN = Manner(language="German")


def asked(manner: Manner = Manner()) -> Question:  # noqa: B008 — frozen, and equal to any other
    return replace(question(), manner=manner)


async def test_only_the_channels_sources_are_searched(desk: Desk) -> None:
    answering = desk.answering()
    assert (await tell(answering, asked(Manner(sources=("wiki",))))).done.model == NO_MODEL
    assert (await tell(answering, asked(Manner(sources=("wiki", "handbook"))))).done.model != NO_MODEL
    assert [search.sources for search in desk.retrieval.searches] == [("wiki",), ("wiki", "handbook")]


async def test_the_model_is_told_of_it(desk: Desk) -> None:
    await tell(desk.answering(), asked(Manner(instruction="Name the form.", language="German")))
    (request,) = desk.claude.requests
    assert "Name the form." in str(request["system"])
    assert "answers in German" in str(request["system"])


async def test_an_answer_of_before_serves_the_same_manner_alone(desk: Desk, connection: Valkey) -> None:
    answering = desk.answering(cache=ValkeyCache(connection))
    for manner in (Manner(), GERMAN, Manner(instruction="Briefly."), Manner(sources=("handbook",))):
        assert not (await tell(answering, asked(manner))).done.cached, manner
        assert (await tell(answering, asked(manner))).done.cached, manner
    assert len(desk.claude.requests) == 4
