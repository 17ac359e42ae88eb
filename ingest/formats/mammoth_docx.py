"""Word documents, by way of HTML: styles say what is a heading, a list, code."""

import io

import mammoth

from ingest.formats import lxml_html, ooxml_container
from ingest.formats.parsed import Parsed

_STYLES = "\n".join(
    (
        "p[style-name='Title'] => h1:fresh",
        "p[style-name='Subtitle'] => p:fresh",
        *(
            f"p[style-name='{name}'] => pre:separator('\\n')"
            for name in ("Code", "HTML Preformatted", "macro", "Preformatted Text", "Source Code")
        ),
        "r[style-name='HTML Code'] => code",
        "r[style-name='Verbatim Char'] => code",
    )
)


def read(body: bytes, *, charset: str | None) -> Parsed:
    """Its text; pictures by the words that stand for them.

    Raises:
        MalformedError: it is no such file, or over a bound.
    """
    del charset
    title = ooxml_container.check(body, part="word/")
    written = mammoth.convert_to_html(
        io.BytesIO(body),
        convert_image=mammoth.images.img_element(lambda _: {}),
        external_file_access=False,
        include_embedded_style_map=False,
        style_map=_STYLES,
    )
    return Parsed(
        lxml_html.read(f"<body>{written.value}</body>".encode(), charset="utf-8").markdown, title=title
    )
