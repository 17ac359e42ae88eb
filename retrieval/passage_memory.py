"""Passages that were found lately, ready to be given again without being read again.

An engine that finds a passage still has to unpack its payload, and we to make an object of it: for 40
candidates a millisecond, more than its search takes. Which passages a reader may have is for the engine to
say, every time; this only spares the unpacking of those that it names.
"""

from collections import OrderedDict
from collections.abc import Iterable
from uuid import UUID

from retrieval.index import StoredPassage

REMEMBERED_BYTES = 48_000_000
"""Some 20,000 usual passages."""
BYTES_OF_A_PASSAGE = 1_200
"""Beside its text and its principals: the object, title, address, headings."""
BYTES_OF_A_PRINCIPAL = 80


class PassageMemory:
    """The passages found last, each under its id's number; the longest unfound goes first."""

    def __init__(self, *, remembered_bytes: int = REMEMBERED_BYTES) -> None:
        self._room = remembered_bytes
        self._by_id: OrderedDict[int, StoredPassage] = OrderedDict()

    def recall(self, ids: Iterable[int]) -> dict[int, StoredPassage]:
        """Those of these passages that are remembered."""
        known = {each: passage for each in ids if (passage := self._by_id.get(each)) is not None}
        for each in known:
            self._by_id.move_to_end(each)
        return known

    def remember(self, passages: Iterable[StoredPassage]) -> None:
        """Keep them, and let go of those that were not found for longest where there is no room."""
        for passage in passages:
            self.forget([passage.id])
            self._by_id[UUID(passage.id).int] = passage
            self._room -= _bytes(passage)
        while self._room < 0:
            _, oldest = self._by_id.popitem(last=False)
            self._room += _bytes(oldest)

    def forget(self, ids: Iterable[str]) -> None:
        """They were written anew, or removed."""
        for known in ids:
            passage = self._by_id.pop(UUID(known).int, None)
            if passage is not None:
                self._room += _bytes(passage)


def _bytes(passage: StoredPassage) -> int:
    return BYTES_OF_A_PASSAGE + 2 * len(passage.text) + BYTES_OF_A_PRINCIPAL * len(passage.allow)
