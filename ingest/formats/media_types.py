"""Which media types are read, and as what."""

MARKDOWN = frozenset({"text/markdown", "text/x-markdown"})
PLAIN = frozenset({"text/plain"})

HTML = frozenset({"text/html", "application/xhtml+xml"})
RESTRUCTURED_TEXT = frozenset({"text/x-rst", "text/prs.fallenstein.rst"})
CSV = "text/csv"
TSV = "text/tab-separated-values"
JSON = "application/json"
MAIL = "message/rfc822"
PDF = "application/pdf"
_OFFICE = "application/vnd.openxmlformats-officedocument"
DOCX = f"{_OFFICE}.wordprocessingml.document"
PPTX = f"{_OFFICE}.presentationml.presentation"
XLSX = f"{_OFFICE}.spreadsheetml.sheet"
READ_APART = HTML | RESTRUCTURED_TEXT | {CSV, TSV, JSON, MAIL, PDF, DOCX, PPTX, XLSX}
"""Read in a process that can be killed."""

_SOURCE_CODE = {
    "application/javascript": "javascript",
    "application/sql": "sql",
    "application/toml": "toml",
    "application/typescript": "typescript",
    "application/x-sh": "sh",
    "application/x-yaml": "yaml",
    "application/xml": "xml",
    "application/yaml": "yaml",
    "text/css": "css",
    "text/javascript": "javascript",
    "text/xml": "xml",
    "text/x-c++": "cpp",
    "text/x-csharp": "csharp",
    "text/x-shellscript": "sh",
}
_UNREGISTERED = "text/x-"
"""Before a programming language's name, as in ``text/x-python``."""

NAMED = ("text/markdown", "text/plain", *sorted(READ_APART), f"source code as {_UNREGISTERED}<language>")
"""For a person who sent something else."""


def language_of(kind: str) -> str | None:
    """The language that a media type of source code is written in; None for any other."""
    if kind in MARKDOWN | READ_APART:
        return None
    if language := _SOURCE_CODE.get(kind):
        return language
    language = kind.removeprefix(_UNREGISTERED)
    return language if kind.startswith(_UNREGISTERED) and language.isalnum() else None
