"""fastembed: the dense model and BM25, in threads of their own.

Questions have a thread to themselves. Passages have as many as there are cores while nobody asks, and take
turns while somebody does; each waits while any question is being encoded, so a bulk load costs a question at
most the passages that are already under way. One text a call: with a dynamically quantized model a vector
depends a little on its neighbours in a batch (cosine down to 0.987), and batches of long texts are slower as
well.
"""

import asyncio
import hashlib
import json
import math
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from fastembed import SparseEmbedding, SparseTextEmbedding, TextEmbedding
from fastembed.common.model_description import ModelSource, PoolingType
from tokenizers import Tokenizer

from retrieval.cores import usable_cores
from retrieval.encoding import Encoded, Sparse
from retrieval.query_vectors import QueryVectors
from wire.errors import SettingsError, UnavailableError

PACKAGED = "answerdesk/all-MiniLM-L6-v2-int8"
MODELS = Path(__file__).parent / "model"
PACKAGED_WINDOW_TOKENS = 256
"""As the model card says; its tokenizer file says 512, which it was not trained for."""
BM25_TERMS = 100.0
"""Words of a usual passage after stop words: BM25's average length."""
BM25_B = 0.5
"""How much a long passage's words count less, 0 to 1: chunks are alike in length (docs/quality.md)."""
ENCODE_WITHIN_S = 120.0
PASSAGE_WAITS_AT_MOST_S = 0.25
"""So that passages still come through under questions without end."""
QUIET_AFTER_S = 1.0
"""Seconds since the last question until passages take every core again."""
PASSAGES_AT_ONCE = 4
"""At most, on a machine of many cores: its other programs want some too."""

T = TypeVar("T")


class FastembedEncoder:
    """The encoder port on fastembed; `open_encoder` makes one."""

    def __init__(
        self,
        model: "_Model",
        *,
        questions: ThreadPoolExecutor,
        passages: ThreadPoolExecutor,
        passages_at_once: int,
    ) -> None:
        self._model = model
        self._questions = questions
        self._passages = passages
        self._at_once = passages_at_once
        self._lanes = asyncio.Semaphore(passages_at_once)
        self._in_turn = asyncio.Lock()
        self._waiting = _Waiting()
        self._asked = QueryVectors()

    @property
    def fingerprint(self) -> str:
        """Names the model's file and BM25's settings."""
        return self._model.fingerprint

    @property
    def dimensions(self) -> int:
        """Of the dense vectors."""
        return self._model.dimensions

    @property
    def window_tokens(self) -> int:
        """The longest text that is read whole."""
        return self._model.window_tokens

    def count_tokens(self, text: str) -> int:
        """Tokens by the model's own tokenizer, without the two special ones."""
        return len(self._model.counter.encode(text, add_special_tokens=False))

    async def encode_query(self, text: str) -> Encoded:
        """A question's vectors, ahead of every passage; one that was asked lately is not encoded again.

        Raises:
            UnavailableError: it takes longer than two minutes.
        """
        known = self._asked.recall(text)
        if known is not None:
            return known
        with self._waiting:
            encoded = await self._run(self._questions, partial(self._model.query, text))
        self._asked.remember(text, encoded)
        return encoded

    def weigh_query(self, text: str) -> Sparse:
        """A question's words by BM25 alone: 20 µs, so right here."""
        return self._model.words_asked(text)

    async def encode_sentences(self, texts: Sequence[str]) -> list[list[float]]:
        """Sentences' dense vectors, ahead of every passage.

        Raises:
            UnavailableError: one takes longer than two minutes.
        """
        with self._waiting:
            return [await self._run(self._questions, partial(self._model.dense, text)) for text in texts]

    async def encode_passages(self, texts: Sequence[str]) -> list[list[float]]:
        """Passages' dense vectors, each after the questions that wait.

        Raises:
            UnavailableError: one takes longer than two minutes.
        """
        encoded: list[list[float]] = []
        while len(encoded) < len(texts):
            several = texts[len(encoded) : len(encoded) + self._at_once]
            encoding = [asyncio.create_task(self._encode_passage(text)) for text in several]
            try:
                encoded += await asyncio.gather(*encoding)
            finally:
                for task in encoding:
                    task.cancel()
        return encoded

    async def weigh_passages(self, texts: Sequence[str]) -> list[Sparse]:
        """Passages' words by BM25.

        Raises:
            UnavailableError: it takes longer than two minutes.
        """
        return await self._run(self._passages, partial(self._model.words_of, texts))

    async def _encode_passage(self, text: str) -> list[float]:
        async with self._lanes:
            if self._waiting.none_since(QUIET_AFTER_S):
                return await self._run(self._passages, partial(self._passage, text))
            async with self._in_turn:
                return await self._run(self._passages, partial(self._passage, text))

    def _passage(self, text: str) -> list[float]:
        self._waiting.none(within_s=PASSAGE_WAITS_AT_MOST_S)
        return self._model.passage(text)

    async def _run(self, lane: ThreadPoolExecutor, call: Callable[[], T]) -> T:
        try:
            async with asyncio.timeout(ENCODE_WITHIN_S):
                return await asyncio.get_running_loop().run_in_executor(lane, call)
        except TimeoutError:
            raise UnavailableError("the embedding model takes too long", service="retrieval") from None


@asynccontextmanager
async def open_encoder(*, model: str, threads: int) -> AsyncIterator[FastembedEncoder]:
    """Load the model and keep its threads for as long as the block lasts.

    Args:
        model: our packaged model's name, the name of any fastembed model, or a folder.
        threads: of one encoding; 1 answers questions twice as fast as 2 on a busy 2-core machine.

    Raises:
        SettingsError: there is no such model, or its files are not whole.
    """
    at_once = max(1, min(PASSAGES_AT_ONCE, usable_cores() // threads))
    with (
        ThreadPoolExecutor(1, thread_name_prefix="encode-questions") as questions,
        ThreadPoolExecutor(at_once, thread_name_prefix="encode-passages") as passages,
    ):
        loaded = await asyncio.to_thread(_load, model, threads=threads)
        try:
            yield FastembedEncoder(loaded, questions=questions, passages=passages, passages_at_once=at_once)
        finally:
            passages.shutdown(wait=False, cancel_futures=True)
            questions.shutdown(wait=False, cancel_futures=True)


class _Waiting:
    """Counts the questions in hand, so that passages can let them go first."""

    def __init__(self) -> None:
        self._count = 0
        self._last = -math.inf
        self._changed = threading.Condition()

    def __enter__(self) -> None:
        with self._changed:
            self._count += 1

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._count -= 1
            self._last = time.monotonic()
            self._changed.notify_all()

    def none_since(self, seconds: float) -> bool:
        """Whether none is in hand, nor was any within that time."""
        with self._changed:
            return self._count == 0 and time.monotonic() - self._last >= seconds

    def none(self, *, within_s: float) -> None:
        """Wait until there is none, or for that long."""
        with self._changed:
            self._changed.wait_for(lambda: self._count == 0, timeout=within_s)


@dataclass(frozen=True)
class _Model:
    embedding: TextEmbedding
    words: SparseTextEmbedding
    counter: Tokenizer
    fingerprint: str
    dimensions: int
    window_tokens: int

    def dense(self, text: str) -> list[float]:
        vector: list[float] = next(iter(self.embedding.embed([text]))).tolist()
        return vector

    def query(self, text: str) -> Encoded:
        dense: list[float] = next(iter(self.embedding.query_embed(text))).tolist()
        return Encoded(dense, self.words_asked(text))

    def words_asked(self, text: str) -> Sparse:
        return _sparse(next(iter(self.words.query_embed(text))))

    def passage(self, text: str) -> list[float]:
        vector: list[float] = next(iter(self.embedding.passage_embed([text]))).tolist()
        return vector

    def words_of(self, texts: Sequence[str]) -> list[Sparse]:
        return [_sparse(words) for words in self.words.embed(texts)]


def _sparse(words: SparseEmbedding) -> Sparse:
    return Sparse(words.indices.tolist(), [float(value) for value in words.values])


def _load(model: str, *, threads: int) -> _Model:
    window: int | None = None
    if model == PACKAGED:
        folder, window = MODELS / "all-MiniLM-L6-v2", PACKAGED_WINDOW_TOKENS
        embedding = _from_folder(folder, threads=threads)
    elif Path(model).is_dir():
        embedding = _from_folder(Path(model), threads=threads)
    else:
        embedding = _by_name(model, threads=threads)
    inner: Any = embedding.model
    tokenizer: Tokenizer = inner.tokenizer
    longest: int = (tokenizer.truncation or {"max_length": PACKAGED_WINDOW_TOKENS})["max_length"]
    window = min(longest, window or longest)
    tokenizer.enable_truncation(max_length=window)
    counter = Tokenizer.from_str(tokenizer.to_str())
    counter.no_truncation()
    counter.no_padding()
    weights = Path(inner._model_dir) / inner.model_description.model_file  # noqa: SLF001 — where it loaded from is not public
    return _Model(
        embedding=embedding,
        words=_bm25(),
        counter=counter,
        fingerprint=f"{_digest(weights)}-{window}-bm25-{BM25_TERMS:.0f}-{BM25_B}",
        dimensions=len(next(iter(embedding.embed(["how long is it?"])))),
        window_tokens=window,
    )


def _by_name(model: str, *, threads: int) -> TextEmbedding:
    try:
        return TextEmbedding(model, threads=threads)
    except Exception as error:
        raise SettingsError(
            f"EMBEDDING_MODEL: {model!r} is neither a folder nor a fastembed model that can be had here"
        ) from error


def _from_folder(folder: Path, *, threads: int) -> TextEmbedding:
    """A folder as published for sentence-transformers: ONNX file, tokenizer, how to pool.

    Raises:
        SettingsError: something is missing.
    """
    found = sorted(folder.glob("**/*.onnx"))
    if len(found) != 1 or not (folder / "tokenizer.json").exists():
        raise SettingsError(f"EMBEDDING_MODEL: {folder} must hold one .onnx file and a tokenizer.json")
    name = str(folder.resolve())
    pooling, normalize, output = _pooling(folder)
    try:
        if name not in {known["model"] for known in TextEmbedding.list_supported_models()}:
            TextEmbedding.add_custom_model(
                model=name,
                pooling=pooling,
                normalization=normalize,
                sources=ModelSource(url=folder.resolve().as_uri()),
                dim=json.loads((folder / "config.json").read_text())["hidden_size"],
                model_file=str(found[0].relative_to(folder)),
                output_name=output,
            )
        return TextEmbedding(name, specific_model_path=name, local_files_only=True, threads=threads)
    except Exception as error:
        raise SettingsError(f"EMBEDDING_MODEL: {folder} holds no model that can be loaded") from error


def _pooling(folder: Path) -> tuple[PoolingType, bool, str | None]:
    """How token vectors become one: as the folder says, or else the graph does it by itself."""
    note = folder / "1_Pooling" / "config.json"
    if not note.exists():
        return PoolingType.DISABLED, False, "sentence_embedding"
    by_first_token = json.loads(note.read_text()).get("pooling_mode_cls_token", False)
    return (PoolingType.CLS if by_first_token else PoolingType.MEAN), True, None


def _bm25() -> SparseTextEmbedding:
    words = SparseTextEmbedding(
        "Qdrant/bm25", specific_model_path=str(MODELS / "bm25"), avg_len=BM25_TERMS, b=BM25_B
    )
    inner: Any = words.model
    if not inner.stopwords:
        # fastembed takes a wrong folder for "no stop words" and says nothing.
        raise SettingsError("the packaged list of stop words is missing; install answerdesk again")
    return words


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]
