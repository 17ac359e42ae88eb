"""The line for the model is fair between people, and tells each where they stand."""

import asyncio

import pytest

from bot.answering.line import MOST_WAITING, Line
from tests.until import until
from wire.errors import OverloadedError


class Asked:
    """One question in the line."""

    def __init__(self, line: Line, person: str, served: list[str]) -> None:
        self.places: list[int] = []
        self.done = asyncio.Event()
        self.task = asyncio.create_task(self._stand(line, person, served))

    async def _stand(self, line: Line, person: str, served: list[str]) -> None:
        with line.standing(person) as ticket:
            async for place in ticket.places(within_s=20):
                self.places.append(place)
            served.append(person)
            await self.done.wait()


async def test_who_asks_ten_at_once_does_not_make_the_next_person_wait_for_all_ten() -> None:
    line, served = Line(at_once=1), list[str]()
    asked = [Asked(line, "many", served) for _ in range(10)]
    await until(lambda: asked[-1].places, within_s=5)
    other = Asked(line, "other", served)
    await until(lambda: other.places, within_s=5)
    assert asked[-1].places == [9]
    assert other.places == [2], "behind the second of the ten, in their own round"
    for question in (*asked, other):
        question.done.set()
    await asyncio.gather(*(question.task for question in (*asked, other)))
    assert served.index("other") == 2


async def test_everybody_sees_the_line_move() -> None:
    line, served = Line(at_once=2), list[str]()
    asked = [Asked(line, person, served) for person in "abcde"]
    await until(lambda: asked[-1].places == [3], within_s=5)
    asked[0].done.set()
    await until(lambda: asked[-1].places == [3, 2], within_s=5)
    asked[3].task.cancel()
    await until(lambda: asked[-1].places == [3, 2, 1], within_s=5)
    for question in asked:
        question.done.set()
    await asyncio.gather(*(question.task for question in asked), return_exceptions=True)
    assert served == ["a", "b", "c", "e"]


async def test_who_is_cancelled_while_being_served_makes_room() -> None:
    line, served = Line(at_once=1), list[str]()
    first, second = Asked(line, "a", served), Asked(line, "b", served)
    await until(lambda: second.places == [1], within_s=5)
    first.task.cancel()
    await until(lambda: served == ["a", "b"], within_s=5)
    second.done.set()
    await second.task


async def test_a_turn_that_does_not_come_in_time_is_told() -> None:
    line = Line(at_once=1)
    with line.standing("a") as first, line.standing("b") as second:
        assert [place async for place in first.places(within_s=1)] == []
        with pytest.raises(OverloadedError):
            async for _ in second.places(within_s=0.05):
                pass


def test_the_line_has_an_end() -> None:
    line = Line(at_once=1)
    standing = [line.standing(str(number)) for number in range(MOST_WAITING + 1)]
    for place in standing:
        place.__enter__()
    with pytest.raises(OverloadedError), line.standing("last"):
        pass
    for place in standing:
        place.__exit__(None, None, None)
    with line.standing("last") as ticket:
        assert line.place(ticket) == 0
