"""The languages that answers can be asked for in, for people and channels (pure)."""

AS_ASKED = "as asked"
LANGUAGES = {
    "English": "English",
    "German": "Deutsch",
    "French": "Français",
    "Spanish": "Español",
    "Portuguese": "Português",
    "Italian": "Italiano",
    "Dutch": "Nederlands",
    "Polish": "Polski",
    "Czech": "Čeština",
    "Turkish": "Türkçe",
    "Ukrainian": "Українська",
    "Chinese": "中文",
    "Japanese": "日本語",
    "Korean": "한국어",
    "Hindi": "हिन्दी",
    "Arabic": "العربية",
}
"""As the model is told of them, and as their speakers call them."""


def language_options(*, as_asked: str) -> dict[str, str]:
    """What can be chosen: labels by their values; ``as_asked`` is what the question's own is called."""
    return {AS_ASKED: as_asked, **LANGUAGES}


def shown_language(kept: str | None) -> str:
    """The value that stands for what was kept."""
    return kept if kept in LANGUAGES else AS_ASKED


def kept_language(chosen: str) -> str | None:
    """What is kept of a choice: the language, or None for the question's own."""
    return chosen if chosen in LANGUAGES else None
