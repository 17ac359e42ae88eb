"""What becomes of a slash command: answered at once, to the one person who typed it.

Slack brings no command a second time, so each is answered, whatever happens.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

import structlog

from bot.answering.quota import Asker, Level
from bot.answering.unanswered import NEAR_RELEVANCE
from bot.slack import commands
from bot.slack.asking_for import AskingFor
from bot.slack.commands import Click, Command, Wanted, read_click
from bot.slack.mrkdwn import escaped
from bot.slack.ports import Messages, Taken
from bot.slack.view import Payload
from wire.errors import AnswerdeskError, MalformedError, RefusedError
from wire.search import QUERY_CHARS, SearchReply, SearchRequest

ANSWERED_WITHIN_S = 2.5
"""Slack wants its answer within 3 s."""
LOOKED_AT = 60
"""Passages looked at for a list of documents, however many pages of it are asked for."""

LATE = "That takes longer than usual. Look below or in our direct message before you try again."
AWAY = "I can't do that right now, sorry. Please try again in a few minutes."
_NO_DIRECT = "Slack lets me write you no direct message. Please mention me in a channel instead."
_THERE = "I'm answering in our direct message, where only you can read it."
_NOT_HERE = "I can't write in this channel. Invite me with `/invite`, and then ask me here."
_log = structlog.get_logger("commands")


class Readers(Protocol):
    """Knows people."""

    async def of_person(self, user: str) -> tuple[str, ...]:
        """Their principals. Raises RefusedError where those can't be told, OverloadedError."""
        ...

    async def asker(self, user: str, *, team: str) -> Asker:
        """Whose quotas their questions draw from."""
        ...


Usage = Callable[[Asker], Awaitable[Sequence[Level]]]
"""How far each of an asker's quotas has been drawn. Raises UnavailableError."""


class Retrieval(Protocol):
    """Finds passages."""

    async def search(self, request: SearchRequest) -> SearchReply:
        """The best for this reader. Raises UnavailableError, MalformedError."""
        ...


class Commanding:
    """Carries commands out."""

    def __init__(
        self,
        *,
        retrieval: Retrieval,
        readers: Readers,
        messages: Messages,
        asking_for: AskingFor,
        usage: Usage,
    ) -> None:
        self._asking_for = asking_for
        self._usage = usage
        self._retrieval = retrieval
        self._readers = readers
        self._messages = messages

    async def run(self, command: Command) -> Payload:
        """What the person is shown; every failure is a sentence."""
        return await answered(self._run(command), late=LATE if command.name == "ask" else AWAY)

    async def take(self, body: dict[str, Any]) -> Taken | None:
        """See to a press of a button in what a command has shown."""
        if (click := read_click(body)) is None:
            return None
        await self.click(click)
        return Taken()

    async def click(self, click: Click) -> None:
        """Put what the button asks for in the place of the message it stands in.

        Raises:
            AnswerdeskError: Slack does not take it.
        """
        shown = await answered(self._click(click))
        await self._messages.answer(url=click.answer_url, shown=shown)

    async def _run(self, command: Command) -> Payload:
        match command.name:
            case "ask" if not command.text:
                return commands.no_question()
            case "ask":
                return await self._ask_privately(
                    command.text,
                    user=command.user,
                    team=command.team,
                    click=command.trigger,
                    shareable=not command.channel.startswith("D"),
                )
            case "sources":
                return await self._look_up(commands.read_wanted(command.text), user=command.user)
            case "usage":
                asker = await self._readers.asker(command.user, team=command.team)
                return commands.used(await self._usage(asker))
        return commands.helped()

    async def _click(self, click: Click) -> Payload:
        match click.action:
            case commands.MORE:
                offset, typed = commands.more_of(click.value)
                return await self._look_up(commands.read_wanted(typed), user=click.user, offset=offset)
            case commands.SHARE:
                return await self._ask_openly(click)
        return await self._ask_privately(
            click.value,
            user=click.user,
            team=click.team,
            click=f"{click.message} {click.value}",
            shareable=False,
        )

    async def _look_up(self, wanted: Wanted, *, user: str, offset: int = 0) -> Payload:
        now = datetime.now(UTC)
        if not wanted.words:
            return commands.found(wanted, (), offset=offset, now=now)
        request = SearchRequest(
            query=wanted.words[:QUERY_CHARS],
            principals=await self._readers.of_person(user),
            sources=wanted.sources or None,
            limit=LOOKED_AT,
        )
        reply = await self._retrieval.search(request)
        passages = reply.passages if reply.relevance >= NEAR_RELEVANCE else ()
        return commands.found(wanted, passages, offset=offset, now=now)

    async def _ask_privately(
        self, question: str, *, user: str, team: str, click: str, shareable: bool
    ) -> Payload:
        try:
            asked = await self._asking_for.privately(question, user=user, team=team, click=click)
        except RefusedError as error:
            _log.warning("a direct message can't be written", reason=str(error))
            return commands.said(_NO_DIRECT)
        if asked.link is None:
            return commands.said(_THERE)
        return commands.answering_privately(question, link=asked.link, shareable=shareable)

    async def _ask_openly(self, click: Click) -> Payload:
        try:
            await self._asking_for.ask(
                click.value, user=click.user, team=click.team, channel=click.channel, click=click.message
            )
        except RefusedError:
            return commands.said(_NOT_HERE)
        return commands.said("Asked below, where everybody here can read the answer.")


async def answered(
    work: Awaitable[Payload], *, within_s: float = ANSWERED_WITHIN_S, late: str = LATE
) -> Payload:
    """What it gives, or a sentence that says why not; in time for Slack, which waits for it by default.

    ``late`` is what is said where it takes too long: by default, that it may have been done all the same.
    """
    try:
        async with asyncio.timeout(within_s):
            return await work
    except TimeoutError:
        return commands.said(late)
    except (MalformedError, RefusedError) as error:
        return commands.said(escaped(str(error)))
    except AnswerdeskError as error:
        _log.warning("command not carried out", reason=str(error))
        return commands.said(AWAY)
    except Exception:  # noqa: BLE001 — Slack brings no command a second time
        _log.exception("a command failed")
        return commands.said(AWAY)
