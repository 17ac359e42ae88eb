"""Failed documents from Slack: looked at, tried again, taken off the list."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from bot.home import failure_view
from bot.home.ports import Failures
from bot.slack.view import Payload
from wire.audit import Audit, AuditLine
from wire.failures import PAGE, ListFailuresRequest, SettleFailuresReply


class Mending:
    """Looks after failures for admins; every method raises UnavailableError where no worker answers."""

    def __init__(
        self, *, failures: Failures, audit: Audit, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._failures = failures
        self._audit = audit
        self._now = now

    async def count(self) -> int:
        """How many there are."""
        return (await self._failures.page(ListFailuresRequest(limit=1))).total

    async def listed(self, *, note: str = "") -> Payload:
        """The oldest of them."""
        page = await self._failures.page(ListFailuresRequest(limit=failure_view.SHOWN))
        return failure_view.failures(page, now=self._now(), note=note)

    async def settle(self, value: str, *, user: str, team: str) -> Payload:
        """Do what a menu's entry says: ``replay 12`` or ``discard 12``."""
        how, _, failure = value.partition(" ")
        reply = await self._settle(how, [failure], user=user, team=team)
        return await self.listed(note=failure_view.settled(reply, how=how))

    async def replay_all(self, *, user: str, team: str) -> Payload:
        """Try the oldest hundred again."""
        page = await self._failures.page(ListFailuresRequest(limit=PAGE))
        ids = [failure.id for failure in page.failures]
        reply = await self._settle("replay", ids, user=user, team=team) if ids else SettleFailuresReply()
        return await self.listed(note=failure_view.settled(reply, how="replay"))

    async def _settle(self, how: str, ids: Sequence[str], *, user: str, team: str) -> SettleFailuresReply:
        settle = self._failures.replay if how == "replay" else self._failures.discard
        reply = await settle(ids)
        action = "failures_replay" if how == "replay" else "failures_discard"
        about = ids[0] if len(ids) == 1 else f"{len(ids)} failures"
        outcome = "done" if reply.done else "refused" if reply.refused else "missing"
        await self._audit.note(AuditLine.of(action, person=f"{team}:{user}", subject=about, outcome=outcome))
        return reply
