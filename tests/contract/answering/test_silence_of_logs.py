"""Whatever becomes of a question, no word of it, of a document or of a file stands in the log."""

from dataclasses import replace

import structlog
from nats.aio.client import Client

from bot.answering.attachments import Attachments, Fetched
from bot.answering.claude_model import claude
from bot.answering.files import TextFile
from bot.answering.question import Attached, Turn
from bot.answering.rewriting import Rewriting
from bot.answering.tiktoken_tokens import TiktokenTokens
from tests.claude_stand_in import Ending, Script
from tests.contract.answering.telling import Desk, question, tell
from tests.retrieval_stand_in import passage
from wire.errors import MalformedError

CANARIES = ("zebrafinch", "marmalade", "quicksilver", "tamarind", "cormorant")
"""In the question, the document, the conversation, the file's name and its text."""
ENDINGS: tuple[Ending, ...] = ("ok", "refusal", "max_tokens", "error", "overloaded", "cut", "reset")


async def test_no_word_of_anybodys_is_logged(desk: Desk, client: Client, tokens: TiktokenTokens) -> None:
    """Promises 28 and 34, of the pipeline's log at every level, whatever way an answer ends."""

    async def fetch(file: str, *, max_bytes: int) -> Fetched:
        assert max_bytes
        return Fetched(name="tamarind.txt", media_type="text/plain", body=b"cormorant")

    async def read(fetched: Fetched) -> TextFile:
        if fetched.body == b"cormorant" and desk.claude.requests:
            raise MalformedError("it is broken")
        return TextFile(name=fetched.name, text=fetched.body.decode())

    desk.retrieval.put(passage("Leave of marmalade is months long.", document="marmalade", title="Marmalade"))
    asked = replace(
        question("How many months of zebrafinch leave?"),
        conversation=(Turn(role="user", author="Quicksilver", text="quicksilver?"),),
        files=(Attached(id="F1", name="tamarind.txt"),),
    )
    with structlog.testing.capture_logs() as logged:
        async with claude(name="claude-haiku-5-5", api_key="k", base_url=desk.claude.base_url) as small:
            answering = desk.answering(
                attachments=Attachments(fetch=fetch, read_text=read),
                rewriting=Rewriting(small, count=tokens.count, within_s=10),
                relevance_floor=0.0,
            )
            for ending in ENDINGS:
                desk.claude.default = Script(ending=ending, after_words=None if ending == "ok" else 2)
                await tell(answering, asked)
        desk.claude.lacks = frozenset({"model"})
        await tell(desk.answering(), asked)
        desk.retrieval.away = True
        await tell(desk.answering(), asked)
    assert len(logged) >= len(ENDINGS) / 2, "a log in which nothing stands"
    assert [word for word in CANARIES if word in str(logged).lower()] == []
