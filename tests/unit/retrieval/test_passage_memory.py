"""Which passages are remembered, and for how long."""

from dataclasses import replace
from uuid import UUID

from retrieval.index import StoredPassage
from retrieval.passage_memory import PassageMemory
from tests.contract.retrieval.stored_passages import passage

ROOM_FOR_TWO = 3_000


def stored(document: str, *, allow: tuple[str, ...] = ("public",)) -> StoredPassage:
    return passage(document, allow=allow).passage


def remembered(memory: PassageMemory, *passages: StoredPassage) -> list[str]:
    return [known.document for known in memory.recall(UUID(each.id).int for each in passages).values()]


def test_a_passage_is_remembered_until_it_is_forgotten() -> None:
    memory, leave, travel = PassageMemory(), stored("leave"), stored("travel")
    memory.remember([leave])
    assert remembered(memory, leave, travel) == ["leave"]
    memory.forget([leave.id, travel.id])
    assert remembered(memory, leave, travel) == []


def test_the_passage_that_was_not_found_for_longest_goes_first() -> None:
    memory = PassageMemory(remembered_bytes=ROOM_FOR_TWO)
    leave, travel, sick = stored("leave"), stored("travel"), stored("sick")
    memory.remember([leave, travel])
    assert remembered(memory, leave) == ["leave"]
    memory.remember([sick])
    assert remembered(memory, leave, travel, sick) == ["leave", "sick"]


def test_a_passage_takes_one_place_however_often_it_is_read_and_none_once_it_is_forgotten() -> None:
    memory = PassageMemory(remembered_bytes=ROOM_FOR_TWO)
    leave, travel = stored("leave"), stored("travel")
    memory.remember([travel])
    for _ in range(5):
        memory.remember([replace(leave, title="Leave, again")])
        memory.remember([leave])
        assert remembered(memory, leave, travel) == ["leave", "travel"]
    for _ in range(5):
        memory.forget([leave.id])
        memory.remember([leave])
    assert remembered(memory, leave, travel) == ["leave", "travel"]


def test_a_passage_that_thousands_may_read_takes_the_room_of_many() -> None:
    memory = PassageMemory(remembered_bytes=ROOM_FOR_TWO)
    leave, large = stored("leave"), stored("travel", allow=tuple(f"user:U{n}" for n in range(2_000)))
    memory.remember([leave])
    memory.remember([large])
    assert remembered(memory, leave, large) == []
