"""An e-mail: its subject, who wrote when, its text, and the names of what was attached."""

import email
import email.policy
from email.message import EmailMessage

from ingest.formats import lxml_html, markdown
from ingest.formats.parsed import Parsed
from ingest.formats.text import tidy
from wire.errors import MalformedError

PARTS = 1_000
ATTACHMENTS = 100
_SAID = ("From", "To", "Cc", "Date")


def read(body: bytes, *, charset: str | None) -> Parsed:
    """The plain text where there is one, else the HTML.

    Raises:
        MalformedError: it has no header of a mail, or more than `PARTS` parts.
    """
    del charset
    message = email.message_from_bytes(body, policy=email.policy.default)
    if not any(name in message for name in ("From", "Subject", "Date", "Received", "Message-ID")):
        raise MalformedError("the body is no e-mail: it has none of its headers", field="body")
    if sum(1 for _ in message.walk()) > PARTS:
        raise MalformedError(f"the e-mail has more than {PARTS} parts", field="body")
    subject = _header(message, "Subject")
    said = {name.lower(): value for name in _SAID if (value := _header(message, name))}
    attached = [name for part in message.iter_attachments() if (name := _name(part))][:ATTACHMENTS]
    blocks = [
        markdown.heading(1, subject) if subject else "",
        "\n".join(f"- {name.title()}: {value}" for name, value in said.items()),
        _text(message),
        "\n".join(["Attachments:", "", *(f"- {name}" for name in attached)]) if attached else "",
    ]
    return Parsed("\n\n".join(filter(None, blocks)), title=subject or None, metadata=said)


def _header(message: EmailMessage, name: str) -> str:
    try:
        return " ".join(str(message.get(name, "")).split())
    except (ValueError, IndexError, AttributeError, TypeError):
        return ""  # broken headers break the library in many ways; the text matters more


def _name(part: EmailMessage) -> str:
    return " ".join((part.get_filename() or "").split())


def _text(message: EmailMessage) -> str:
    part = message.get_body(preferencelist=("plain", "html"))
    if part is None:
        return ""
    payload = part.get_payload(decode=True)
    content = payload if isinstance(payload, bytes) else b""
    charset = str(part.get_content_charset("") or "")
    if part.get_content_subtype() == "html":
        return lxml_html.read(content, charset=charset or None).markdown
    try:
        return markdown.paragraphs(tidy(content.decode(charset or "utf-8", errors="replace")))
    except LookupError:
        return markdown.paragraphs(tidy(content.decode("utf-8", errors="replace")))
