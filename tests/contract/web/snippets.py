"""The examples of docs/frontends.md, to be run as they stand there."""

import re
import shlex
from pathlib import Path

PAGE = (Path(__file__).parents[3] / "docs" / "frontends.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def curls(*, base: str, key: str) -> list[tuple[str, dict[str, str], str]]:
    """Each call of curl: its address, headers and body."""
    calls = []
    for block in blocks("sh"):
        words = shlex.split(block.replace("$BASE", base).replace("$KEY", key))
        if words[0] != "curl":
            continue
        options = [(flag, words[at + 1]) for at, flag in enumerate(words[:-1]) if flag in ("-H", "-d")]
        headers = dict(value.split(": ", 1) for flag, value in options if flag == "-H")
        [url] = [word for word in words if word.startswith(base)]
        [body] = [value for flag, value in options if flag == "-d"]
        calls.append((url, headers, body))
    return calls
