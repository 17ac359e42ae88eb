"""HTML's elements in Markdown's marks."""

from html_to_markdown import ConversionOptions, PreprocessingOptions, convert

_OPTIONS = ConversionOptions(
    autolinks=False,
    bullets="-",
    compact_tables=True,
    extract_metadata=False,
    preprocessing=PreprocessingOptions(enabled=False),  # it guesses what is navigation by its class
    skip_images=True,
)


def write(markup: str) -> str:
    """Markdown of a piece of HTML that has been cleared of what nobody reads."""
    return (convert(markup, _OPTIONS).content or "").strip()
