"""The ``answerdesk`` command: one function for each of its commands, and one place for their errors.

Exit codes: 0 done, 1 failed, 2 bad usage or a wrong setting.
"""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer
from pydantic import ValidationError
from rich.console import Console

from desk import frontends, operating
from desk.failure_list import (
    discard_failures,
    list_failures,
    replay_all_failures,
    replay_failures,
    show_failures,
    show_settled,
)
from desk.feedback_list import report_feedback, show_feedback
from desk.files_on_disk import drafts_of, find_files
from desk.gap_list import list_gaps, show_gaps
from desk.invoking import BAD_USAGE, FAILED, nats_url_of, print_json, run, settings_for
from desk.options import (
    DataOption,
    JsonOption,
    PrincipalOption,
    WaitOption,
    document_of,
    failure_of,
    principal_of,
    source_of,
    url_prefix_of,
)
from desk.publishing import Report, announce_and_wait, deletion, is_indexed, show_report
from desk.roles import run_role
from desk.showing import find, show_reply
from desk.source_list import list_sources, show_sources
from desk.syncing import begin_sync, cancel_sync, show_run, sync_and_wait
from desk.terminal import Terminal, printable
from desk.up import run_up
from wire.errors import AnswerdeskError, SettingsError
from wire.principals import PUBLIC
from wire.search import SearchRequest
from wire.settings import load_settings
from wire.sync import SyncRequested

app = typer.Typer(
    help="Answers your company's questions in Slack, from your company's own documents.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.command()
def up(
    *,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Where the sandbox workspace opens; 0 picks a free one.")
    ] = 3000,
    data: Annotated[
        Path | None,
        typer.Option("--data", help="Folder to keep everything in (default: DATA_DIR or .answerdesk)."),
    ] = None,
) -> None:
    """Run everything on this machine: bot, worker and their engines.

    Without Slack tokens a sandbox workspace opens in the browser. Ctrl-C stops all of it.
    """
    run(run_up(settings_for(data), port=port, terminal=Terminal(Console())))


@app.command()
def bot() -> None:
    """Run the bot alone: Slack in, answers out. For production; needs NATS_URL and REDIS_URL."""
    run_role("bot", load_settings())


@app.command()
def worker(
    *,
    only: Annotated[
        Literal["ingest", "retrieval"] | None,
        typer.Option(help="Half of it: any number of either, on a qdrant or pgvector store."),
    ] = None,
) -> None:
    """Run the worker alone: documents in, passages out. For production; needs NATS_URL."""
    run_role(f"{only} worker" if only else "worker", load_settings())


@app.command()
def publish(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH", exists=True, help="Files and folders.")],
    *,
    source: Annotated[str, typer.Option(callback=source_of, help="The source they belong to.")] = "files",
    allow: Annotated[
        list[str] | None,
        typer.Option(metavar="PRINCIPAL", help="Who may read them: public, group:S012, ...; repeatable."),
    ] = None,
    url_prefix: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            callback=url_prefix_of,
            help="Readers open them at this, and their id.",
        ),
    ] = None,
    wait: WaitOption = False,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Announce files and folders, to be found and answered from."""
    terminal = Terminal(Console(stderr=True))
    principals = tuple(principal_of(each) for each in allow or ())
    nats_url = nats_url_of(data)
    files = find_files(paths)
    if not files:
        raise AnswerdeskError("There is no file to publish there (hidden ones are left out).")
    if not principals:
        terminal.say(
            "Nobody will find these documents: say who may read them, for example --allow public.",
            style="yellow",
        )
    drafts = drafts_of(files, source=source, allow=principals, url_prefix=url_prefix)
    report = run(announce_and_wait(drafts, source=source, nats_url=nats_url, wait=wait, terminal=terminal))
    show_report(report, terminal, waited=wait, done="can be found now")
    if as_json:
        print_json(report)
    _exit_by(report)


@app.command()
def delete(
    source: Annotated[str, typer.Argument(metavar="SOURCE", callback=source_of, help="Its source.")],
    document: Annotated[str, typer.Argument(metavar="ID", callback=document_of, help="Its id.")],
    *,
    wait: WaitOption = False,
    data: DataOption = None,
) -> None:
    """Announce that a document is gone."""
    terminal, nats_url = Terminal(Console(stderr=True)), nats_url_of(data)
    known = run(is_indexed(source, document, nats_url=nats_url))
    drafts = [deletion(source, document)]
    report = run(announce_and_wait(drafts, source=source, nats_url=nats_url, wait=wait, terminal=terminal))
    if not known:
        terminal.say(
            f"Source {source} has no document {printable(document)}; are both names right? One that is still "
            "on its way into the index will be gone, too.",
            style="yellow",
        )
    if known or not report.ok:
        show_report(report, terminal, waited=wait, done="is gone")
    _exit_by(report)


@app.command()
def search(
    query: Annotated[list[str], typer.Argument(metavar="QUERY", help="What to look for, in plain words.")],
    *,
    principal: PrincipalOption = None,
    source: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only these sources; repeatable.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=100, help="Most passages to show.")] = 8,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Find passages, without writing an answer."""
    principals = tuple(principal_of(each) for each in principal or (PUBLIC,))
    sources = tuple(source_of(each) for each in source) if source else None
    try:
        request = SearchRequest(query=" ".join(query), principals=principals, sources=sources, limit=limit)
    except ValidationError:
        raise typer.BadParameter("a query has 1 to 8000 characters", param_hint="QUERY") from None
    reply = run(find(request, nats_url=nats_url_of(data)))
    if as_json:
        print_json(reply)
    else:
        show_reply(reply, Console(), request=request)


@app.command()
def failures(
    *,
    replay: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="Announce this document again, as it was announced; repeatable."),
    ] = None,
    replay_all: Annotated[bool, typer.Option("--replay-all", help="Announce all of them again.")] = False,
    discard: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Forget this failure; repeatable.")
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Only this source's; for the list and --replay-all."),
    ] = None,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """List the documents that could not be indexed, with the reason; replay or discard them."""
    if sum(map(bool, (replay, replay_all, discard))) > 1:
        raise typer.BadParameter("give one of --replay, --replay-all and --discard")
    if source is not None:
        source_of(source)
        if replay or discard:
            raise typer.BadParameter("an ID says it all: leave --source out")
    ids = [failure_of(each) for each in replay or discard or ()]
    nats_url = nats_url_of(data)
    if replay_all:
        settled = run(replay_all_failures(nats_url=nats_url, source=source))
    elif replay:
        settled = run(replay_failures(ids, nats_url=nats_url))
    elif discard:
        settled = run(discard_failures(ids, nats_url=nats_url))
    else:
        listed = run(list_failures(nats_url=nats_url, source=source))
        print_json(listed) if as_json else show_failures(listed, Console())
        return
    show_settled(settled, Terminal(Console(stderr=True)), done="discarded" if discard else "announced again")
    if as_json:
        print_json(settled)
    if settled.missing or settled.refused:
        raise typer.Exit(FAILED)


@app.command()
def feedback(
    *,
    days: Annotated[int, typer.Option(min=1, help="Of so many days.")] = 365,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Show what people say of answers: by source, worst first, and in their own words."""
    report = run(report_feedback(nats_url=nats_url_of(data), days=days))
    print_json(report) if as_json else show_feedback(report, Console())


@app.command()
def gaps(
    *,
    limit: Annotated[int, typer.Option(min=1, help="Most questions to show.")] = 30,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """List questions that found no answer, most wanted first: what somebody should write."""
    listed = run(list_gaps(nats_url=nats_url_of(data)))
    print_json(listed) if as_json else show_gaps(listed, Console(), limit=limit)


@app.command()
def sources(*, as_json: JsonOption = False, data: DataOption = None) -> None:
    """List where documents come from, how many there are, and how fresh they are."""
    listed = run(list_sources(nats_url=nats_url_of(data)))
    print_json(listed) if as_json else show_sources(listed, Terminal(Console()))


@app.command()
def sync(
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", callback=source_of, help="A source of answerdesk.toml.")
    ],
    *,
    full: Annotated[bool, typer.Option("--full", help="Read every document again.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list what would change.")] = False,
    accept_shrinking: Annotated[
        bool,
        typer.Option("--accept-shrinking", help="Delete even if the source lists far fewer documents."),
    ] = False,
    cancel: Annotated[bool, typer.Option("--cancel", help="Stop the resync that is under way.")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until it is over.")] = False,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Compare a source with the index, and announce what differs."""
    terminal, nats_url = Terminal(Console(stderr=True)), nats_url_of(data)
    asked = SyncRequested(source=source, full=full, dry_run=dry_run, accept_shrinking=accept_shrinking)
    if cancel or not (wait or dry_run):
        accepted = run(
            cancel_sync(source, nats_url=nats_url) if cancel else begin_sync(asked, nats_url=nats_url)
        )
        terminal.say(
            f"{source}: {'stopping' if cancel else 'begun'}; `answerdesk sources` tells how it ends."
        )
        if as_json:
            print_json(accepted)
        return
    ended = run(sync_and_wait(asked, nats_url=nats_url, console=Console(stderr=True)))
    show_run(ended, terminal)
    if as_json:
        print_json(ended)
    if not ended.ok:
        raise typer.Exit(FAILED)


def _exit_by(report: Report) -> None:
    if not report.ok:
        raise typer.Exit(FAILED)


app.add_typer(frontends.commands)
app.add_typer(operating.commands)


def main() -> None:
    """Run the command that was given; an error of ours is one sentence, and an exit code."""
    try:
        app()
    except SettingsError as error:
        _fail(error, code=BAD_USAGE)
    except AnswerdeskError as error:
        _fail(error, code=FAILED)


def _fail(error: AnswerdeskError, *, code: int) -> None:
    sys.stderr.write(f"{error}\n")
    sys.exit(code)
