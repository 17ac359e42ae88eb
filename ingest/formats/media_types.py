"""Which media types are read, as what, and which files are of them."""

import re
from pathlib import PurePosixPath

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
_UNREGISTERED = re.compile(r"text/x-([a-z0-9][a-z0-9+#.-]{0,30})")
"""A programming language's, as in ``text/x-python``."""

NAMED = ("text/markdown", "text/plain", *sorted(READ_APART), "source code as text/x-<language>")
"""For a person who sent something else."""

# A table of our own, so that a file is the same kind on every machine.
_BY_SUFFIX = {
    **dict.fromkeys((".md", ".markdown", ".mdown", ".mkd"), "text/markdown"),
    **dict.fromkeys((".html", ".htm"), "text/html"),
    ".xhtml": "application/xhtml+xml",
    **dict.fromkeys((".txt", ".text"), "text/plain"),
    ".rst": "text/x-rst",
    ".csv": CSV,
    ".tsv": TSV,
    ".json": JSON,
    ".eml": MAIL,
    ".pdf": PDF,
    # Macros are not looked at; what is of Office 2003 and older is a failure that says what to do.
    **dict.fromkeys((".docx", ".docm", ".dotx", ".doc"), DOCX),
    **dict.fromkeys((".pptx", ".pptm", ".ppsx", ".ppt"), PPTX),
    **dict.fromkeys((".xlsx", ".xlsm", ".xltx", ".xls"), XLSX),
    ".css": "text/css",
    ".sql": "application/sql",
    ".toml": "application/toml",
    ".xml": "application/xml",
    **dict.fromkeys((".yaml", ".yml"), "application/yaml"),
    **dict.fromkeys((".js", ".mjs", ".cjs", ".jsx"), "text/javascript"),
    **dict.fromkeys((".ts", ".tsx"), "application/typescript"),
    **dict.fromkeys((".sh", ".bash", ".zsh"), "text/x-shellscript"),
    **dict.fromkeys((".c", ".h"), "text/x-c"),
    **dict.fromkeys((".cc", ".cpp", ".cxx", ".hpp"), "text/x-c++"),
    ".cs": "text/x-csharp",
    ".go": "text/x-go",
    ".java": "text/x-java",
    **dict.fromkeys((".kt", ".kts"), "text/x-kotlin"),
    ".lua": "text/x-lua",
    ".php": "text/x-php",
    ".pl": "text/x-perl",
    ".ps1": "text/x-powershell",
    ".proto": "text/x-protobuf",
    ".py": "text/x-python",
    ".r": "text/x-r",
    ".rb": "text/x-ruby",
    ".rs": "text/x-rust",
    ".scala": "text/x-scala",
    ".swift": "text/x-swift",
    ".tf": "text/x-hcl",
}


_OPEN_DOCUMENT = "application/vnd.oasis.opendocument"
_DOCUMENTS_NOT_READ = {
    ".odt": f"{_OPEN_DOCUMENT}.text",
    ".ods": f"{_OPEN_DOCUMENT}.spreadsheet",
    ".odp": f"{_OPEN_DOCUMENT}.presentation",
    ".rtf": "application/rtf",
    ".epub": "application/epub+zip",
    ".msg": "application/vnd.ms-outlook",
}
"""Somebody's documents all the same: each is a failure that says so, rather than nothing."""


def media_type_of(name: str) -> str | None:
    """What a document's file is by its name's suffix; None where that is no document's, or says nothing."""
    suffix = PurePosixPath(name).suffix.lower()
    return _BY_SUFFIX.get(suffix) or _DOCUMENTS_NOT_READ.get(suffix)


def language_of(kind: str) -> str | None:
    """The language that a media type of source code is written in; None for any other."""
    if kind in MARKDOWN | READ_APART:
        return None
    if language := _SOURCE_CODE.get(kind):
        return language
    named = _UNREGISTERED.fullmatch(kind)
    return named[1] if named else None


def is_text(kind: str) -> bool:
    """Whether a document of this media type may travel as text."""
    return kind.startswith("text/") or kind == JSON or kind in _SOURCE_CODE
