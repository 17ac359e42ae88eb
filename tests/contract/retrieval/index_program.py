"""Operations on an index, the same ones for a seed every time, and what they should leave behind.

    python index_program.py FOLDER SEED FIRST

prints what is in the index, then applies operations from the one numbered FIRST on until it is killed, and
prints the number of each once it is acknowledged.
"""

import asyncio
import json
import random
import sys
import uuid
from dataclasses import dataclass
from pathlib import Path

from retrieval.edge_index import EdgeIndex, open_edge_index
from retrieval.encoding import Sparse
from retrieval.index import EncodedPassage, StoredPassage

DIMENSIONS = 8
IDS = 400
MOST_AT_ONCE = 30
PAGE = 1000

State = dict[str, str]
"""Each passage's text by its id."""


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One of: passages written (new or in place of others), passages removed, a tidying-up, a search."""

    kind: str
    ids: tuple[str, ...] = ()
    text: str = ""

    def apply_to(self, state: State) -> State:
        """What is there afterwards."""
        if self.kind == "write":
            return state | {known: f"{self.text} of {known}" for known in self.ids}
        if self.kind == "remove":
            return {known: text for known, text in state.items() if known not in self.ids}
        return state


def operation(seed: int, number: int) -> Operation:
    """The operation of that number."""
    chance = random.Random(f"{seed}-{number}")
    kind = chance.choices(("write", "remove", "settle", "search"), weights=(50, 30, 5, 15))[0]
    some = chance.sample(range(IDS), chance.randint(1, MOST_AT_ONCE))
    ids = tuple(str(uuid.uuid5(uuid.NAMESPACE_OID, str(n))) for n in some)
    return Operation(kind=kind, ids=ids, text=f"text {number}")


def passage(known: str, text: str) -> EncodedPassage:
    """A passage with vectors that follow from its text."""
    chance = random.Random(text)
    return EncodedPassage(
        passage=StoredPassage(
            id=known,
            source="handbook",
            document=known[:2],
            version=1,
            edition="0-aa",
            title="Leave",
            url=None,
            heading=(),
            ordinal=0,
            text=text,
            allow=("public",),
            updated_at=None,
        ),
        dense=[chance.uniform(-1, 1) for _ in range(DIMENSIONS)],
        sparse=Sparse([chance.randrange(50)], [1.0]),
    )


async def apply(index: EdgeIndex, wanted: Operation) -> None:
    """Do it."""
    if wanted.kind == "write":
        await index.upsert([passage(known, f"{wanted.text} of {known}") for known in wanted.ids])
    elif wanted.kind == "remove":
        await index.delete(wanted.ids)
    elif wanted.kind == "settle":
        await index.settle()
    else:
        await index.search(
            dense=[1.0] * DIMENSIONS,
            sparse=Sparse([1], [1.0]),
            principals=["public"],
            sources=None,
            limit=10,
        )


async def state_of(index: EdgeIndex) -> State:
    """Everything that is in the index."""
    names, _ = await index.all_names(after=None, limit=PAGE)
    if not names:
        return {}
    stored = await index.readable(ids=[name.id for name in names], principals=["public"])
    return {one.id: one.text for one in stored}


async def main(folder: Path, *, seed: int, first: int) -> None:
    async with open_edge_index(folder, dimensions=DIMENSIONS, fingerprint="a model") as index:
        print(json.dumps(await state_of(index)), flush=True)
        number = first
        while True:
            await apply(index, operation(seed, number))
            print(number, flush=True)
            number += 1


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), seed=int(sys.argv[2]), first=int(sys.argv[3])))
