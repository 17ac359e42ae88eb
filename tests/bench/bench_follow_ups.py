"""How often the rules for follow-ups are right: precision and recall on a hundred threads of our own writing.

``python -m tests.bench.bench_follow_ups [--wrong]``. The rules were chosen on one half of the threads
(``chosen on``); both halves are by the same hand, so that other people's threads may be harder.
"""

import json
import sys
from dataclasses import dataclass
from pathlib import Path

from bot.slack.follow_up import Line, for_us

THREADS = Path(__file__).parents[1] / "unit" / "slack" / "threads.jsonl"
PEOPLE = {"jonas": "Jonas", "marta": "Marta", "theo": "Theo", "ines": "Inês", "priya": "Priya", "sam": "Sam"}
US = "us"


@dataclass(frozen=True)
class Thread:
    """A thread, of which the last message may be meant for us."""

    half: str
    for_us: bool
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Rates:
    """Of what was taken as meant for us, how much was; of what was, how much was taken so."""

    threads: int
    precision: float
    recall: float


def threads() -> list[Thread]:
    """All of them."""
    read = (json.loads(line) for line in THREADS.read_text(encoding="utf-8").splitlines())
    return [
        Thread(each["set"], each["for_us"], tuple(_line(**message) for message in each["thread"]))
        for each in read
    ]


def taken(thread: Thread) -> bool:
    """What the rules say of it."""
    *before, said = thread.lines
    return for_us(said, before=before, us="Answerdesk", names=PEOPLE.values())


def rates(of: list[Thread]) -> Rates:
    """How right the rules are."""
    right = sum(taken(each) and each.for_us for each in of)
    precision = right / max(1, sum(taken(each) for each in of))
    recall = right / max(1, sum(each.for_us for each in of))
    return Rates(threads=len(of), precision=precision, recall=recall)


def _line(by: str, text: str) -> Line:
    for name in (*PEOPLE, US):
        text = text.replace(f"@{name}", f"<@U0{name.upper()}>")
    text = text.replace("@here", "<!here>")
    return Line(by=by, text=text, ours=by == US, to_us=f"<@U0{US.upper()}>" in text)


def main() -> None:
    """Print the rates, and with ``--wrong`` the threads that the rules get wrong."""
    all_of_them = threads()
    for half in ("chosen on", "reported"):
        of = [each for each in all_of_them if each.half == half]
        found = rates(of)
        print(f"{half}: {found.threads} threads, precision {found.precision:.2f}, recall {found.recall:.2f}")
        for each in of if "--wrong" in sys.argv else ():
            if taken(each) != each.for_us:
                print(
                    "  ",
                    "missed" if each.for_us else "taken wrongly",
                    "//".join(line.text for line in each.lines),
                )


if __name__ == "__main__":
    main()
