"""fastembed's cross-encoders, in a thread of their own and within a time budget.

A passage a call: so a late one is left after the passage that is being read, and the next question does not
wait for it. While a question is being read another one is not: it goes unreranked rather than wait.
"""

import asyncio
import math
import threading
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path

import structlog
from fastembed.common.model_description import ModelSource
from fastembed.rerank.cross_encoder import TextCrossEncoder

from wire.errors import SettingsError

_log = structlog.get_logger("reranker")


class FastembedReranker:
    """The reranker port; `open_reranker` makes one."""

    def __init__(self, model: TextCrossEncoder, thread: ThreadPoolExecutor, *, within_s: float) -> None:
        self._model = model
        self._thread = thread
        self._within_s = within_s
        self._busy = False

    async def scores(self, question: str, texts: Sequence[str]) -> list[float] | None:
        """How well each text answers, 0 to 1; None where it is busy or would be late."""
        if self._busy:
            return None
        late = threading.Event()
        self._busy = True
        reading = asyncio.get_running_loop().run_in_executor(
            self._thread, lambda: self._read(question, texts, late=late)
        )
        reading.add_done_callback(lambda _: self._done())
        try:
            async with asyncio.timeout(self._within_s):
                return await asyncio.shield(reading)
        except TimeoutError:
            return None
        finally:
            late.set()

    def _read(self, question: str, texts: Sequence[str], *, late: threading.Event) -> list[float] | None:
        scores: list[float] = []
        try:
            for text in texts:
                if late.is_set():
                    return None
                scores += (_share(score) for score in self._model.rerank(question, [text]))
        except Exception as error:  # noqa: BLE001 — whatever a model fails with, its search has an order already
            _log.warning("the reranker failed", error=type(error).__name__)
            return None
        return scores

    def _done(self) -> None:
        self._busy = False


@asynccontextmanager
async def open_reranker(*, model: str, threads: int, within_s: float) -> AsyncIterator[FastembedReranker]:
    """Load the model and keep its thread for as long as the block lasts.

    Args:
        model: the name of any fastembed cross-encoder, or a folder with an .onnx file and its tokenizer.
        threads: of one reading.
        within_s: how long a search may wait for it.

    Raises:
        SettingsError: there is no such model, or its files are not whole.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="rerank") as thread:
        loaded = await asyncio.to_thread(_load, model, threads=threads)
        yield FastembedReranker(loaded, thread, within_s=within_s)


def _share(logit: float) -> float:
    return 1 / (1 + math.exp(-max(-50.0, min(50.0, logit))))


def _load(model: str, *, threads: int) -> TextCrossEncoder:
    folder = Path(model)
    try:
        if not folder.is_dir():
            return TextCrossEncoder(model, threads=threads)
        return _from_folder(folder, threads=threads)
    except SettingsError:
        raise
    except Exception as error:
        raise SettingsError(
            f"RERANK_MODEL: {model!r} is no folder with a cross-encoder and none that fastembed can have here"
        ) from error


def _from_folder(folder: Path, *, threads: int) -> TextCrossEncoder:
    found = sorted(folder.glob("**/*.onnx"))
    if len(found) != 1 or not (folder / "tokenizer.json").exists():
        raise SettingsError(f"RERANK_MODEL: {folder} must hold one .onnx file and a tokenizer.json")
    name = str(folder.resolve())
    if name not in {known["model"] for known in TextCrossEncoder.list_supported_models()}:
        TextCrossEncoder.add_custom_model(
            model=name,
            sources=ModelSource(url=folder.resolve().as_uri()),
            model_file=str(found[0].relative_to(folder)),
        )
    return TextCrossEncoder(name, specific_model_path=name, local_files_only=True, threads=threads)
