"""Heads in this process's memory: for an index that nobody else writes or reads, as an evaluation's."""

from retrieval.editions import written_over
from retrieval.heads import NO_HEAD, HeadEntry, Shown
from retrieval.index import Edition
from wire.documents import document_key
from wire.heads import Head


class MemoryHeads:
    """The heads port without a bucket behind it."""

    def __init__(self) -> None:
        self._entries: dict[str, HeadEntry] = {}
        self._shown: dict[str, Shown] = {}
        self._newest = 0

    @property
    def newest(self) -> int:
        """The highest revision there is."""
        return self._newest

    def shown(self, key: str) -> Shown:
        """What readers see of a document."""
        return self._shown.get(key, NO_HEAD)

    async def look_up(self, key: str) -> HeadEntry:
        """The head as it stands."""
        return self._entries.get(key, HeadEntry(None, 0))

    async def advance(self, head: Head, *, over: int) -> bool:
        """Compare and set."""
        key = document_key(head.source, head.document)
        if (await self.look_up(key)).revision != over:
            return False
        self._newest += 1
        self._entries[key] = HeadEntry(head, self._newest)
        self._shown[key] = Shown(head.edition if head.state == "live" else None, self._newest)
        return True

    def show(self, edition: Edition) -> None:
        """Take over, from an index that has one edition of each document, which one that is."""
        key, name = edition
        self._newest = max(self._newest, written_over(name) + 1)
        self._shown[key] = Shown(name, self._newest)
