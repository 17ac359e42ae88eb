"""A cached answer is served only while it is as true, and as permitted, as a new one."""

from collections.abc import Sequence
from typing import Any

import pytest

from bot.answering.answering import Answering
from bot.answering.cache import CachedAnswer, CacheKey, cache_key
from bot.answering.question import Turn
from bot.answering.quota import QuotaLimits, utc_now
from bot.answering.recalling import MUST_HAVE_READ
from bot.answering.valkey_cache import ENTRY_BYTES, FORGOTTEN_AT_ONCE, PER_PASSAGE, ValkeyCache
from bot.answering.valkey_connection import Valkey
from bot.answering.valkey_quota import ValkeyQuota
from tests.claude_stand_in import Script
from tests.contract.answering.telling import Desk, Told, question, standing, tell
from tests.retrieval_stand_in import passage
from wire.answers import Citation, Delta, Status


@pytest.fixture
def answering(desk: Desk, connection: Valkey) -> Answering:
    return desk.answering(cache=ValkeyCache(connection))


@pytest.fixture
def stalled_after_s() -> float:
    return 2.0


async def asked_twice(answering: Answering) -> tuple[Told, Told]:
    return await tell(answering), await tell(answering)


async def test_the_same_question_is_answered_from_the_cache(desk: Desk, answering: Answering) -> None:
    first = await tell(answering)
    again = await tell(answering, question("  how many MONTHS of parental leave do parents get in germany "))
    assert not first.done.cached
    assert again.done.cached
    assert again.done.text == again.deltas == first.done.text
    assert again.done.sources == first.done.sources
    assert again.citations == first.citations
    assert again.done.model == first.done.model
    assert len(desk.claude.requests) == 1
    assert "Answered 1 minute ago from these same documents" in [
        event.text for event in again.events if isinstance(event, Status)
    ]


async def test_long_questions_that_differ_in_their_beginning_are_two_questions(
    desk: Desk, answering: Answering
) -> None:
    """The search reads the last part of a long question alone, the model all of it."""
    case = " Parental leave in Germany, months for parents." * 50
    assert not (await tell(answering, question("In one word:" + case))).done.cached
    assert not (await tell(answering, question("In full detail:" + case))).done.cached
    assert len(desk.claude.requests) == 2


async def test_a_cached_answer_tells_each_citation_behind_its_number(
    desk: Desk, answering: Answering
) -> None:
    desk.retrieval.put(passage("In Germany parents get parental leave in months.", document="other"))
    desk.claude.default = Script(sentences=3)
    _, again = await asked_twice(answering)
    assert again.done.cached
    shown = ""
    for event in again.events:
        if isinstance(event, Delta):
            shown += event.text
        if isinstance(event, Citation):
            assert f"[{event.index}]" in shown
    assert len(again.citations) == 2


async def test_a_cached_answer_costs_no_quota(desk: Desk, connection: Valkey) -> None:
    quota = ValkeyQuota(connection, limits=QuotaLimits(person_per_day=100_000))
    answering = desk.answering(cache=ValkeyCache(connection), quota=quota)
    await tell(answering)
    before = await standing(quota)
    assert (await tell(answering)).done.cached
    assert await standing(quota) == before


async def test_a_changed_document_is_a_miss(desk: Desk, answering: Answering) -> None:
    await tell(answering)
    desk.retrieval.remove("leave-policy")
    desk.retrieval.put(passage("Parents in Germany get 18 months of parental leave.", version=2))
    told = await tell(answering)
    assert not told.done.cached
    assert "18 months" in told.done.text


async def test_a_passage_that_is_gone_is_a_miss_although_the_best_are_the_same(
    desk: Desk, answering: Answering
) -> None:
    """Condition 1: all that the model was given must stand, not only what it cited."""
    desk.retrieval.put(passage("Trains before planes.", document="travel"))
    await tell(answering)
    assert (await tell(answering)).done.cached
    desk.retrieval.remove("travel")
    assert not (await tell(answering)).done.cached


async def test_a_new_document_among_the_best_is_a_miss(desk: Desk, answering: Answering) -> None:
    """Condition 2: it should have been read."""
    await tell(answering)
    desk.retrieval.put(passage("New: parents get 20 months of parental leave in Germany.", document="new"))
    told = await tell(answering)
    assert not told.done.cached
    assert "20 months" in told.done.text


async def test_a_new_document_far_behind_is_still_a_hit(desk: Desk, answering: Answering) -> None:
    """Condition 2 looks at the best results alone; else any new document would empty the cache."""
    desk.retrieval.put(
        *(passage(f"Parents get leave {n}.", document=f"d{n}") for n in range(MUST_HAVE_READ - 1))
    )
    await tell(answering)
    desk.retrieval.put(passage("Trains before planes.", document="travel"))
    assert (await tell(answering)).done.cached


async def test_a_reader_who_may_not_read_all_of_it_gets_an_answer_of_their_own(
    desk: Desk, answering: Answering
) -> None:
    desk.retrieval.put(
        passage("The boss gets 99 months of parental leave in Germany.", document="boss"),
        allow=frozenset({"user:U1"}),
    )
    desk.claude.default = Script(sentences=2)
    first = await tell(answering, question(principals=("public", "user:U1")))
    assert "99 months" in first.done.text
    other = await tell(answering, question(principals=("public",), person="T1:U2"))
    assert not other.done.cached
    assert "99 months" not in other.done.text


async def test_without_the_look_up_the_other_reader_would_be_told(desk: Desk, answering: Answering) -> None:
    """The negative control: the key itself knows nothing of readers."""
    await tell(answering, question(principals=("public", "user:U1")))
    told = await tell(answering, question(principals=("public",), person="T1:U2"))
    assert told.done.cached


async def test_an_answer_to_a_follow_up_is_not_kept(desk: Desk, answering: Answering) -> None:
    """It may repeat what was said in a conversation that the next reader was no part of."""
    said = (Turn(role="user", author="Ada", text="Between us: Ben is leaving."),)
    for _ in range(2):
        told = await tell(answering, question(conversation=said))
        assert not told.done.cached


@pytest.mark.parametrize(
    "script",
    [
        Script(ending="refusal"),
        Script(ending="cut"),
        Script(ending="max_tokens"),
        Script(ending="stall", after_words=3),
    ],
    ids=lambda script: script.ending,
)
async def test_what_is_no_whole_answer_is_not_kept(desk: Desk, answering: Answering, script: Script) -> None:
    desk.claude.scripts.append(script)
    await tell(answering)
    told = await tell(answering)
    assert not told.done.cached
    assert told.done.complete


async def test_that_nothing_was_found_is_not_kept(desk: Desk, answering: Answering) -> None:
    asked = question("Who won the football cup?")
    assert "couldn't find" in (await tell(answering, asked)).done.text
    desk.retrieval.put(passage("Ada's team won the football cup.", document="cup"))
    told = await tell(answering, asked)
    assert not told.done.cached
    assert told.done.text.startswith("Ada's team won")


async def test_another_model_or_other_instructions_are_another_question() -> None:
    assert cache_key("How long?", model="a") == cache_key(" how  LONG", model="a")
    assert cache_key("How long?", model="a") != cache_key("How long?", model="b")
    assert cache_key("How long?", model="a") != cache_key("How far?", model="a")


def key(words: str) -> CacheKey:
    return CacheKey(kind="kind", words=words)


def entry(text: str) -> CachedAnswer:
    return CachedAnswer(question="q", text=text, citations=(), given=("a",), model="m", answered_at=utc_now())


async def kept(cache: ValkeyCache, words: str) -> list[str]:
    return [answer.text for answer in await cache.recall(key(words), read=("a",))]


async def test_the_cache_is_bounded_in_number_and_size(connection: Valkey) -> None:
    cache = ValkeyCache(connection, entries=3)
    for number in range(5):
        await cache.keep(key(f"k{number}"), entry(str(number)))
    assert await kept(cache, "x") == ["4", "3", "2"]
    await cache.keep(key("huge"), entry("x" * ENTRY_BYTES))
    assert await kept(cache, "huge") == ["4", "3", "2"]


async def test_an_entry_ends_with_its_time(connection: Valkey) -> None:
    await ValkeyCache(connection, kept_s=1000).keep(key("k"), entry("x"))
    ages = await connection.run(
        "local ages = {} for index, key in ipairs(redis.call('KEYS', 'answerdesk:*')) do "
        "ages[index] = redis.call('TTL', key) end return ages",
        keys=[],
        args=[],
    )
    assert len(ages) == 3
    assert all(0 < age <= 1000 for age in ages)


async def test_an_entry_of_another_release_counts_as_none(connection: Valkey) -> None:
    cache = ValkeyCache(connection)
    await cache.keep(key("k"), entry("x"))
    await connection.run(
        "for _, key in ipairs(redis.call('KEYS', '*:kind:k:*')) do redis.call('SET', key, ARGV[1]) end",
        keys=[],
        args=['{"old": 1}'],
    )
    assert await kept(cache, "k") == []
    await cache.keep(key("k"), entry("y"))
    assert await kept(cache, "k") == ["y"]


async def test_all_of_a_persons_answers_are_erased_while_others_are_kept(connection: Valkey) -> None:
    """Promise 38: a full cache pushes answers out while it is read through, a hundred at a time."""
    answers = FORGOTTEN_AT_ONCE + 50
    cache = ValkeyCache(connection, entries=answers)

    async def keep(number: int, *, asker: str) -> None:
        answer = CachedAnswer(
            question=f"question {number}",
            text="An answer.",
            citations=(),
            given=(f"passage-{number}",),
            model="m",
            answered_at=utc_now(),
            asker=asker,
        )
        await cache.keep(cache_key(answer.question, model="m"), answer)

    class Meanwhile:
        """The connection, and somebody else's questions in the middle of it."""

        async def run(self, script: str, *, keys: Sequence[str], args: Sequence[str | int]) -> Any:
            found = await connection.run(script, keys=keys, args=args)
            for number in range(1_000, 1_030):
                await keep(number, asker="T1:U3")
            return found

    for number in range(answers):
        await keep(number, asker="T1:U1" if number >= FORGOTTEN_AT_ONCE else "T1:U2")
    forgetting = ValkeyCache(Meanwhile(), entries=answers)  # type: ignore[arg-type]  # all that it calls
    assert await forgetting.forget("T1:U1") == answers - FORGOTTEN_AT_ONCE
    assert await cache.forget("T1:U1") == 0


async def test_what_was_written_from_a_document_goes_with_it(connection: Valkey) -> None:
    """Promise 38: more answers than a passage knows, others stay, and one under way is not kept after all."""
    cache = ValkeyCache(connection)

    def written(text: str, *documents: str) -> CachedAnswer:
        return entry(text).model_copy(update={"documents": documents})

    many = FORGOTTEN_AT_ONCE + PER_PASSAGE
    for number in range(many):
        await cache.keep(key(f"k{number}"), written(str(number), "wiki.gone", "wiki.stays"))
    await cache.keep(key("other"), written("other", "wiki.stays"))
    assert await cache.forget_document("wiki.gone") == many
    assert await kept(cache, "x") == ["other"]
    await cache.keep(key("late"), written("late", "wiki.stays", "wiki.gone"))
    assert await kept(cache, "x") == ["other"]
    assert await cache.forget_document("wiki.stays") == 1
    assert await kept(cache, "x") == []
