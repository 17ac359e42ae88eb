"""All examples of the CommonMark specification, and the Big List of Naughty Strings, as Slack is sent them.

They are not ours to carry along; both come as npm packages:

    npm pack commonmark-spec@0.31.2 big-list-of-naughty-strings@1.0.0
    python -m tests.bench.bench_written_texts package/spec.txt package/blns.json
"""

import argparse
import json
import re
import sys
import time
from pathlib import Path

from tests.shown_texts import problems

_EXAMPLE = re.compile(r"^`{32} example\n(.*?)^\.\n.*?^`{32}$", re.MULTILINE | re.DOTALL)
EVERY = 2
"""Looked at after every second character, and at the end."""


def texts_of(file: Path) -> list[str]:
    """A specification's examples, or a list's strings."""
    content = file.read_text()
    if file.suffix == ".json":
        return list(json.loads(content))
    return [example.replace("\N{RIGHTWARDS ARROW}", "\t") for example in _EXAMPLE.findall(content)]


def main() -> int:
    """Prints what is wrong; 1 where anything is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    wrong = 0
    for file in parser.parse_args().files:
        texts, started = texts_of(file), time.monotonic()
        found = {text: sorted(set(problems(text, every=EVERY))) for text in texts}
        bad = {text: wrongs for text, wrongs in found.items() if wrongs}
        wrong += len(bad)
        took_s = time.monotonic() - started
        print(f"{file.name}: {len(texts)} texts, {len(bad)} of them wrong ({took_s:.0f} s)")
        for text, wrongs in bad.items():
            print(f"  {text[:80]!r}: {wrongs[0]}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
