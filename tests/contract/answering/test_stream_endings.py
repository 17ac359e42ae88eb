"""Promise 19: whatever way a model's stream ends, the asker is told the truth.

Nine endings at three positions: before the first word, in mid-sentence, and when all has been written.
At most one retry, only before the first word; never "complete" when cut.
"""

import pytest

from bot.answering import sentences
from tests.claude_stand_in import Ending, Script
from tests.contract.answering.telling import Desk, Told, question, tell
from tests.until import until
from wire.answers import Delta

TEXT = "Parents in Germany get 14 months of parental leave. [1]"
BEFORE, MIDDLE, END = 0, 4, None
RETRIED: tuple[Ending, ...] = ("error", "overloaded", "rate_limited", "cut", "no_stop", "reset", "stall")
BUSY: tuple[Ending, ...] = ("overloaded", "rate_limited")


@pytest.fixture
def stalled_after_s() -> float:
    return 1.0


async def told_with(desk: Desk, script: Script) -> Told:
    desk.claude.default = script
    return await tell(desk.answering())


@pytest.mark.parametrize("how", ["status", "event"])
@pytest.mark.parametrize("ending", RETRIED)
async def test_before_the_first_word_it_is_tried_once_more_and_then_told(
    desk: Desk, ending: Ending, how: str
) -> None:
    """Promise 19, position 1."""
    told = await told_with(desk, Script(ending=ending, after_words=BEFORE, http=how == "status"))
    assert told.failed.code == ("model_overloaded" if ending in BUSY else "model_unavailable")
    assert told.deltas == ""
    assert len(desk.claude.requests) == 2


@pytest.mark.parametrize("ending", RETRIED)
async def test_a_first_try_that_failed_leaves_no_trace_in_the_answer(desk: Desk, ending: Ending) -> None:
    """Promise 19: one retry is enough where the second try is well."""
    desk.claude.scripts.append(Script(ending=ending, after_words=BEFORE))
    told = await tell(desk.answering())
    assert told.done.text == told.deltas == TEXT
    assert told.done.complete


@pytest.mark.parametrize("after_words", [MIDDLE, END], ids=["middle", "end"])
@pytest.mark.parametrize("ending", RETRIED)
async def test_a_stream_that_breaks_keeps_its_words_and_says_that_they_are_not_all(
    desk: Desk, ending: Ending, after_words: int | None
) -> None:
    """Promise 19, positions 2 and 3: also where all words have come, nobody vouches that these are all."""
    told = await told_with(desk, Script(ending=ending, after_words=after_words, http=False))
    assert told.done.text == told.deltas
    assert told.done.text.startswith("Parents in Germany get")
    assert told.done.text.endswith(f"\n\n{sentences.CUT_OFF}")
    assert not told.done.complete
    assert len(desk.claude.requests) == 1


@pytest.mark.parametrize("after_words", [BEFORE, MIDDLE, END], ids=["before", "middle", "end"])
async def test_a_refusal_replaces_what_was_written(desk: Desk, after_words: int | None) -> None:
    """Promises 19 and 20: no partial text stands, and a refusal is not asked again."""
    told = await told_with(desk, Script(ending="refusal", after_words=after_words))
    assert told.failed == sentences.REFUSED
    assert len(desk.claude.requests) == 1


async def test_a_late_refusal_takes_three_hundred_characters_back(desk: Desk) -> None:
    """Promise 20: after 300 characters; the error's message alone is what stands."""
    told = await told_with(desk, Script(sentences=20, ending="refusal", after_words=60))
    assert len(told.deltas) >= 300
    assert told.failed.code == "not_allowed"
    assert told.deltas[:20] not in told.failed.message


@pytest.mark.parametrize("after_words", [BEFORE, MIDDLE, END], ids=["before", "middle", "end"])
async def test_an_answer_at_its_length_limit_says_so(desk: Desk, after_words: int | None) -> None:
    """Promise 19, with ``max_tokens``."""
    told = await told_with(desk, Script(ending="max_tokens", after_words=after_words))
    if after_words == BEFORE:
        assert told.failed == sentences.NO_ROOM
        assert told.deltas == ""
        return
    assert told.done.text == told.deltas
    assert told.done.text.endswith(sentences.TOO_LONG)
    assert not told.done.complete


async def test_an_empty_answer_is_told_as_none(desk: Desk) -> None:
    """Promise 19: an ending that says it is well, with nothing before it."""
    assert (await told_with(desk, Script(text=""))).failed == sentences.EMPTY


async def test_a_well_ended_answer_is_complete(desk: Desk) -> None:
    """Promise 19, the control: the same words with a proper end."""
    told = await told_with(desk, Script())
    assert told.done.text == TEXT
    assert told.done.complete


async def test_pings_do_not_keep_a_stalled_stream_alive(desk: Desk) -> None:
    """Promise 19: a stall is silence of the model, not of the socket."""
    told = await told_with(desk, Script(ending="stall", after_words=MIDDLE, pings=True))
    assert not told.done.complete
    await until(lambda: desk.claude.streams_open == 0, within_s=5)


@pytest.mark.parametrize(("after_s", "tries"), [(0.05, 2), (3600, 1)])
async def test_a_short_retry_after_is_honoured_and_a_long_one_is_passed_on(
    desk: Desk, after_s: float, tries: int
) -> None:
    """Promise 19: nobody waits in silence for an hour, whatever a server asks."""
    told = await told_with(desk, Script(ending="rate_limited", retry_after_s=after_s))
    assert told.failed.code == "model_overloaded"
    assert len(desk.claude.requests) == tries
    if tries == 1:
        assert "in 1 hour" in told.failed.message


async def test_an_answer_that_takes_too_long_is_ended_with_what_there_is(desk: Desk) -> None:
    desk.claude.default = Script(sentences=200, pace_s=0.02)
    told = await tell(desk.answering(within_s=0.3))
    assert told.done.text.endswith(sentences.TOO_SLOW)
    assert not told.done.complete
    await until(lambda: desk.claude.streams_open == 0, within_s=5)


async def test_no_first_word_in_time_is_told_as_such(desk: Desk) -> None:
    desk.claude.default = Script(ending="stall", after_words=BEFORE)
    told = await tell(desk.answering(within_s=0.2))
    assert told.failed == sentences.NO_ANSWER_IN_TIME


async def test_words_pass_on_as_they_come(desk: Desk) -> None:
    """The answer streams: its first words are there while its last are not written yet."""
    desk.claude.default = Script(sentences=100, pace_s=0.01)
    events = desk.answering().answer(question())
    async for event in events:
        if isinstance(event, Delta):
            assert desk.claude.streams_open == 1
            break
    await events.aclose()
