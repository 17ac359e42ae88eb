"""What making follow-ups stand alone is worth: ``python -m tests.bench.bench_following_up DIR``.

DIR is the data set ``mtrag-un``: conversations over a pool of passages, and in ``mtrag-rewrites/`` those of
MTRAG whose follow-ups people have rewritten. Only questions with a conversation before them are asked, each
as it is (*alone*), by our rule of thumb (*joined*), behind the question before it whatever it says
(*always*), and, where there is one, as a person rewrote it (*by hand*), which a model should come near to.
"""

import argparse
import asyncio
import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from bot.answering.following_up import joined
from bot.answering.question import Question, Turn
from desk.data_set import read_data_set
from desk.evaluation import indexed
from desk.irmeasures_metrics import metrics
from desk.terminal import Terminal
from retrieval.search import Search
from retrieval.tuning import USUAL
from wire.principals import PUBLIC
from wire.search import SearchRequest
from wire.settings import Settings

FOUND = 100
"""Documents asked for."""
USER = "|user|: "


@dataclass(frozen=True, kw_only=True)
class FollowUp:
    """A question, what was said before it, and what it should find."""

    id: str
    text: str
    before: tuple[str, ...]
    judged: dict[str, int]
    by_hand: str | None = None

    def ways(self) -> dict[str, str]:
        """It as it is searched, by each way."""
        said = [
            turn
            for text in self.before
            for turn in (
                Turn(role="user", author="somebody", text=text),
                Turn(role="assistant", author="you", text="…"),
            )
        ]
        asked = Question(
            id=self.id, text=self.text, person="p", principals=(PUBLIC,), conversation=tuple(said)
        )
        ways = {
            "alone": self.text,
            "joined": joined(asked).query,
            "always": f"{self.before[-1]} {self.text}",
        }
        return ways | ({"by hand": self.by_hand} if self.by_hand else {})


def unanswered(folder: Path, judged: dict[str, dict[str, int]]) -> Iterator[FollowUp]:
    """The follow-ups of MTRAG-UN."""
    for line in (folder / "queries.jsonl").read_text().splitlines():
        row = json.loads(line)
        said = [turn["text"] for turn in row["conversation"] if turn["speaker"] == "user"]
        before = tuple(said[:-1] if said and said[-1] == row["text"] else said)
        if before and row["id"] in judged:
            yield FollowUp(id=row["id"], text=row["text"], before=before, judged=judged[row["id"]])


def rewritten(folder: Path, documents: set[str]) -> Iterator[FollowUp]:
    """Those of MTRAG that people have rewritten, as far as all that answers them is in the pool."""
    for domain in sorted(path for path in (folder / "mtrag-rewrites").iterdir() if path.is_dir()):
        judged: dict[str, dict[str, int]] = {}
        with (domain / "dev.tsv").open() as rows:
            for row in list(csv.reader(rows, delimiter="\t"))[1:]:
                judged.setdefault(row[0], {})[row[1]] = int(row[2])
        by_hand = _texts(domain / f"{domain.name}_rewrite.jsonl")
        for name, text in _texts(domain / f"{domain.name}_questions.jsonl").items():
            *before, last = [part.strip() for part in text.split(USER.strip()) if part.strip()]
            if before and judged.get(name, {"?": 0}).keys() <= documents:
                yield FollowUp(
                    id=name,
                    text=last,
                    before=tuple(before),
                    judged=judged[name],
                    by_hand=by_hand[name].removeprefix(USER).strip(),
                )


def _texts(path: Path) -> dict[str, str]:
    rows = [json.loads(line) for line in path.read_text().splitlines() if line.strip()]
    return {row["_id"]: row["text"] for row in rows}


async def measure(name: str, asked: list[FollowUp], search: Search) -> None:
    """Ask in each way, and print a line each."""
    found: dict[str, dict[str, list[str]]] = {}
    for each in asked:
        for way, query in each.ways().items():
            request = SearchRequest(query=query, principals=(PUBLIC,), limit=FOUND, per_document=1)
            reply = await search.search(request)
            documents = dict.fromkeys(passage.document for passage in reply.passages)
            found.setdefault(way, {})[each.id] = list(documents)
    for way, results in found.items():
        judged = metrics(judged={each.id: each.judged for each in asked}, found=results)
        print(
            f"| {name} | {len(asked)} | {way} | {judged.recall_at_10:.3f} | {judged.ndcg_at_10:.3f} |",
            flush=True,
        )


async def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cache", type=Path)
    arguments = parser.parse_args()
    data = read_data_set(arguments.folder)
    documents = {document.id for document in data.documents}
    terminal = Terminal(Console(stderr=True))
    print(
        "| conversations | follow-ups | searched as | recall@10 | nDCG@10 |\n| --- | --- | --- | --- | --- |"
    )
    async with indexed(data, tuning=USUAL, settings=Settings(), cache=arguments.cache, terminal=terminal) as (
        search,
        _,
    ):
        await measure("mtrag-un", list(unanswered(arguments.folder, data.judged)), search)
        await measure("mtrag, rewritten", list(rewritten(arguments.folder, documents)), search)


if __name__ == "__main__":
    asyncio.run(main())
