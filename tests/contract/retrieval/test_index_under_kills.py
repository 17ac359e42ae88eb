"""The index against a model of it, killed again and again."""

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.contract.retrieval import index_program
from tests.contract.retrieval.index_program import State, operation

PROGRAM = Path(index_program.__file__)
ROOT = PROGRAM.parents[3]
KILLED_WITHIN = 800
"""Operations, at the most."""


@pytest.mark.parametrize(
    "operations", [5_000, pytest.param(100_000, marks=pytest.mark.soak)], ids=["small", "whole"]
)
def test_an_index_that_is_killed_holds_exactly_what_it_acknowledged(operations: int, tmp_path: Path) -> None:
    """Promise 25: all that an index does, writes, overwrites, removals and vacuums; kill -9 and reopen.

    Index = model, by every way of reading it.
    """
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    chance = random.Random(seed)
    model: State = {}
    done = kills = 0
    while done < operations:
        alive_for = chance.randint(1, KILLED_WITHIN)
        found, now = _run(tmp_path, seed=seed, first=done, alive_for=alive_for)
        # What was under way when it was killed has happened whole or not at all, and is done again.
        under_way = operation(seed, done).apply_to(model)
        assert found in (model, under_way), f"after {done} operations and {kills} kills"
        for number in range(done, now):
            model = operation(seed, number).apply_to(model)
        done = now
        kills += 1
    assert kills > 3


def _run(folder: Path, *, seed: int, first: int, alive_for: int) -> tuple[State, int]:
    """Start the program, kill it after so many operations; what it found, and how many are done by now."""
    process = subprocess.Popen(
        [sys.executable, str(PROGRAM), str(folder / "index"), str(seed), str(first)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stdout is not None
    try:
        found: State = json.loads(process.stdout.readline())
        done = first
        for line in process.stdout:
            done = int(line) + 1
            if done - first == alive_for:
                process.send_signal(signal.SIGKILL)
        assert done - first >= alive_for, "it ended by itself: what it read was not what it had written"
        return found, done
    finally:
        process.kill()
        process.wait(10)
        process.stdout.close()
