"""Whom documents name as theirs, and so who may know more."""

import re
from collections.abc import Sequence
from typing import Protocol

from bot.answering.visible import visible
from wire.errors import AnswerdeskError
from wire.search import PassagesReply, PassagesRequest

BEFORE = 5
"""How far in front of a passage its document is looked at: what it says of itself stands at its beginning."""
OWNER_CHARS = 80
MOST = 3
_OWNER = re.compile(r"^- (?:Owners?|Maintainers?|Team|Contact): *(\S.*)$", re.MULTILINE)
"""As the worker writes what a document's sender says of it (see `ingest.description`)."""


class Passages(Protocol):
    """Gives passages."""

    async def passages(self, request: PassagesRequest) -> PassagesReply:
        """Those that this reader may read. Raises UnavailableError, MalformedError."""
        ...


async def owners_of(
    passages: Sequence[str], *, principals: tuple[str, ...], retrieval: Passages
) -> list[str]:
    """The owners of these passages' documents, each once; nobody, where that can't be told."""
    if not passages:
        return []
    try:
        reply = await retrieval.passages(
            PassagesRequest(ids=tuple(passages), principals=principals, neighbours=BEFORE)
        )
    except AnswerdeskError:
        return []
    found = (_OWNER.search(passage.text) for passage in reply.passages)
    lines = (" ".join(visible(owner[1]).split())[:OWNER_CHARS] for owner in found if owner)
    return list(dict.fromkeys(lines))[:MOST]
