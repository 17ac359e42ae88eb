"""An answer that broke off is gone on with where it ended, and is nobody else's."""

from bot.answering import sentences
from bot.answering.question import GO_ON
from bot.answering.valkey_cache import ValkeyCache
from bot.answering.valkey_connection import Valkey
from bot.answering.valkey_flights import ValkeyFlights
from tests.claude_stand_in import Script
from tests.contract.answering.telling import Desk, question, tell


async def test_an_answer_that_broke_off_is_gone_on_with(desk: Desk, connection: Valkey) -> None:
    """Promise 19: cut in mid-text, it keeps its words, and can be gone on with from there."""
    answering = desk.answering(cache=ValkeyCache(connection), flights=ValkeyFlights(connection))
    desk.claude.scripts.append(Script(ending="cut", after_words=4))
    broken = await tell(answering)
    assert not broken.done.complete
    so_far = broken.done.text.removesuffix(sentences.CUT_OFF).strip()
    assert so_far == "Parents in Germany get"
    desk.claude.scripts.append(Script(text="14 months of parental leave."))
    told = await tell(answering, question(so_far=so_far))
    assert told.done.text == "14 months of parental leave."
    messages = desk.claude.requests[-1]["messages"]
    assert [message["role"] for message in messages] == ["user", "assistant", "user"]
    assert messages[1]["content"][0]["text"] == so_far
    assert messages[2]["content"][-1]["text"] == GO_ON + question().text
    assert desk.retrieval.searches[-1].query == question().text


async def test_its_rest_is_neither_kept_nor_taken_from_what_was_kept(desk: Desk, connection: Valkey) -> None:
    answering = desk.answering(cache=ValkeyCache(connection), flights=ValkeyFlights(connection))
    desk.claude.scripts.append(Script(text="14 months of parental leave."))
    assert not (await tell(answering, question(so_far="Parents get"))).done.cached
    whole = await tell(answering)
    assert not whole.done.cached
    assert not whole.done.joined
    assert not (await tell(answering, question(so_far="Parents get"))).done.cached
