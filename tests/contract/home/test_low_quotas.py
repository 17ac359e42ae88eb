"""A quota that runs low is told to whom it concerns, by one of all bots."""

from nats.aio.client import Client

from bot.slack.slack_workspace import SlackWorkspace
from sandbox.service import Sandbox
from tests.contract.home.conftest import direct, running_front, seen
from tests.until import until
from wire import subjects
from wire.quotas import QuotaLow


async def test_what_is_shared_is_told_to_admins_and_ones_own_to_oneself(
    client: Client, workspace: SlackWorkspace, slack: Sandbox
) -> None:
    async with running_front(client, workspace, slack), running_front(client, workspace, slack):
        shared = QuotaLow(
            scope="workspace", name="all", period="day", begins="2026-11-25", used=3_300_000, limit=4_000_000
        )
        own = QuotaLow(
            scope="person",
            name="T0LARKSPUR:U0JONAS",
            period="month",
            begins="2026-11-01",
            used=900,
            limit=1_000,
        )
        for news in (shared, own):
            await client.publish(subjects.QUOTAS_LOW, news.to_json())
        await until(lambda: direct(slack, "marta") and direct(slack, "jonas"), within_s=30)
    [of_all] = direct(slack, "marta")
    assert "The company has used 82% of 4,000,000 tokens for today" in seen(of_all)
    [of_jonas] = direct(slack, "jonas")
    assert "You have used 90% of 1,000 tokens for this month" in seen(of_jonas)
    assert not direct(slack, "priya")
