"""reStructuredText, by way of HTML. Sphinx's commonest directives and roles keep their words."""

import html
import re
from typing import Any

from docutils import nodes
from docutils.core import publish_parts
from docutils.parsers.rst import Directive, directives, roles
from docutils.writers.html5_polyglot import Writer

from ingest.formats import lxml_html
from ingest.formats.parsed import Parsed
from ingest.formats.text import decode

LINE_CHARS = 1_000_000
_SETTINGS: dict[str, Any] = {
    "_disable_config": True,
    "embed_stylesheet": False,
    "file_insertion_enabled": False,
    "halt_level": 5,
    "initial_header_level": 2,
    "input_encoding": "unicode",
    "line_length_limit": LINE_CHARS,
    "math_output": "LaTeX",
    "raw_enabled": False,
    "report_level": 5,
    "stylesheet_path": "",
    "syntax_highlight": "none",
    "toc_backlinks": False,
}
_ASIDES = ("deprecated", "seealso", "todo", "versionadded", "versionchanged")
_NAVIGATION = ("toctree", "contents", "index", "currentmodule", "module", "highlight")
_ROLES = (
    "attr",
    "class",
    "cls",
    "command",
    "confval",
    "data",
    "doc",
    "envvar",
    "exc",
    "file",
    "func",
    "guilabel",
)
_MORE_ROLES = ("kbd", "menuselection", "meth", "mod", "obj", "option", "program", "ref", "term")
_TARGET = re.compile(r"\s*<[^<>]*>$")
_TAGS = re.compile(r"<[^>]*>")


class _Aside(Directive):
    """Its argument and its content are text."""

    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        aside = nodes.container()
        words = " ".join(self.arguments)
        if words:
            aside += nodes.paragraph(words, words)
        self.state.nested_parse(self.content, self.content_offset, aside)
        return [aside]


class _Navigation(Directive):
    """Nothing to read."""

    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        return []


class _Body(Writer):
    """A page of its own is not wanted, and its template could not be opened in a confined process."""

    def apply_template(self) -> str:
        return ""


def _role(name: str, rawtext: str, text: str, *rest: Any, **more: Any) -> tuple[list[Any], list[Any]]:
    """The words that a Sphinx role shows: ``title <target>`` is called ``title``."""
    del name, rest, more
    words = _TARGET.sub("", text) or text
    return [nodes.inline(rawtext, words)], []


def prepare() -> None:
    """Teach docutils, whose registry is the process's, the words of Sphinx."""
    for name in _ASIDES:
        directives.register_directive(name, _Aside)
    for name in _NAVIGATION:
        directives.register_directive(name, _Navigation)
    for name in (*_ROLES, *_MORE_ROLES):
        roles.register_local_role(name, _role)


def read(body: bytes, *, charset: str | None) -> Parsed:
    """Sections, lists, tables, code and links of a text.

    Raises:
        MalformedError: it is no text in its character set.
    """
    parts = publish_parts(decode(body, charset=charset), writer=_Body(), settings_overrides=_SETTINGS)
    title = html.unescape(_TAGS.sub("", parts["title"])).strip() or None
    page = f"<body>{parts['html_body']}</body>".encode()
    return Parsed(lxml_html.read(page, charset="utf-8").markdown, title=title)
