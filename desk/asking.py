"""``answerdesk ask``: a whole answer, as it is written."""

import asyncio
import sys
from collections.abc import Sequence
from contextlib import aclosing

from rich.console import Console
from rich.text import Text

from bot.client import AnswersClient
from desk.terminal import printable
from wire.answers import AnswerEvent, Delta, Done, Failed, Source, Status
from wire.nats_connection import connected

ASKER = "cli"


async def ask_and_show(
    question: str, *, principals: tuple[str, ...], nats_url: str, as_json: bool, console: Console
) -> bool:
    """Ask the running bot and show what it says; gives whether there is an answer.

    Args:
        question: in plain words.
        principals: who reads the answer.
        nats_url: where the system is.
        as_json: print the events as they are, one a line.
        console: for everything but the answer's own text.

    Raises:
        UnavailableError: NATS or the bot is away.
    """
    show = _print_json if as_json else _Shown(console).show
    async with connected(nats_url, name="answerdesk ask") as client:
        answers = AnswersClient(client, asker=ASKER).answer(question, principals=principals)
        async with aclosing(answers) as events:
            async for event in events:
                # A reader of our output that is slow must not keep us from saying that we are here.
                await asyncio.to_thread(show, event)
                if isinstance(event, Done | Failed):
                    return isinstance(event, Done)
    return False


def _print_json(event: AnswerEvent) -> None:
    sys.stdout.write(event.to_json().decode() + "\n")
    sys.stdout.flush()


class _Shown:
    """The answer on a terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def show(self, event: AnswerEvent) -> None:
        match event:
            case Status(text=text):
                self._console.print(Text(f"{printable(text)} ...", style="dim"))
            case Delta(text=text, anew=anew):
                sys.stdout.write(("\n\n" if anew else "") + _lines(text))
                sys.stdout.flush()
            case Done(sources=sources, timings_ms=timings_ms):
                sys.stdout.write("\n")
                sys.stdout.flush()
                self._end(sources, total_ms=timings_ms.get("total"))
            case Failed(message=message):
                self._console.print(Text(printable(message), style="red"))

    def _end(self, sources: Sequence[Source], *, total_ms: float | None) -> None:
        for source in sources:
            title = printable(source.title or source.document)
            where = printable(source.url or f"{source.source}/{source.document}")
            self._console.print(Text.assemble((f"[{source.index}] ", "dim"), (title, "bold"), f"  {where}"))
        if total_ms is not None:
            self._console.print(Text(f"{total_ms / 1000:.1f} s", style="dim"))


def _lines(text: str) -> str:
    return "\n".join(printable(line) for line in text.split("\n"))
