"""The sample handbook as readable pages, so that a citation opens the document it names."""

import html
import tomllib
from datetime import date, datetime
from pathlib import Path

from markdown_it import MarkdownIt
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from sandbox.errors import CompanyError

_LEAF = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · {company} handbook</title>
<link rel="icon" href="/static/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/static/handbook.css">
</head>
<body>
<header><span class="mark" aria-hidden="true"></span>{company} handbook</header>
<main>
<p class="facts">{facts}</p>
{body}
</main>
<footer>An invented company's handbook, served by the Answerdesk sandbox.</footer>
</body>
</html>
"""


class Leaf(BaseModel):
    """What ``handbook.toml`` says of a document."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    title: str
    allow: tuple[str, ...] = ()
    updated_at: datetime | date
    owner: str = ""


class Handbook:
    """The documents of a company's folder ``handbook/``; it may be missing."""

    def __init__(self, folder: Path, *, company: str) -> None:
        self._company = company
        self._leaves = _read(folder)
        self._texts = {name: folder / f"{name}.md" for name in self._leaves}
        self._markdown = MarkdownIt("commonmark", {"html": False}).enable("table")

    def page(self, name: str) -> str | None:
        """A document as an HTML page; None where there is no such document."""
        leaf = self._leaves.get(name)
        if leaf is None or not self._texts[name].is_file():
            return None
        facts = [f"Last changed {leaf.updated_at:%-d %B %Y}", leaf.owner, _readers(leaf.allow)]
        text = self._texts[name].read_text(encoding="utf-8")
        return _LEAF.format(
            title=html.escape(leaf.title),
            company=html.escape(self._company),
            facts=" · ".join(html.escape(fact) for fact in facts if fact),
            body=self._markdown.render(text).replace('.md"', '"').replace(".md#", "#"),
        )


def _readers(allow: tuple[str, ...]) -> str:
    if "external" in allow:
        return "Open to partners"
    return "Everyone at the company" if "public" in allow else "Restricted"


def _read(folder: Path) -> dict[str, Leaf]:
    path = folder / "handbook.toml"
    if not path.is_file():
        return {}
    try:
        return TypeAdapter(dict[str, Leaf]).validate_python(tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise CompanyError(f"{path} is wrong: {error}") from error
