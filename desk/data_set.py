"""A data set to judge retrieval by: documents, questions, and which documents answer which question."""

import csv
import hashlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import AwareDatetime

from wire.errors import MalformedError
from wire.shapes import Shape, read_shape

ShapeT = TypeVar("ShapeT", bound=Shape)


class Text(Shape):
    """A line of ``corpus.jsonl``."""

    id: str
    title: str = ""
    text: str
    updated_at: AwareDatetime | None = None


class Asked(Shape):
    """A line of ``queries.jsonl``."""

    id: str
    text: str


@dataclass(frozen=True, kw_only=True)
class DataSet:
    """A folder's content.

    Attributes:
        queries: those that have a judged document, in the file's order.
        judged: for each question's id its documents' ids with how well they answer, above 0.
        digest: of the corpus; another one needs another index.
    """

    name: str
    documents: tuple[Text, ...]
    queries: tuple[Asked, ...]
    judged: dict[str, dict[str, int]]
    digest: str


def read_data_set(folder: Path, *, limit_queries: int | None = None) -> DataSet:
    """Read ``corpus.jsonl``, ``queries.jsonl`` and ``qrels.tsv``.

    Raises:
        MalformedError: a file is missing or can't be read, and where.
    """
    corpus = _read(folder / "corpus.jsonl")
    judged = _judged(folder / "qrels.tsv")
    asked = [query for query in _lines(folder / "queries.jsonl", Asked) if query.id in judged]
    if not asked:
        raise MalformedError(f"{folder}: no question of queries.jsonl is judged in qrels.tsv")
    queries = tuple(asked[:limit_queries])
    return DataSet(
        name=folder.resolve().name,
        documents=tuple(_lines(folder / "corpus.jsonl", Text)),
        queries=queries,
        judged={query.id: judged[query.id] for query in queries},
        digest=hashlib.sha256(corpus.encode()).hexdigest(),
    )


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise MalformedError(
            f"{path} is missing: a data set has corpus.jsonl, queries.jsonl, qrels.tsv"
        ) from None
    except (OSError, UnicodeDecodeError):
        raise MalformedError(f"{path} can't be read as UTF-8 text") from None


def _lines(path: Path, shape: type[ShapeT]) -> list[ShapeT]:
    found = []
    # Not splitlines(): a text may hold line separators that JSON leaves as they are.
    for number, line in enumerate(_read(path).split("\n"), start=1):
        if line.strip():
            try:
                found.append(read_shape(shape, line))
            except MalformedError as error:
                raise MalformedError(f"{path}, line {number}: {error}") from None
    return found


def _judged(path: Path) -> dict[str, dict[str, int]]:
    """``query-id <tab> corpus-id <tab> score``, below a line of headings."""
    judged: dict[str, dict[str, int]] = {}
    rows = csv.reader(io.StringIO(_read(path)), delimiter="\t", quoting=csv.QUOTE_NONE)
    for number, row in enumerate(rows, start=1):
        if number == 1 or not row:
            continue
        try:
            query, document, score = row
            grade = int(float(score))
        except ValueError:
            raise MalformedError(
                f"{path}, line {number}: must be query-id, corpus-id and score with tabs between them"
            ) from None
        if grade > 0:
            judged.setdefault(query, {})[document] = grade
    return judged
