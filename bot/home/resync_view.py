"""``/resync``: what was typed, the list to pick from, how far a run is, and how it ended (pure)."""

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from bot.home.acts import PREFIX
from bot.home.pieces import beside, bounded, button, buttons, lines, menu
from bot.slack.levels import bar
from bot.slack.mrkdwn import Block, escaped, section, short, small_print
from bot.slack.view import Payload
from wire.sync import ANNOUNCED, SourceStatus, SyncAccepted, SyncRequested, SyncRun
from wire.sync_words import ago, last_run, span, troubles

RESYNC, CANCEL, WATCH = "resync", "cancel", "watch"
MODES = {"now": "Compare now", "full": "Read everything again", "dry": "Only list what would change"}
LISTED_AT_MOST = 40
"""Whose rows fit the 13,200 characters that Slack takes in a message (bolt-js#2509)."""
PLANNED_SHOWN = 15
TROUBLES_SHOWN = 6
HINT = (
    "`/resync wiki` compares the source _wiki_ now; `--dry-run` only lists what would change, `--full` reads "
    "every document again, and `/resync cancel wiki` stops it."
)

_DASHES = re.compile("^(?:--?|[\N{EM DASH}\N{EN DASH}])")
"""Phones make one long dash of two short ones."""
_FLAGS = {"full": "full", "dry-run": "dry", "dryrun": "dry", "dry": "dry"}
_CANCELS = ("cancel", "stop")


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What somebody typed behind ``/resync``.

    Attributes:
        source: as it was typed; None: which one is to be asked.
        odd: what can't be read.
    """

    source: str | None = None
    full: bool = False
    dry_run: bool = False
    cancel: bool = False
    odd: tuple[str, ...] = ()

    @property
    def asked(self) -> SyncRequested:
        """The same for the worker."""
        return SyncRequested(source=self.source or "", full=self.full, dry_run=self.dry_run)


def read_wish(typed: str) -> Wish:
    """A source and flags, in any order."""
    wish = Wish()
    for word in typed.split():
        flag = _FLAGS.get(_DASHES.sub("", word).lower()) if _DASHES.match(word) else None
        if flag == "full":
            wish = replace(wish, full=True)
        elif flag == "dry":
            wish = replace(wish, dry_run=True)
        elif wish.source is None and not wish.cancel and word.lower() in _CANCELS:
            wish = replace(wish, cancel=True)
        elif wish.source is None and not _DASHES.match(word):
            wish = replace(wish, source=word.strip("`*_").lower())
        else:
            wish = replace(wish, odd=(*wish.odd, word))
    return wish


def asked_by(value: str) -> SyncRequested:
    """What a button or a menu's entry asks for: a source, and how."""
    source, _, how = value.partition(" ")
    return SyncRequested(
        source=source, full=how == "full", dry_run=how == "dry", accept_shrinking=how == "shrink"
    )


def misread(wish: Wish) -> Payload:
    """Help with what could not be read."""
    odd = " ".join(f"`{escaped(word.replace('`', ''))}`" for word in wish.odd)
    text = f"I can't make anything of {short(odd, 300)}."
    return Payload(text=text, blocks=[section(text), small_print(HINT)])


def unknown(source: str, sources: Sequence[SourceStatus], *, now: datetime) -> Payload:
    """There is no such source: perhaps one of these."""
    names = [each.name for each in sources]
    near = difflib.get_close_matches(source, names, n=1, cutoff=0.5)
    maybe = f" Did you mean *{near[0]}*?" if near else ""
    text = f"No source is called “{escaped(short(source, 60))}”.{maybe}"
    listed = pick_from(sources, now=now)
    return Payload(text=text, blocks=[section(text), *listed.blocks])


def not_ours(source: str) -> Payload:
    """Documents that others announce can't be asked for."""
    text = (
        f"Nobody lists the documents of *{escaped(source)}*: another program announces them, so there is "
        "nothing to compare them with. Only the sources of `answerdesk.toml` can be resynced."
    )
    return Payload(text=text, blocks=[section(text)])


def pick_from(sources: Sequence[SourceStatus], *, now: datetime) -> Payload:
    """Every source that can be resynced, with what can be done about it."""
    blocks = source_rows(sources, now=now)
    if not blocks:
        text = "No source is configured yet: `answerdesk.example.toml` shows how one is."
        return Payload(text=text, blocks=[section(text)])
    text = "Which source shall I compare with its documents?"
    return Payload(text=text, blocks=[section(text), *blocks, small_print(HINT)])


def source_rows(sources: Sequence[SourceStatus], *, now: datetime, most: int = LISTED_AT_MOST) -> list[Block]:
    """A row for each: how many documents, how fresh, how its last run went."""
    rows = [_row(source, now=now) for source in sources]
    return bounded(rows, most=most, last=small_print(f"… and {len(rows) - most + 1} more."))


def _row(source: SourceStatus, *, now: datetime) -> Block:
    documents = _documents(source.documents)
    if source.kind == ANNOUNCED:
        changed = ago(source.changed_at, now=now, never="never")
        return section(f"*{source.name}*  ·  {documents}, announced by others; last change {changed}")
    run = last_run(source)
    text = f"*{source.name}*  ·  {documents}\n{_freshness(source, now=now)}"
    if run is not None and not run.ended:
        text += f"\n:arrows_counterclockwise: {_doing(run)} {_counted(run)}"
        return beside(
            text, button("Cancel", PREFIX + CANCEL, source.name, hint=f"Stop comparing {source.name}")
        )
    if run is not None and (trouble := next(troubles(run), None)):
        text += f"\n:warning: {escaped(short(trouble, 100))}"
    return beside(
        text, menu(PREFIX + RESYNC, {f"{source.name} {how}": label for how, label in MODES.items()})
    )


def _cancel(source: str) -> Block:
    return button("Cancel", PREFIX + CANCEL, source, hint=f"Stop comparing {source}")


def _freshness(source: SourceStatus, *, now: datetime) -> str:
    compared = f"compared {ago(source.synced_at, now=now)}" if source.synced_at else "never compared in full"
    due = (
        f", next in {span((source.next_slot - now).total_seconds())}" if source.next_slot else ", no schedule"
    )
    return compared + due


def begun(link: str | None, *, source: str) -> Payload:
    """Where it is to be followed."""
    where = f"<{link}|our direct message>" if link else "our direct message"
    text = f"Comparing *{escaped(source)}*. How it goes stands in {where}."
    return Payload(text=text, blocks=[section(text)])


def unseen(source: str) -> Payload:
    """It runs, and there is no message to follow it in."""
    text = (
        f"Comparing *{escaped(source)}*, but Slack lets me write you no direct message about it. "
        "`/answerdesk sources` shows how it went."
    )
    return Payload(text=text, blocks=[section(text)])


def busy(source: str, reason: str) -> Payload:
    """Another run of it is under way, and may be stopped."""
    text = f"{escaped(reason[:1].upper())}{escaped(reason[1:])}."
    return Payload(text=text, blocks=[section(text), buttons(_cancel(source))])


def going_on(asked: SyncRequested, run: SyncRun | None) -> Payload:
    """How far a run is."""
    title = f"*Resync of {escaped(asked.source)}*{_how(full=asked.full, dry_run=asked.dry_run)}"
    if run is None or not run.seen:
        text, words = f"{title}\nListing its documents…", "listing its documents"
    else:
        # A list that is still being read has as many documents as were seen of it.
        total = run.total if run.total and run.total > run.seen else None
        left = f" · about {span(run.seconds_left)} left" if run.seconds_left else ""
        words = f"{run.seen:,} of {total:,} documents" if total else f"{_documents(run.seen)} so far"
        drawn = f"{bar(run.seen / total)} {run.seen / total:.0%} · " if total else ""
        text = f"{title}\n{_doing(run)} {drawn}{words}{left}\n{_counted(run)}"
    blocks = [section(text), buttons(_cancel(asked.source))]
    return Payload(text=f"Resync of {asked.source}: {words}", blocks=blocks)


def ended(run: SyncRun) -> Payload:
    """What came of it, and what can be done now."""
    sign, said = _ENDINGS[run.state]
    if run.state == "done" and not run.ok:
        sign = ":warning:"
    seconds = (run.ended_at - run.started_at).total_seconds() if run.ended_at else 0.0
    took = f" after {span(seconds)}" if seconds >= 1 else ""
    text = f"{sign} *Resync of {escaped(run.source)}*{_how(full=run.full, dry_run=run.dry_run)} {said}{took}."
    text += f"\n{_summary(run)}"
    blocks = [section(text)]
    blocks += lines([f"• {escaped(short(line, 220))}" for line in troubles(run)][:TROUBLES_SHOWN])
    blocks += lines(_planned(run)) if run.planned else []
    if next_steps := _next_steps(run):
        blocks.append(buttons(*next_steps))
    return Payload(text=f"Resync of {run.source} {said}: {_summary(run)}", blocks=blocks)


def lost(accepted: SyncAccepted, reason: str) -> Payload:
    """Nobody says how it goes."""
    text = f":warning: I can't follow the resync of *{escaped(accepted.source)}* any more: {escaped(reason)}."
    watch = button("Look again", PREFIX + WATCH, f"{accepted.source} {accepted.run}")
    return Payload(text=text, blocks=[section(text), buttons(watch)])


_ENDINGS: dict[Literal["done", "failed", "cancelled", "running"], tuple[str, str]] = {
    "done": (":white_check_mark:", "is done"),
    "failed": (":x:", "has failed"),
    "cancelled": (":octagonal_sign:", "was cancelled"),
    "running": (":arrows_counterclockwise:", "goes on"),
}


def _documents(number: int) -> str:
    return "1 document" if number == 1 else f"{number:,} documents"


def _how(*, full: bool, dry_run: bool) -> str:
    return " (reading everything)" if full else " (dry run)" if dry_run else ""


def _doing(run: SyncRun) -> str:
    return "Paused until its window opens:" if run.paused else "Comparing:"


def _counted(run: SyncRun) -> str:
    counted = [f"{run.changed:,} new or changed", f"{run.deleted:,} deleted"]
    counted += [f"{run.failed:,} could not be read"] if run.failed else []
    return " · ".join(counted)


def _summary(run: SyncRun) -> str:
    documents = _documents(run.seen)
    if not run.seen and run.state == "failed":
        return "No document was looked at."
    if not (run.changed or run.deleted or run.failed or run.withheld):
        return f"{documents} looked at; nothing has changed."
    be = "would be" if run.dry_run else "were"
    parts = [f"{run.changed:,} {be} announced as new or changed"] if run.changed else []
    parts += [f"{run.deleted:,} {be} deleted"] if run.deleted else []
    parts += [f"{run.failed:,} could not be read"] if run.failed else []
    held = "1 deletion was" if run.withheld == 1 else f"{run.withheld:,} deletions were"
    parts += [f"{held} held back"] if run.withheld else []
    return f"{documents} looked at: {', '.join(parts)}."


def _planned(run: SyncRun) -> list[str]:
    sign = {"upsert": ":heavy_plus_sign:", "delete": ":heavy_minus_sign:"}
    shown = [
        f"{sign[change.action]} {escaped(short(change.id, 150))}" for change in run.planned[:PLANNED_SHOWN]
    ]
    more = run.changed + run.deleted - len(shown)
    return [*shown, *([f"… and {more:,} more"] if more > 0 else [])]


def _next_steps(run: SyncRun) -> list[Block]:
    action = PREFIX + RESYNC
    if run.dry_run and run.state == "done" and (run.changed or run.deleted):
        return [button("Do it", action, f"{run.source} {'full' if run.full else 'now'}", style="primary")]
    if run.withheld:
        sure = (
            f"{run.source} lists far fewer documents than before. {_documents(run.withheld)} will be deleted "
            "from the index, and no answer will be written from them any more."
        )
        return [button("Delete anyway", action, f"{run.source} shrink", style="danger", sure=sure)]
    if run.state in ("failed", "cancelled"):
        return [button("Try again", action, f"{run.source} now")]
    return []
