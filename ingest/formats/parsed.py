"""What a document is once it has been read."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Parsed:
    """A document as Markdown.

    Attributes:
        title: as the document itself says it, where it does.
        metadata: what it says of itself besides: its front matter, or a mail's sender.
    """

    markdown: str
    title: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
