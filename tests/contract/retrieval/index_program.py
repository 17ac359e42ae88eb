"""Operations on an index, the same ones for a seed every time, and what they should leave behind.

    python index_program.py FOLDER SEED FIRST

prints what is in the index, then applies operations from the one numbered FIRST on until it is killed, and
prints the number of each once it is acknowledged. It ends by itself where a reading one, of any way that an
index is read, finds other than what was written.
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
from wire.documents import document_key

DIMENSIONS = 8
IDS = 400
MOST_AT_ONCE = 30
FOUND = 10
PAGE = 1000

KINDS = {
    "write": 50,
    "remove": 30,
    "settle": 5,
    "search": 10,
    "count": 5,
    "names": 5,
    "copies": 2,
    "readable": 5,
}
"""All that an index does, and how often each."""

State = dict[str, str]
"""Each passage's text by its id."""


@dataclass(frozen=True, kw_only=True)
class Operation:
    """Passages written (new or in place of others) or removed, a tidying-up, or a way of reading them."""

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
    kind = chance.choices(tuple(KINDS), weights=tuple(KINDS.values()))[0]
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


async def apply(index: EdgeIndex, wanted: Operation, state: State) -> None:
    """Do it; what is read is what stands there."""
    match wanted.kind:
        case "write":
            await index.upsert([passage(known, f"{wanted.text} of {known}") for known in wanted.ids])
        case "remove":
            await index.delete(wanted.ids)
        case "settle":
            await index.settle()
        case "search":
            found = await index.search(
                dense=[1.0] * DIMENSIONS,
                sparse=Sparse([1], [1.0]),
                principals=["public"],
                sources=None,
                limit=FOUND,
            )
            assert len(found) == min(FOUND, len(state))
            assert all(state[hit.passage.id] == hit.passage.text for hit in found)
        case "count":
            assert await index.count() == len(state)
        case "names":
            document = wanted.ids[0][:2]
            named = await index.names(key=document_key("handbook", document))
            assert {name.id for name in named} == {known for known in state if known[:2] == document}
        case "copies":
            copies, _ = await index.copies(after=None, limit=PAGE)
            assert {copy.passage.id: copy.passage.text for copy in copies} == state
        case "readable":
            stored = await index.readable(ids=wanted.ids, principals=["public"])
            there = {known: state[known] for known in wanted.ids if known in state}
            assert {one.id: one.text for one in stored} == there


async def state_of(index: EdgeIndex) -> State:
    """Everything that is in the index."""
    names, _ = await index.all_names(after=None, limit=PAGE)
    if not names:
        return {}
    stored = await index.readable(ids=[name.id for name in names], principals=["public"])
    return {one.id: one.text for one in stored}


async def main(folder: Path, *, seed: int, first: int) -> None:
    async with open_edge_index(folder, dimensions=DIMENSIONS, fingerprint="a model") as index:
        state = await state_of(index)
        print(json.dumps(state), flush=True)
        number = first
        while True:
            wanted = operation(seed, number)
            await apply(index, wanted, state)
            state = wanted.apply_to(state)
            print(number, flush=True)
            number += 1


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), seed=int(sys.argv[2]), first=int(sys.argv[3])))
