"""What `relevance` is worth: `python tests/bench/bench_relevance.py DATA [--cache DIR] [--fit]`.

DATA is a folder with the data sets `azure-ragchat` and `mtrag-un`, which know questions that their documents
do not answer, and `sourcegraph-handbook`, which nothing was fitted on. Each set is also asked a hundred
questions of each other set: what its documents are not about. A follow-up of mtrag-un is asked as the bot
asks it. `--fit` prints the curve's numbers as these sets would have them.
"""

import argparse
import asyncio
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

sys.path.insert(0, str(Path(__file__).parents[2]))

from bot.answering.following_up import joined
from bot.answering.question import Question, Turn
from desk.data_set import read_data_set
from desk.evaluation import indexed
from desk.terminal import Terminal
from retrieval.relevance import Evidence, relevance
from retrieval.search import Search
from retrieval.tuning import USUAL
from tests.bench.bench_chunking import lines
from wire.search import SearchRequest
from wire.settings import Settings

FITTED_ON = ("azure-ragchat", "mtrag-un")
SETS = (*FITTED_ON, "sourcegraph-handbook")
FOREIGN = 100
SEED = 1
FLOORS = (0.1, 0.15, 0.2, 0.25, 0.3, 0.4)
ANSWERABLE_SHARE = 0.6
"""Three questions in five can be answered: what the curve is calibrated for."""
RIDGE = 1.0
BINS = 5

Kind = Literal["answerable", "unanswerable", "foreign"]


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A question of a set, and what was found for it."""

    kind: Kind
    evidence: Evidence

    @property
    def relevance(self) -> float:
        return relevance(self.evidence)


def asked(row: dict[str, Any]) -> str:
    """As the bot would search for it."""
    turns = [
        Turn(role="user" if turn["speaker"] == "user" else "assistant", author="U1", text=turn["text"])
        for turn in row.get("conversation", ())
    ]
    if turns and turns[-1].text.strip() == row["text"].strip():
        turns.pop()
    question = Question(
        id="q", text=row["text"], person="T1:U1", principals=("public",), conversation=tuple(turns)
    )
    return joined(question).query


def questions(folder: Path) -> dict[str, tuple[Kind, str]]:
    """Those of a set that are known to be answerable or not."""
    answerable = read_data_set(folder).judged
    found: dict[str, tuple[Kind, str]] = {}
    for row in lines(folder / "queries.jsonl"):
        if row["id"] in answerable:
            found[row["id"]] = ("answerable", asked(row))
        elif row.get("answerability") == "UNANSWERABLE":
            found[row["id"]] = ("unanswerable", asked(row))
    if (folder / "unanswerable.jsonl").exists():
        for row in lines(folder / "unanswerable.jsonl"):
            found[row["id"]] = ("unanswerable", row["text"])
    return found


async def judge(search: Search, text: str, kind: Kind) -> Judged:
    found = await search._querying.ask(SearchRequest(query=text, principals=("public",)))
    return Judged(kind=kind, evidence=search._relevance.evidence(found.text, found.found))


async def judged_set(folder: Path, *, cache: Path | None) -> list[Judged]:
    """Every question of the set, and some of the others'."""
    own = list(questions(folder).values())
    rng = random.Random(SEED)
    foreign = [
        text
        for other in SETS
        if other != folder.name
        for _, text in rng.sample(list(questions(folder.parent / other).values()), FOREIGN)
    ]
    terminal = Terminal(Console(stderr=True))
    settings = Settings(_env_file=None)
    async with indexed(
        read_data_set(folder), tuning=USUAL, settings=settings, cache=cache, terminal=terminal
    ) as (search, _):
        judged = [await judge(search, text, kind) for kind, text in own]
        return judged + [await judge(search, text, "foreign") for text in foreign]


def area(better: Sequence[float], worse: Sequence[float]) -> float:
    """How often one of the first is above one of the second (the area under the curve)."""
    ours, theirs = np.array(better)[:, None], np.array(worse)[None, :]
    return float(np.mean((ours > theirs) + 0.5 * (ours == theirs)))


def show_set(name: str, judged: Sequence[Judged]) -> None:
    values = {
        kind: [one.relevance for one in judged if one.kind == kind]
        for kind in ("answerable", "unanswerable", "foreign")
    }
    answerable, unanswerable, foreign = values["answerable"], values["unanswerable"], values["foreign"]
    areas = [f"{area(answerable, others):.3f}" if others else "-" for others in (unanswerable, foreign)]
    print(
        f"\n{name}: {len(answerable)} answerable, {len(unanswerable)} unanswerable (area {areas[0]}), "
        f"{len(foreign)} of other sets (area {areas[1]})\n"
    )
    print("| floor | answerable: answered | unanswerable: refused | right refusals | foreign: refused |")
    print("| --- | --- | --- | --- | --- |")
    for floor in FLOORS:
        refused = {kind: sum(value < floor for value in of) for kind, of in values.items()}
        right, wrong = refused["unanswerable"], refused["answerable"]
        precision = f"{right / (right + wrong):.0%}" if unanswerable and right + wrong else "-"
        recall = f"{right / len(unanswerable):.0%}" if unanswerable else "-"
        still = 1 - wrong / len(answerable)
        print(f"| {floor} | {still:.1%} | {recall} | {precision} | {refused['foreign'] / len(foreign):.0%} |")


def show_calibration(judged: Sequence[Judged]) -> None:
    """How often an answer is there, by what relevance says; classes weighed to three in five."""
    kept = [one for one in judged if one.kind != "foreign"]
    weights = _weights(np.array([one.kind == "answerable" for one in kept]))
    print("\n| relevance said | on average | answerable in truth | questions |\n| --- | --- | --- | --- |")
    for low in np.linspace(0, 1, BINS, endpoint=False):
        inside = [
            (one, weight)
            for one, weight in zip(kept, weights, strict=True)
            if low <= one.relevance < low + 1 / BINS
        ]
        if inside:
            total = sum(weight for _, weight in inside)
            said = sum(one.relevance * weight for one, weight in inside) / total
            true = sum(weight for one, weight in inside if one.kind == "answerable") / total
            print(f"| {low:.1f} to {low + 1 / BINS:.1f} | {said:.2f} | {true:.2f} | {len(inside)} |")


def _weights(is_answerable: NDArray[np.bool_]) -> NDArray[np.float64]:
    ours, theirs = is_answerable.sum(), (~is_answerable).sum()
    weights: NDArray[np.float64] = np.where(
        is_answerable, ANSWERABLE_SHARE / ours, (1 - ANSWERABLE_SHARE) / theirs
    )
    return weights


def fit(sets: Sequence[Sequence[Judged]]) -> NDArray[np.float64]:
    """Intercept, and what cosine, coverage and lead count; each set and class weighs the same."""
    judged = [one for some in sets for one in some]
    features = np.array([[one.evidence.cosine, one.evidence.coverage, one.evidence.lead] for one in judged])
    target = np.array([one.kind == "answerable" for one in judged])
    weights = np.concatenate(
        [_weights(np.array([one.kind == "answerable" for one in some])) for some in sets]
    )
    weights *= len(judged) / weights.sum()
    mean, spread = features.mean(0), features.std(0)
    inputs = np.column_stack([np.ones(len(judged)), (features - mean) / spread])
    ridge = np.array([0.0, *[RIDGE] * features.shape[1]])
    found = np.zeros(inputs.shape[1])
    for _ in range(50):
        said = 1 / (1 + np.exp(-inputs @ found))
        slope = inputs.T @ (weights * (said - target)) + ridge * found
        bend = (inputs * (weights * said * (1 - said))[:, None]).T @ inputs + np.diag(ridge)
        found -= np.linalg.solve(bend, slope)
    of_each = found[1:] / spread
    return np.array([found[0] - (of_each * mean).sum(), *of_each])


async def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("data", type=Path, nargs="?")
    arguments.add_argument("--cache", type=Path, help="keep the indexes there for the next run")
    arguments.add_argument("--fit", action="store_true")
    given = arguments.parse_args()
    if given.data is None:
        print("left out: it needs the folder with the data sets as its argument")
        return
    sets = {name: await judged_set(given.data / name, cache=given.cache) for name in SETS}
    for name, judged in sets.items():
        show_set(name, judged)
    show_calibration([one for name in FITTED_ON for one in sets[name]])
    if given.fit:
        for names in (FITTED_ON, *((name,) for name in FITTED_ON)):
            print(f"\nfitted on {' and '.join(names)}: {fit([sets[name] for name in names]).round(2)}")


if __name__ == "__main__":
    asyncio.run(main())
