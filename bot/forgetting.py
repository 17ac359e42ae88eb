"""Erasing what is kept about a person, wherever it is kept.

Documents stay, those that they alone may read too: they are the company's, and their source says when they
go. Audit lines stay, without words. What stands in Slack is Slack's.
"""

import re
from collections.abc import Mapping
from typing import Protocol

import structlog

from wire.audit import FORGET, Audit, AuditLine
from wire.errors import MalformedError, UnavailableError
from wire.people import Forgotten

_PERSON = re.compile(r"[\w.@-]+(:[\w.@-]+)?", re.ASCII)
"""Erasers make subjects of it, where ``*`` would stand for everybody."""

_log = structlog.get_logger("forgetting")


class Eraser(Protocol):
    """Keeps something about people."""

    async def forget(self, person: str) -> int:
        """Erase what it keeps of this person (``T1:U2``); gives how many entries there were.

        Raises:
            UnavailableError: where they are kept does not answer.
        """


class Forgetting:
    """Erases, in the given order, and takes a note of it."""

    def __init__(self, erasers: Mapping[str, Eraser], *, team: str, audit: Audit) -> None:
        """Put it together.

        Args:
            erasers: by what they erase, in words of people.
            team: whose a user's id is that comes alone.
            audit: takes the note.
        """
        self._erasers = erasers
        self._team = team
        self._audit = audit

    async def forget(self, person: str, *, by: str) -> Forgotten:
        """Erase everything that is kept of a person; where something is away, all the rest.

        Args:
            person: ``U2``, ``T1:U2`` or ``key:name``.
            by: who asks for it.

        Raises:
            MalformedError: that is nobody's name.
            UnavailableError: something could not be reached; names it. Ask again.
        """
        if not _PERSON.fullmatch(person):
            raise MalformedError(
                "Nobody is called that: give a Slack user's id, such as U0123ABCD or T0123ABCD:U0123ABCD, "
                "or key:<name>."
            )
        whole = person if ":" in person else f"{self._team}:{person}"
        erased: dict[str, int] = {}
        away: list[str] = []
        for kind, eraser in self._erasers.items():
            try:
                erased[kind] = await eraser.forget(whole)
            except UnavailableError as error:
                _log.warning("not everything could be erased", kind=kind, reason=str(error))
                away.append(kind)
        await self._audit.note(
            AuditLine.of(
                FORGET,
                person=by,
                subject=whole,
                outcome="incomplete" if away else "done",
                details={kind: str(count) for kind, count in erased.items()},
            )
        )
        if away:
            raise UnavailableError(
                f"Not everything could be erased: {', '.join(away)} did not answer. Please ask again.",
                service="nats",
            )
        return Forgotten(person=whole, erased=erased)
