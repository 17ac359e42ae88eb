"""``POST /v1/search``: passages without an answer, under the principals of the asker's key."""

import asyncio
import contextlib
import json
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime

from aiohttp import web

from bot.answering.quota import Asker, Quota
from bot.answering.searching import in_turn
from bot.web.aiohttp_callers import Caller, json_body
from bot.web.keys import Holder
from retrieval.client import RetrievalClient
from wire.audit import SEARCHED, Audit, AuditLine, ShownDocument
from wire.errors import MalformedError, UnavailableError
from wire.search import SearchReply, SearchRequest
from wire.shapes import read_shape

FACE = "api"
AT_ONCE = 8
TURN_WITHIN_S = 10.0


@dataclass(frozen=True, kw_only=True)
class Search:
    """Serves searches.

    Attributes:
        retrieval: finds passages.
        quota: how often each may ask; None sets no limit.
        audit: takes note of who was shown what.
    """

    retrieval: RetrievalClient
    quota: Quota | None
    audit: Audit
    _turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    async def search(self, request: web.Request, caller: Caller) -> web.StreamResponse:
        """The best passages for this reader."""
        asked = _asked(await json_body(request, caller), holder=caller.holder)
        if self.quota is not None:
            # Where it is away nobody is counted: a search costs nothing.
            with contextlib.suppress(UnavailableError):
                await self.quota.admit(Asker(person=caller.holder.person))
        async with in_turn(self._turns, within_s=TURN_WITHIN_S):
            reply = await self.retrieval.search(asked)
        await self.audit.note(_line(reply, person=caller.holder.person), question=asked.query)
        return web.Response(body=reply.to_json(), content_type="application/json", headers=caller.headers)


def _line(reply: SearchReply, *, person: str) -> AuditLine:
    shown = dict.fromkeys((passage.source, passage.document, passage.version) for passage in reply.passages)
    return AuditLine(
        at=datetime.now(UTC),
        action=SEARCHED,
        person=person,
        subject=f"web:{secrets.token_hex(8)}",
        face=FACE,
        documents=tuple(
            ShownDocument(source=source, document=document, version=version)
            for source, document, version in shown
        ),
    )


def _asked(body: bytes, *, holder: Holder) -> SearchRequest:
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        raise MalformedError("the body is not JSON") from None
    if isinstance(fields, dict) and fields.get("principals") is None:
        fields = {**fields, "principals": list(holder.principals)}
    asked = read_shape(SearchRequest, json.dumps(fields))
    return asked.model_copy(update={"principals": holder.reading_as(asked.principals)})
