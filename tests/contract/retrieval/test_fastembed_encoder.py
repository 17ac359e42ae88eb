"""The packaged model through fastembed."""

import asyncio
import math
import os
import threading
from pathlib import Path

import pytest

from retrieval.cores import usable_cores
from retrieval.encoding import Encoder
from retrieval.fastembed_encoder import MODELS, PACKAGED, QUIET_AFTER_S, FastembedEncoder, open_encoder
from tests.until import until
from wire.errors import SettingsError


def cosine(one: list[float], other: list[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


async def test_it_is_an_encoder_with_the_window_of_the_models_card(encoder: FastembedEncoder) -> None:
    port: Encoder = encoder
    assert port.window_tokens == 256
    assert port.dimensions == 384


async def test_known_sentences_have_their_known_similarity(encoder: FastembedEncoder) -> None:
    """The figures of sentence-transformers' own quick start for this model, in fp32."""
    weather, sunny, stadium = await encoder.encode_sentences(
        ["The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium."]
    )
    assert cosine(weather, sunny) == pytest.approx(0.6660, abs=0.03)
    assert cosine(weather, stadium) == pytest.approx(0.1046, abs=0.03)
    assert cosine(sunny, stadium) == pytest.approx(0.1411, abs=0.03)
    assert math.hypot(*weather) == pytest.approx(1.0, abs=1e-3)


async def test_a_passage_is_encoded_the_same_whatever_is_encoded_with_it(encoder: FastembedEncoder) -> None:
    text = "Employees in Germany have 30 days of leave."
    alone = await encoder.encode_passages([text])
    among = await encoder.encode_passages(["Short.", text, "A much longer text about travel. " * 30])
    assert alone[0] == among[1]


async def test_text_within_the_window_counts_and_text_beyond_it_does_not(encoder: FastembedEncoder) -> None:
    inside = "leave " * 254
    assert encoder.count_tokens(inside) == 254
    assert encoder.count_tokens(inside + "and much more") == 257
    whole, longer, shorter = await encoder.encode_passages(
        [inside, inside + "and much more", "leave " * 250 + "bicycle"]
    )
    assert whole == longer
    assert whole != shorter


async def test_words_are_stemmed_and_stop_words_left_out(encoder: FastembedEncoder) -> None:
    (passage,) = await encoder.weigh_passages(["the policies of the company"])
    query = await encoder.encode_query("What is the policy of a company?")
    assert set(query.sparse.indices) == set(passage.indices)
    assert len(query.sparse.indices) == 2
    assert encoder.weigh_query("What is the policy of a company?") == query.sparse


async def test_a_question_of_stop_words_alone_still_has_a_meaning(encoder: FastembedEncoder) -> None:
    query = await encoder.encode_query("Who is it?")
    assert query.sparse.indices == []
    assert len(query.dense) == 384


async def test_questions_go_before_passages(encoder: FastembedEncoder) -> None:
    """A bulk load costs a question no more than the passage that is under way."""
    load = asyncio.create_task(encoder.encode_passages(["A long passage about leave. " * 45] * 100))
    await asyncio.sleep(0.1)
    for _ in range(5):
        await encoder.encode_query("how many days of leave do I get")
    assert not load.done(), "five questions have waited for a hundred passages"
    load.cancel()


@pytest.mark.skipif(usable_cores() < 2, reason="one core has nothing to share out")
async def test_passages_use_every_core_while_nobody_asks_and_one_while_somebody_does() -> None:
    texts = [f"Passage {number} about leave. " * 20 for number in range(8)]
    threads = min(4, usable_cores())
    async with open_encoder(model=PACKAGED, threads=1) as encoder:
        before = _passage_threads()
        await encoder.encode_query("how many days of leave do I get")
        encoding = asyncio.create_task(encoder.encode_passages(texts[:threads]))
        await until(encoder._lanes.locked, within_s=30, every_s=0)
        assert encoder._in_turn.locked(), "one after another"
        await encoding
        await asyncio.sleep(QUIET_AFTER_S)
        encoding = asyncio.create_task(encoder.encode_passages(texts))
        await until(encoder._lanes.locked, within_s=30, every_s=0)
        assert not encoder._in_turn.locked()
        await encoding
        assert len(_passage_threads() - before) == threads


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system binds no process to cores")
async def test_a_process_that_may_use_one_core_encodes_one_passage_at_a_time() -> None:
    """As in a container, whatever number of cores the machine has."""
    all_of_them = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(all_of_them)})
    try:
        async with open_encoder(model=PACKAGED, threads=1) as encoder:
            assert encoder._at_once == 1
    finally:
        os.sched_setaffinity(0, all_of_them)


def _passage_threads() -> set[int | None]:
    return {thread.ident for thread in threading.enumerate() if thread.name.startswith("encode-passages")}


async def test_a_question_asked_again_skips_the_model(encoder: FastembedEncoder) -> None:
    first = await encoder.encode_query("how many days of leave do I get")
    encoder._questions.shutdown()
    assert await encoder.encode_query("how many days of leave do I get") == first
    with pytest.raises(RuntimeError, match="shutdown"):
        await encoder.encode_query("how many days of leave do we get")


async def test_a_model_that_cannot_be_had_is_named_in_the_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"EMBEDDING_MODEL: 'no-such/model'"):
        async with open_encoder(model="no-such/model", threads=1):
            pass
    with pytest.raises(SettingsError, match="must hold one"):
        async with open_encoder(model=str(tmp_path), threads=1):
            pass


async def test_a_folder_can_be_the_model(encoder: FastembedEncoder) -> None:
    async with open_encoder(model=str(MODELS / "all-MiniLM-L6-v2"), threads=1) as other:
        theirs = await other.encode_query("annual leave")
    ours = await encoder.encode_query("annual leave")
    assert theirs.dense == ours.dense
    assert other.fingerprint != encoder.fingerprint, "its window is 512, as its tokenizer says"
