"""A question's way through the pipeline, on a real NATS server and HTTP."""

from bot.answering.extractive_model import ExtractiveModel
from tests.contract.answering.telling import Desk, tell


async def test_an_answer_grows_with_citations_and_ends_with_done(desk: Desk) -> None:
    told = await tell(desk.answering())
    print(told.done)
    assert told.done.text == told.deltas
    assert [citation.index for citation in told.citations] == [1]


async def test_without_a_model(desk: Desk, extractive: ExtractiveModel) -> None:
    told = await tell(desk.answering(model=extractive))
    print(told.done.text)
