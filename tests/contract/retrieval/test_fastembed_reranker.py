"""Reranking by fastembed, with a cross-encoder that was made by hand."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from retrieval.fastembed_reranker import FastembedReranker, open_reranker
from tests.tiny_cross_encoder import write_tiny_cross_encoder
from tests.until import until
from wire.errors import SettingsError

QUESTION = "how many days of leave"
TEXTS = ["Book trains two weeks ahead.", "Leave is 28 days, so many as that.", "Days are long."]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_cross_encoder(tmp_path_factory.mktemp("model") / "tiny")


@pytest.fixture
async def reranker(folder: Path) -> AsyncIterator[FastembedReranker]:
    async with open_reranker(model=str(folder), threads=1, within_s=30.0) as opened:
        yield opened


async def test_each_text_is_read_with_the_question(reranker: FastembedReranker) -> None:
    scores = await reranker.scores(QUESTION, TEXTS)
    assert scores is not None
    none, all_of_them, one = scores
    assert 0.0 < none < one < all_of_them < 1.0


async def test_late_means_unreranked_and_the_next_one_is_not_kept_waiting(folder: Path) -> None:
    async with open_reranker(model=str(folder), threads=1, within_s=0.2) as reranker:
        texts = TEXTS * 2000
        async with asyncio.timeout(5):
            assert await reranker.scores(QUESTION, texts) is None

        async def reads_again() -> bool:
            return await reranker.scores("leave", ["leave"]) is not None

        await until(reads_again, within_s=20)


async def test_while_one_question_is_read_another_goes_without(reranker: FastembedReranker) -> None:
    both = await asyncio.gather(reranker.scores(QUESTION, TEXTS * 20), reranker.scores(QUESTION, TEXTS))
    assert both[0] is not None
    assert both[1] is None


async def test_a_search_that_is_given_up_frees_the_reranker(reranker: FastembedReranker) -> None:
    given_up = asyncio.create_task(reranker.scores(QUESTION, TEXTS * 2000))
    await asyncio.sleep(0.01)
    given_up.cancel()
    with pytest.raises(asyncio.CancelledError):
        await given_up

    async def is_free() -> bool:
        return await reranker.scores(QUESTION, TEXTS) is not None

    await until(is_free, within_s=20)


async def test_a_folder_without_a_model_is_a_setting_that_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="RERANK_MODEL"):
        async with open_reranker(model=str(tmp_path), threads=1, within_s=1.0):
            pass


async def test_a_model_that_fails_leaves_the_order(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with open_reranker(model=str(folder), threads=1, within_s=30.0) as reranker:
        assert await reranker.scores(QUESTION, [None]) is None  # type: ignore[list-item] # what no text is
    assert "28 days" not in capsys.readouterr().out
