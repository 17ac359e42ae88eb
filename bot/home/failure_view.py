"""Documents that could not be indexed, as a list to act on (pure)."""

from collections.abc import Sequence
from datetime import datetime

from bot.home.acts import PREFIX
from bot.home.pieces import beside, button, buttons, menu
from bot.slack.mrkdwn import Block, escaped, section, short, small_print
from bot.slack.view import Payload
from wire.failures import Failure, ListFailuresReply, SettleFailuresReply
from wire.sync_words import ago

FAILURES, FAILURE, REPLAY_ALL = "failures", "failure", "replay_all"
SHOWN = 10
REASON_CHARS = 160
TITLE = "Failed documents"


def failures(reply: ListFailuresReply, *, now: datetime, note: str = "") -> Payload:
    """The oldest of them with their reasons, and what can be done about each."""
    noted = [small_print(note)] if note else []
    if not reply.failures:
        text = "Every document that was announced could be indexed."
        return Payload(text=text, blocks=[*noted, section(f":white_check_mark: {text}")])
    number = "1 document" if reply.total == 1 else f"{reply.total:,} documents"
    text = f"{number} could not be indexed."
    more = reply.total - len(reply.failures)
    rest = [small_print(f"… and {more:,} more; `answerdesk failures` lists them all.")] if more > 0 else []
    every = button(
        "Try all again",
        PREFIX + REPLAY_ALL,
        sure="Each is announced again as it was. What is still wrong with it will fail again.",
    )
    return Payload(
        text=text,
        blocks=[*noted, section(f"*{text}*"), *_rows(reply.failures, now=now), *rest, buttons(every)],
    )


def settled(reply: SettleFailuresReply, *, how: str) -> str:
    """What became of it, in a sentence."""
    if reply.refused:
        return f":warning: {escaped(short(reply.refused[0].reason, 200))}"
    if not reply.done:
        return "It was seen to before."
    number = "1 document is" if len(reply.done) == 1 else f"{len(reply.done)} documents are"
    return f":white_check_mark: {number} {'tried again' if how == 'replay' else 'off the list'}."


def _rows(found: Sequence[Failure], *, now: datetime) -> list[Block]:
    return [_row(failure, now=now) for failure in found[:SHOWN]]


def _row(failure: Failure, *, now: datetime) -> Block:
    document = escaped(short(failure.document or "(could not be read)", 150))
    tries = "tried once," if failure.attempts == 1 else f"tried {failure.attempts} times, last"
    text = (
        f"*{document}*  ·  {escaped(failure.source)}\n>{escaped(short(failure.reason, REASON_CHARS))}\n"
        f"{tries} {ago(failure.failed_at, now=now)}"
    )
    options = {f"replay {failure.id}": "Try again", f"discard {failure.id}": "Take off the list"}
    return beside(text, menu(PREFIX + FAILURE, options))
