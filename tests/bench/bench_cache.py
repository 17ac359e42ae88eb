"""Which questions in other words the answer cache takes for the same, and what each guard keeps out.

Run: ``python tests/bench/bench_cache.py DATA/semcache [--json]`` (``fow-cache/pairs.jsonl``: 300 pairs that
ask the same, 300 traps that differ in a word or are reworded). Figures are of the words and the embedding
alone; that the evidence is the same as well, and readable, comes on top. The threshold and the lists were
chosen on the first half of the pairs (even lines) and are reported for the other one, too. The baseline is
what the embedding alone would do, in the same run.
"""

import argparse
import asyncio
import json
import statistics
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.answering.cache import cosine, packed
from bot.answering.sameness import SIMILAR, Guard, differences
from retrieval.fastembed_encoder import open_encoder
from wire.settings import Settings

THRESHOLDS = (0.0, 0.6, 0.7, 0.8, 0.9, 0.95)


@dataclass(frozen=True)
class Pair:
    """Two questions, and what keeps them apart."""

    category: str
    same: bool
    similarity: float
    objections: frozenset[Guard]

    def served(self, *, threshold: float = SIMILAR, without: Guard | None = None) -> bool:
        """Whether one would be given the other's answer, with one guard left out maybe."""
        return self.similarity >= threshold and not self.objections - {without}


async def measured(rows: Sequence[dict[str, Any]]) -> list[Pair]:
    """Each pair's similarity by the search's own encoder, and the guards' objections."""
    async with open_encoder(model=Settings.model_fields["embedding_model"].default, threads=1) as encoder:
        texts = sorted({row[side] for row in rows for side in "ab"})
        vectors = {text: packed((await encoder.encode_query(text)).dense) for text in texts}
    return [
        Pair(
            category=row["category"],
            same=row["same_answer"],
            similarity=cosine(vectors[row["a"]], vectors[row["b"]]),
            objections=differences(row["a"], row["b"]),
        )
        for row in rows
    ]


def shares(pairs: Iterable[Pair], *, threshold: float = SIMILAR) -> dict[str, float]:
    """What part of the same questions, and of the traps, is served."""
    served: dict[bool, list[bool]] = {True: [], False: []}
    for pair in pairs:
        served[pair.same].append(pair.served(threshold=threshold))
    return {
        "same": round(statistics.mean(served[True]), 4),
        "traps": round(statistics.mean(served[False]), 4),
    }


def figures(pairs: Sequence[Pair]) -> dict[str, Any]:
    """All that is printed."""
    traps = [pair for pair in pairs if not pair.same]
    guards = sorted({guard for pair in traps for guard in pair.objections})
    return {
        "pairs": len(pairs),
        "threshold": SIMILAR,
        "halves": {"chosen on": shares(pairs[::2]), "reported": shares(pairs[1::2])},
        "by threshold": {str(at): shares(pairs, threshold=at) for at in THRESHOLDS},
        "embedding alone": {
            str(at): {
                "same": round(statistics.mean(pair.similarity >= at for pair in pairs if pair.same), 4),
                "traps": round(statistics.mean(pair.similarity >= at for pair in traps), 4),
            }
            for at in THRESHOLDS[1:]
        },
        "by category": {
            category: f"{served} of {number}"
            for category, number in Counter(pair.category for pair in pairs).items()
            for served in [sum(pair.served() for pair in pairs if pair.category == category)]
        },
        "traps kept out by a guard": {
            guard: {
                "it objects to": sum(guard in pair.objections for pair in traps),
                "without it served": sum(pair.served(without=guard) for pair in traps),
            }
            for guard in guards
        },
        "us_per_comparison": 0.0,
    }


def us_per_comparison(rows: Sequence[dict[str, Any]]) -> float:
    """Microseconds of two questions' comparison by words."""
    started = time.perf_counter()
    for row in rows:
        differences(row["a"], row["b"])
    return round((time.perf_counter() - started) / len(rows) * 1e6, 1)


def main() -> None:
    """Measure, and print a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, nargs="?")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    if arguments.data is None:
        print("No data given: python tests/bench/bench_cache.py DATA/semcache")
        return
    lines = (arguments.data / "fow-cache" / "pairs.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    found = figures(asyncio.run(measured(rows))) | {"us_per_comparison": us_per_comparison(rows)}
    print(json.dumps(found) if arguments.json else _plain(found))


def _plain(found: dict[str, Any]) -> str:
    lines: list[str] = []
    for name, value in found.items():
        if isinstance(value, dict):
            lines += [name, *(f"  {key:<12} {_row(row)}" for key, row in value.items())]
        else:
            lines.append(f"{name}: {value}")
    return "\n".join(lines)


def _row(row: dict[str, float] | str) -> str:
    return row if isinstance(row, str) else "   ".join(f"{key} {value:g}" for key, value in row.items())


if __name__ == "__main__":
    main()
