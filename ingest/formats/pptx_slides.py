"""PowerPoint: each slide under a heading with its number and title."""

import io
from collections.abc import Iterable, Iterator
from typing import Any

import pptx
from pptx.exc import PackageNotFoundError

from ingest.formats import markdown, ooxml_container
from ingest.formats.parsed import Parsed
from wire.errors import MalformedError

SLIDES = 2_000
GROUPS = 16
"""How deep shapes may be grouped."""


def read(body: bytes, *, charset: str | None) -> Parsed:
    """Titles, text, tables, links and notes, slide by slide; hidden slides are left out.

    Raises:
        MalformedError: it is no such file, or over a bound.
    """
    del charset
    title = ooxml_container.check(body, part="ppt/")
    try:
        slides = list(pptx.Presentation(io.BytesIO(body)).slides)
    except (PackageNotFoundError, ValueError):
        raise MalformedError("the presentation is broken", field="body") from None
    if len(slides) > SLIDES:
        raise MalformedError(f"the presentation has more than {SLIDES} slides", field="body")
    shown = [
        _slide(number, slide)
        for number, slide in enumerate(slides, 1)
        if slide._element.get("show") != "0"  # noqa: SLF001 — the library has no other way to ask
    ]
    return Parsed("\n\n".join(shown), title=title)


def _slide(number: int, slide: Any) -> str:
    title = slide.shapes.title
    words = " ".join(title.text_frame.text.split()) if title is not None else ""
    blocks = [markdown.heading(1, f"Slide {number}: {words}" if words else f"Slide {number}")]
    # By place: the order of drawing says nothing.
    others = sorted(
        (shape for shape in slide.shapes if title is None or shape.shape_id != title.shape_id),
        key=lambda shape: (shape.top or 0, shape.left or 0),
    )
    blocks += _shapes(others, depth=0)
    if slide.has_notes_slide and (notes := slide.notes_slide.notes_text_frame):
        blocks += [f"Notes: {text}"] if (text := markdown.paragraphs(notes.text)) else []
    return "\n\n".join(blocks)


def _shapes(shapes: Iterable[Any], *, depth: int) -> Iterator[str]:
    if depth > GROUPS:
        raise MalformedError(f"the presentation's shapes are grouped more than {GROUPS} deep", field="body")
    for shape in shapes:
        if hasattr(shape, "shapes"):
            yield from _shapes(shape.shapes, depth=depth + 1)
        elif getattr(shape, "has_table", False):
            yield "\n".join(markdown.table([[cell.text for cell in row.cells] for row in shape.table.rows]))
        elif shape.has_text_frame and (text := _text(shape)):
            yield text


def _text(shape: Any) -> str:
    lines = []
    for paragraph in shape.text_frame.paragraphs:
        words = "".join(map(_run, paragraph.runs)).strip()
        if not words:
            continue
        # Text of a layout's body is its list; a box put there by hand is prose.
        lines.append(f"{'  ' * paragraph.level}- {words}" if shape.is_placeholder else markdown.line(words))
    return "\n".join(lines) if shape.is_placeholder else "\n\n".join(lines)


def _run(run: Any) -> str:
    address = run.hyperlink.address
    linked = address and address.startswith(("http://", "https://", "mailto:"))
    return f"[{run.text}](<{address}>)" if linked else str(run.text)
