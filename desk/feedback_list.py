"""``answerdesk feedback``: what people say of answers, by source and one by one."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.slack.feedback_summary import by_source
from bot.slack.nats_feedback import NatsFeedback
from desk.terminal import printable
from wire.feedback import NO_SOURCE, Feedback, FeedbackReport, SourceFeedback
from wire.nats_connection import connected

SHOWN = 20
"""Words of so many are shown; all of them with ``--json``."""


async def report_feedback(*, nats_url: str, days: int) -> FeedbackReport:
    """What was said within so many days.

    Raises:
        UnavailableError: NATS is away.
    """
    async with connected(nats_url, name="answerdesk feedback") as client:
        feedback = await NatsFeedback(client).given(days=days)
    return FeedbackReport(by_source=tuple(by_source(feedback)), feedback=tuple(feedback))


def show_feedback(report: FeedbackReport, console: Console) -> None:
    """Sources, worst first, and the newest of what was said in words or found wrong."""
    if not report.feedback:
        console.print("Nobody has said anything of an answer yet.")
        return
    sources = Table(box=None, pad_edge=False)
    for name in ("Source", "Helpful", "Not helpful", "Helpful of all"):
        sources.add_column(name, justify="left" if name == "Source" else "right")
    for source in report.by_source:
        sources.add_row(*_source(source))
    console.print(sources)
    complaints = [said for said in report.feedback if said.wrong or said.reason][:SHOWN]
    if complaints:
        console.print()
        console.print(_complaints(complaints))


def _source(source: SourceFeedback) -> tuple[Text, ...]:
    name = "(no document)" if source.source == NO_SOURCE else printable(source.source)
    share = source.helpful / (source.helpful + source.unhelpful)
    return Text(name), Text(str(source.helpful)), Text(str(source.unhelpful)), Text(f"{share:.0%}")


def _complaints(complaints: list[Feedback]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("When", no_wrap=True)
    for name in ("Question", "Wrong", "In their words"):
        table.add_column(name, overflow="fold")
    for said in complaints:
        table.add_row(
            Text(f"{said.given_at.astimezone():%Y-%m-%d}"),
            Text(printable(said.text or said.question)),
            Text((said.wrong or "").replace("_", " ")),
            Text(printable(said.reason or "")),
        )
    return table
