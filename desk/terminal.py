"""What ``answerdesk up`` shows: pleasant on a terminal, plain lines anywhere else."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from rich.console import Console, RenderableType
from rich.measure import Measurement
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

FRAME = 6
"""Columns of a panel's border and padding."""


def printable(text: str) -> str:
    """One line of it that a terminal shows and never obeys: no escape sequences, no line breaks."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


class Bar:
    """Moves a progress bar one step at a call."""

    def __init__(self, bar: Progress, what: str, *, total: int) -> None:
        self._bar = bar
        self._task = bar.add_task(what, total=total)

    def __call__(self) -> None:
        """One more is done."""
        self._bar.advance(self._task)


class Terminal:
    """Writes to a console; text from elsewhere is never taken for markup."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def say(self, text: str, *, style: str = "") -> None:
        """A sentence of ours."""
        self._print(Text(text, style=style))

    def started(self, name: str, *, took_s: float) -> None:
        """A program answers."""
        line = Text.assemble(("✓ ", "green"), f"{name:<8}", (f" {took_s:5.1f} s", "dim"))
        self._print(line)

    def tell(self, name: str, text: str, /) -> None:
        """Something of a program that a person should see."""
        line = Text.assemble((f"{name}: ", "bold yellow"), printable(text))
        self._print(line)

    def show(self, table: Table) -> None:
        """A table, within the console's width."""
        with suppress(OSError):
            self._console.print(table)

    def panel(self, title: str, rows: dict[str, str]) -> None:
        """What to do now: in a frame, or as lines where that would cut what is to be copied."""
        body = Text("\n").join(Text.assemble((f"{name:<9}", "dim"), text) for name, text in rows.items())
        panel = Panel(body, title=Text(title), title_align="left", expand=False, padding=(1, 2))
        widest = Measurement.get(self._console, self._console.options, body).maximum
        if self._console.is_terminal and widest + FRAME <= self._console.width:
            self._print(panel)
            return
        for name, text in {"": title, **rows}.items():
            self._print(Text(f"{name}: {text}" if name else text))

    def _print(self, what: RenderableType) -> None:
        # A terminal that was closed must not end what it showed.
        with suppress(OSError):
            self._console.print(what, soft_wrap=True)

    @contextmanager
    def progress(self, what: str, *, total: int) -> Iterator[Bar]:
        """A bar on a terminal, nothing elsewhere."""
        columns = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        with columns:
            yield Bar(columns, what, total=total)
