"""Commands of whoever runs Answerdesk, rather than of whoever feeds it or asks it."""

from importlib import import_module
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from desk.app_manifest import print_manifest
from desk.backing_up import back_up, show_backup
from desk.data_set import read_data_set
from desk.findings import Diagnosis, show_diagnosis
from desk.forgetting import forget as erase
from desk.forgetting import read_audit, show_audit, show_forgotten, since_of
from desk.glancing import watch
from desk.invoking import FAILED, nats_url_of, print_json, run, settings_for
from desk.options import DataOption, JsonOption, slack_url_of
from desk.restoring import restore as put_back
from desk.restoring import show_restored
from desk.terminal import Terminal
from desk.top import looker_for, running_urls
from wire.settings import StoreKind, load_settings

commands = typer.Typer()


@commands.command()
def manifest(
    *,
    url: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            callback=slack_url_of,
            help="Where Slack reaches the bot (https://...); without it, Socket Mode.",
        ),
    ] = None,
    why: Annotated[bool, typer.Option("--why", help="List the scopes with their reasons instead.")] = False,
) -> None:
    """Print the Slack app's manifest, to paste at "Create New App, From a manifest"."""
    print_manifest(url=url, why=why)


@commands.command()
def doctor(*, as_json: JsonOption = False, data: DataOption = None) -> None:
    """Look for the likeliest mistakes: settings, tokens and scopes, engines, model; each with what to do.

    It changes nothing, and works before anything runs. Each model is asked for one word.
    """
    # All engines' libraries, for which no other command should wait.
    examining = import_module("desk.doctor")
    diagnosis: Diagnosis = run(examining.examine(settings_for(data)))
    print_json(diagnosis) if as_json else show_diagnosis(diagnosis, Terminal(Console()))
    if not diagnosis.ok:
        raise typer.Exit(FAILED)


@commands.command(name="eval")
def evaluate(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="DIR", exists=True, file_okay=False, help="corpus.jsonl, queries.jsonl and qrels.tsv."
        ),
    ],
    *,
    limit_queries: Annotated[int | None, typer.Option(min=1, help="Only so many questions.")] = None,
    mode: Annotated[
        Literal["hybrid", "dense", "bm25", "rerank"],
        typer.Option(help="As readers search, or by a part of it; rerank needs RERANK_MODEL."),
    ] = "hybrid",
    cache: Annotated[
        Path | None,
        typer.Option(file_okay=False, help="Keep the index there, for the next run on the same corpus."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Measure how well questions find their documents, on a data set; needs nothing that runs."""
    # The encoder's libraries, for which no other command should wait.
    evaluation = import_module("desk.evaluation")
    terminal = Terminal(Console(stderr=True))
    data = read_data_set(folder, limit_queries=limit_queries)
    judged = run(
        evaluation.evaluate(data, mode=mode, settings=load_settings(), cache=cache, terminal=terminal)
    )
    print_json(judged) if as_json else evaluation.show(judged, Console())


@commands.command()
def backup(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new folder to write it into.")],
    *,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Copy what can't be made again: index, versions, texts, settings; while everything runs."""
    terminal = Terminal(Console(stderr=True))
    note = run(back_up(folder, nats_url=nats_url_of(data), terminal=terminal))
    print_json(note) if as_json else show_backup(note, terminal, folder=folder)


@commands.command()
def restore(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", exists=True, file_okay=False, help="What backup wrote.")
    ],
    *,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Put a backup back into the running system; nothing is encoded again, and what is newer there stays."""
    terminal = Terminal(Console(stderr=True))
    restored = run(put_back(folder, nats_url=nats_url_of(data), terminal=terminal))
    print_json(restored) if as_json else show_restored(restored, terminal)


@commands.command(name="migrate-index")
def migrate_index(
    source: Annotated[StoreKind, typer.Argument(metavar="FROM", help="edge, qdrant or pgvector.")],
    target: Annotated[StoreKind, typer.Argument(metavar="TO", help="Another of them.")],
    *,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Copy the passages from one store into another, without encoding them again; stop the workers before.

    Where the servers are, the settings say. A copy that was broken off goes on where it stopped.
    """
    # Three engines' libraries, for which no other command should wait.
    migrating = import_module("desk.migrating")
    terminal = Terminal(Console(stderr=True))
    copying = migrating.migrate_index(settings_for(data), source=source, target=target, terminal=terminal)
    migrated = run(copying)
    migrating.show_migrated(migrated, terminal)
    if as_json:
        print_json(migrated)


@commands.command()
def forget(
    user: Annotated[
        str, typer.Argument(metavar="USER", help="A Slack user's id (U..., or T...:U...), or key:NAME.")
    ],
    *,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Erase everything that is kept about a person: questions, answers, quotas, feedback, settings.

    Audit lines stay without words, and documents stay: their source says when they go.
    """
    forgotten = run(erase(user, nats_url=nats_url_of(data)))
    print_json(forgotten) if as_json else show_forgotten(forgotten, Terminal(Console(stderr=True)))


@commands.command()
def audit(
    *,
    since: Annotated[
        str | None, typer.Option(metavar="WHEN", help="From then on: 7d, 12h, 30m or 2026-11-25.")
    ] = None,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """List who asked or changed what, when, what was shown, and what it cost."""
    entries = run(read_audit(since=None if since is None else since_of(since), nats_url=nats_url_of(data)))
    if as_json:
        for entry in entries:
            print_json(entry)
    else:
        show_audit(entries, Console())


@commands.command()
def top(
    *,
    url: Annotated[
        list[str] | None,
        typer.Option(metavar="URL", help="Where a bot or worker serves /metrics; repeatable."),
    ] = None,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Show the system at a glance, anew every two seconds; --json: one look, since each process's start."""
    settings = settings_for(data)
    looker = looker_for(settings, folder_urls=running_urls(settings), given=url or ())
    if as_json:
        print_json(run(looker.glance(live=False)))
    else:
        run(watch(looker, Console()))
