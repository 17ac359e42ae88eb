"""The same question in other words gets the same answer, under the same conditions as an exact repeat."""

import pytest

from bot.answering.answering import Answering
from bot.answering.cache import CachedAnswer, cache_key, cosine, packed
from bot.answering.question import Turn
from bot.answering.quota import utc_now
from bot.answering.valkey_cache import NEAR, PER_PASSAGE, ValkeyCache
from bot.answering.valkey_connection import Valkey
from tests.contract.answering.telling import Desk, question, tell
from tests.retrieval_stand_in import passage

ASKED = "How many months of parental leave do parents get in Germany?"
ALIKE = "Hi, in Germany, how many months of parental leave do parents get?"


@pytest.fixture
def answering(desk: Desk, connection: Valkey) -> Answering:
    return desk.answering(cache=ValkeyCache(connection))


async def test_a_question_in_other_words_is_answered_from_the_cache(desk: Desk, answering: Answering) -> None:
    first = await tell(answering, question(ASKED))
    again = await tell(answering, question(ALIKE))
    assert again.done.cached
    assert again.done.text == first.done.text
    assert again.done.answered_at is not None
    assert len(desk.claude.requests) == 1
    assert again.done.alike
    assert again.done.saved_tokens == first.done.usage.input_tokens + first.done.usage.output_tokens


@pytest.mark.parametrize(
    "trap",
    [
        "How many months of parental leave do parents not get in Germany?",
        "How many weeks of parental leave do parents get in Germany?",
        "How many months of parental leave do parents get in Germany in 2027?",
        "How many months of parental leave did parents get in Germany?",
    ],
)
async def test_a_question_that_differs_in_a_word_is_asked_of_the_model(
    desk: Desk, answering: Answering, trap: str
) -> None:
    await tell(answering, question(ASKED))
    assert not (await tell(answering, question(trap))).done.cached
    assert len(desk.claude.requests) == 2


async def test_a_changed_document_is_a_miss_for_other_words_too(desk: Desk, answering: Answering) -> None:
    await tell(answering, question(ASKED))
    desk.retrieval.remove("leave-policy")
    desk.retrieval.put(passage("Parents in Germany get 18 months of parental leave.", version=2))
    told = await tell(answering, question(ALIKE))
    assert not told.done.cached
    assert "18 months" in told.done.text


async def test_who_may_not_read_all_of_it_is_not_served_by_other_words(
    desk: Desk, answering: Answering
) -> None:
    desk.retrieval.put(
        passage("The boss gets 99 months of parental leave in Germany.", document="boss"),
        allow=frozenset({"user:U1"}),
    )
    await tell(answering, question(ASKED, principals=("public", "user:U1")))
    assert not (await tell(answering, question(ALIKE))).done.cached
    assert (await tell(answering, question(ALIKE, principals=("public", "user:U1")))).done.cached


async def test_who_asks_again_gets_a_new_answer_and_the_next_one_gets_that(
    desk: Desk, answering: Answering
) -> None:
    await tell(answering, question(ASKED))
    assert not (await tell(answering, question(ASKED, fresh=True))).done.cached
    assert (await tell(answering, question(ASKED))).done.cached
    assert len(desk.claude.requests) == 2


async def test_a_question_in_a_thread_that_leans_on_nothing_is_served_from_the_cache(
    desk: Desk, answering: Answering
) -> None:
    """Such an answer was written without any conversation, so that it can tell none."""
    said = (Turn(role="user", author="Ada", text="Hello there."),)
    await tell(answering, question(ASKED))
    assert (await tell(answering, question(ASKED, conversation=said))).done.cached
    assert len(desk.claude.requests) == 1


async def test_a_follow_up_that_leans_on_the_conversation_is_not_looked_up(
    desk: Desk, answering: Answering
) -> None:
    said = (
        Turn(role="user", author="Ada", text=ASKED),
        Turn(role="assistant", author="you", text="14 months."),
    )
    await tell(answering, question(ASKED))
    assert not (await tell(answering, question("And in Germany?", conversation=said))).done.cached


def answer(number: int, *, given: tuple[str, ...] = ("p1", "p2")) -> CachedAnswer:
    return CachedAnswer(
        question=f"q{number}", text=f"a{number}", citations=(), given=given, model="m", answered_at=utc_now()
    )


async def test_candidates_were_written_from_all_of_the_passages(connection: Valkey) -> None:
    cache = ValkeyCache(connection)
    await cache.keep(cache_key("q1", model="m"), answer(1))
    await cache.keep(cache_key("q2", model="m"), answer(2, given=("p2", "p3")))
    await cache.keep(cache_key("q3", model="other"), answer(3))
    seen = {
        read: [kept.text for kept in await cache.recall(cache_key("x", model="m"), read=read)]
        for read in (("p1",), ("p2",), ("p1", "p2"), ("p1", "p3"), ("p4",), ())
    }
    assert seen == {
        ("p1",): ["a1"],
        ("p2",): ["a2", "a1"],
        ("p1", "p2"): ["a1"],
        ("p1", "p3"): [],
        ("p4",): [],
        (): [],
    }


async def test_the_index_of_entries_is_bounded_and_forgets_with_them(
    connection: Valkey, valkey_url: str
) -> None:
    cache = ValkeyCache(connection, entries=2 * PER_PASSAGE)
    for number in range(4 * PER_PASSAGE):
        await cache.keep(cache_key(f"q{number}", model="m"), answer(number, given=("p1", f"own{number}")))
    newest = 4 * PER_PASSAGE - 1
    recalled = await cache.recall(cache_key("x", model="m"), read=("p1",))
    assert [kept.text for kept in recalled] == [f"a{newest - number}" for number in range(NEAR)]
    keys = await connection.run("return #redis.call('KEYS', '*by:*')", keys=[], args=[])
    assert keys == 2 * PER_PASSAGE + 1


async def test_an_entry_written_anew_takes_the_place_of_the_one_before(connection: Valkey) -> None:
    cache = ValkeyCache(connection)
    key = cache_key("q1", model="m")
    for _ in range(3):
        await cache.keep(key, answer(1))
    assert len(await cache.recall(key, read=("p1",))) == 1


async def test_readers_of_different_passages_have_entries_of_their_own(connection: Valkey) -> None:
    cache = ValkeyCache(connection)
    key = cache_key("q1", model="m")
    await cache.keep(key, answer(1, given=("p1", "secret")))
    await cache.keep(key, answer(1, given=("p1",)))
    assert len(await cache.recall(key, read=("p1",))) == 2


async def test_the_same_words_come_before_the_newest(connection: Valkey) -> None:
    cache = ValkeyCache(connection)
    for number in range(2 * NEAR):
        await cache.keep(cache_key(f"q{number}", model="m"), answer(number))
    recalled = await cache.recall(cache_key("Q3?", model="m"), read=("p1", "p2"))
    assert [kept.text for kept in recalled][:2] == ["a3", f"a{2 * NEAR - 1}"]


def test_embeddings_of_two_models_have_nothing_in_common() -> None:
    assert cosine(packed([1.0, 0.0]), packed([2.0, 0.0])) == pytest.approx(1.0)
    assert cosine(packed([1.0, 0.0]), packed([1.0, 0.0, 0.0])) == 0.0
    assert cosine(packed(None), packed(None)) == 0.0
