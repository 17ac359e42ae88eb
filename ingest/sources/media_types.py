"""Which kind of document a file is, by its name: a table of our own, the same on every machine."""

from pathlib import PurePosixPath

_OFFICE = "application/vnd.openxmlformats-officedocument"
_BY_SUFFIX = {
    **dict.fromkeys((".md", ".markdown", ".mdown", ".mkd"), "text/markdown"),
    **dict.fromkeys((".html", ".htm", ".xhtml"), "text/html"),
    **dict.fromkeys((".txt", ".text"), "text/plain"),
    ".rst": "text/x-rst",
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".json": "application/json",
    ".eml": "message/rfc822",
    ".pdf": "application/pdf",
    ".docx": f"{_OFFICE}.wordprocessingml.document",
    ".pptx": f"{_OFFICE}.presentationml.presentation",
    ".xlsx": f"{_OFFICE}.spreadsheetml.sheet",
}


def media_type_of(name: str) -> str | None:
    """None for what is no document: a picture, a program, a file without a suffix."""
    return _BY_SUFFIX.get(PurePosixPath(name).suffix.lower())
