"""Asks a person where the documents did not help: with the asker's consent, in their words, once."""

import asyncio
import contextlib
from typing import Any, Protocol

import structlog

from bot.answering.owners import owners_of
from bot.slack.asking_for import Once
from bot.slack.commands import said
from bot.slack.deadline import in_time
from bot.slack.events import spoken
from bot.slack.human import (
    HumanAsked,
    HumanWanted,
    Whom,
    human_modal,
    human_post,
    read_human_asked,
    read_human_wanted,
    refused_in_modal,
)
from bot.slack.offering import Retrieval
from bot.slack.owner_names import names_in
from bot.slack.ports import Identity, Messages, Person, Taken, UserGroup
from wire.errors import AnswerdeskError, RefusedError
from wire.principals import EXTERNAL
from wire.questions import QuestionName
from wire.search import QUERY_CHARS, SearchRequest

SEEN_TO_WITHIN_S = 2.5
OWNERS_WITHIN_S = 1.0
"""A trigger holds for three seconds; without owners there is still the channel."""
LOOKED_AT = 3
OWNERS_SHOWN = 8
"""Beside the channel: Slack's radio buttons are ten at the most."""

_ASKED = "I have asked {where}. The answer comes there."
_NOT_FOR_OUTSIDERS = "Only people of the company can ask one another from here."
_NOBODY = (
    "I know nobody to ask: I can't write in the channel that was chosen for it. Please tell an administrator."
)
_GONE = "I can't read that question any more. Please ask it in a new message."
_NO_WORDS = "There are no words in that. What would you like to know?"
_BEFORE = "That was sent before; please look there before you send it again."
_NOT_POSTED = "Slack does not let me write there. Choose somebody else, or tell an administrator."
_log = structlog.get_logger("human")


class People(Protocol):
    """Knows people."""

    async def of_person(self, user: str) -> tuple[str, ...]:
        """What one person may read. Raises RefusedError where that can't be told, OverloadedError."""
        ...

    def names(self) -> dict[str, str]:
        """People's names by id, as far as they are known."""
        ...

    def colleague(self, owner: str) -> Person | None:
        """The one colleague whom this names, by e-mail address or full name."""
        ...

    async def owner_group(self, owner: str) -> UserGroup | None:
        """The one user group that this names. Raises OverloadedError."""
        ...


class AskingHuman:
    """Sees to "Ask a human"."""

    def __init__(
        self,
        *,
        channel: str,
        messages: Messages,
        people: People,
        retrieval: Retrieval,
        once: Once,
        identity: Identity,
    ) -> None:
        self._channel = channel
        self._messages = messages
        self._people = people
        self._retrieval = retrieval
        self._once = once
        self._identity = identity

    async def take(self, body: dict[str, Any]) -> Taken | None:
        """See to the button, or to the modal that it opened."""
        if (wanted := read_human_wanted(body)) is not None:
            async with in_time(SEEN_TO_WITHIN_S):
                if problem := await self._open(wanted):
                    await self._tell(wanted, problem)
            return Taken()
        if (asked := read_human_asked(body)) is not None:
            async with in_time(SEEN_TO_WITHIN_S):
                return Taken(reply=await self._ask(asked))
        return None

    async def _open(self, wanted: HumanWanted) -> str | None:
        """Show what would be posted; or why nothing can be."""
        principals = await self._reads(wanted.by, team=wanted.team)
        if principals is None:
            return _NOT_FOR_OUTSIDERS
        words = await self._words(wanted.question, thread_ts=wanted.thread_ts)
        if words is None:
            return _GONE
        name = await self._messages.channel_name(self._channel)
        channel = [Whom(id=self._channel, name=f"#{name}")] if name else []
        whom = [*channel, *await self._owners(words, principals=principals, channel=name)]
        if not whom:
            return _NOBODY
        await self._messages.open_view(trigger=wanted.trigger, view=human_modal(wanted, whom, words=words))
        return None

    async def _ask(self, asked: HumanAsked) -> dict[str, Any]:
        """Post it; gives what goes back into the modal."""
        if await self._reads(asked.by, team=asked.team) is None:
            return refused_in_modal(_NOT_FOR_OUTSIDERS)
        if not asked.text:
            return refused_in_modal(_NO_WORDS)
        if not await self._once.first(f"human {asked.modal}"):
            await self._tell(asked, _BEFORE)
            return {}
        try:
            where = await self._post(asked)
        except RefusedError as error:
            _log.warning("a question for a human could not be posted", reason=str(error))
            await self._once.undone(f"human {asked.modal}")
            return refused_in_modal(_NOT_POSTED)
        except AnswerdeskError:
            await self._once.undone(f"human {asked.modal}")
            raise
        await self._tell(asked, _ASKED.format(where=where))
        return {}

    async def _post(self, asked: HumanAsked) -> str:
        question = asked.question
        link = await self._link(question.channel, asked.thread_ts)
        private, group = asked.whom.startswith(("U", "W")), asked.whom.startswith("S")
        channel = self._channel if group else asked.whom
        if private:
            channel = await self._messages.open_direct(user=asked.whom)
        posted = await self._messages.write(channel=channel, shown=human_post(asked, link=link))
        if private:
            return f"<@{asked.whom}>, in a direct message"
        there = await self._link(channel, posted)
        return f"in <#{channel}> (<{there}|your question>)" if there else f"in <#{channel}>"

    async def _reads(self, user: str, *, team: str) -> tuple[str, ...] | None:
        """What an employee may read; None for everybody else."""
        if team != self._identity.team:
            return None
        try:
            principals = await self._people.of_person(user)
        except RefusedError:
            return None
        return None if principals == (EXTERNAL,) else principals

    async def _words(self, question: QuestionName, *, thread_ts: str) -> str | None:
        try:
            asked = await self._messages.words(channel=question.channel, thread_ts=thread_ts, ts=question.ts)
        except RefusedError:
            return None
        names = self._people.names()
        return spoken(asked.text, bot_user=self._identity.user, names=names) if asked else None

    async def _owners(self, words: str, *, principals: tuple[str, ...], channel: str | None) -> list[Whom]:
        """Whom the nearest documents name, of those that whoever asks may read.

        A colleague is written to; a user group is mentioned in the channel, where that can be written in.
        """
        if not words:
            return []
        found: list[Whom] = []
        with contextlib.suppress(AnswerdeskError, TimeoutError):
            async with asyncio.timeout(OWNERS_WITHIN_S):
                near = await self._retrieval.search(
                    SearchRequest(query=words[:QUERY_CHARS], principals=principals, limit=LOOKED_AT)
                )
                ids = [passage.id for passage in near.passages]
                for owner in await owners_of(ids, principals=principals, retrieval=self._retrieval):
                    found += await self._named(owner, channel=channel)
        return list({whom.id: whom for whom in found}.values())[:OWNERS_SHOWN]

    async def _named(self, owner: str, *, channel: str | None) -> list[Whom]:
        """The people and groups that a document's line of owners names."""
        found: list[Whom] = []
        for name in names_in(owner):
            if person := self._people.colleague(name):
                found.append(Whom(id=person.id, name=f"{person.full_name} (an owner)"))
            elif channel and (group := await self._people.owner_group(name)):
                found.append(Whom(id=group.id, name=f"#{channel}, mentioning @{group.handle} (owners)"))
        return found

    async def _link(self, channel: str, ts: str) -> str | None:
        try:
            return await self._messages.link(channel=channel, ts=ts)
        except AnswerdeskError:
            return None

    async def _tell(self, about: HumanWanted | HumanAsked, text: str) -> None:
        try:
            await self._messages.whisper(
                channel=about.question.channel,
                thread_ts=about.thread_ts,
                user=about.by,
                shown=said(text),
            )
        except AnswerdeskError as error:
            _log.warning("what became of a question for a human was not told", reason=str(error))
