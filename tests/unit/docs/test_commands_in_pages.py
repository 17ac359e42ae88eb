"""Commands and places that pages name are there."""

import re
from pathlib import Path
from typing import Any

import pytest
import typer.main

from desk.cli import app

ROOT = Path(__file__).parents[3]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
MAKEFILE = (ROOT / "Makefile").read_text()
COMMAND = re.compile(r"(?:`|^ {4}|^|/bin/)answerdesk ([a-z]+(?:-[a-z]+)*)((?:[^`\n]|\\\n)*)", re.MULTILINE)


def commands() -> dict[str, Any]:
    """By name; typer's own kind of click's commands."""
    group: Any = typer.main.get_command(app)
    return dict(group.commands)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_of_a_page_is_one_with_these_options(page: Path) -> None:
    known = commands()
    for name, rest in COMMAND.findall(page.read_text()):
        assert name in known, f"answerdesk {name}"
        options = {option for each in options_of(known[name]) for option in each.opts}
        for option in re.findall(r"(?<!\S)(--[a-z][a-z-]*)", rest.split("#")[0]):
            assert option in options | {"--help"}, f"answerdesk {name} {option}"


def options_of(command: Any) -> list[Any]:
    """Its own, and those of the commands within it."""
    within = getattr(command, "commands", {}).values()
    return [*command.params, *(param for each in within for param in options_of(each))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_make_target_and_test_file_of_a_page_is_there(page: Path) -> None:
    text = page.read_text()
    for target in re.findall(r"`make ([a-z-]+)", text):
        assert f"\n{target}:" in MAKEFILE, target
    for file in re.findall(
        r"`((?:tests|manifests|bot|desk|ingest|retrieval|wire|sandbox)/[\w/.-]+\.\w+)`", text
    ):
        assert (ROOT / file).exists(), file


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_to_a_place_in_a_page_leads_there(page: Path) -> None:
    for target, place in re.findall(r"\]\((?!https?:)([^)#\s]*)#([^)\s]+)\)", page.read_text()):
        text = (page.parent / target).read_text() if target else page.read_text()
        headings = {slug(heading) for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}
        assert place in headings, f"{page.name} → {target}#{place}"


def slug(heading: str) -> str:
    """As GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
