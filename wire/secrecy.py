"""What must not be read in a log: secrets by how they look, and the words of libraries' exceptions (pure).

Nothing of ours logs a secret on purpose. This is for what a library puts into a message or an exception.
"""

import re
import traceback
from collections.abc import Iterator

from wire.errors import AnswerdeskError

REDACTED = "[redacted]"
CHAIN = 8
"""Exceptions of a chain that are told of."""

_SECRET = re.compile(
    r"""
      \bxox[a-z](?:\.xox[a-z])?[-.][\w.%-]{3,}              # Slack's: bot, user, refresh, configuration
    | \bxapp-[\w-]{3,}                                      # Slack's app-level token
    | hooks\.slack\.com/[\w/+-]+                            # a response_url or a webhook
    | wss?://[^\s"']+ticket=[^\s"'&]+                       # a socket's address with its ticket
    | \bsk-[A-Za-z0-9][\w-]{7,}                             # Anthropic's keys, and others' that begin so
    | (?<![A-Za-z0-9])adk_[\w-]{8,}                          # ours: see wire.key_settings
    | \b(?:AKIA|ASIA)[A-Z0-9]{12,}                          # AWS
    | \b(?:gh[oprsu]_|github_pat_)\w{8,}                    # GitHub
    | \bglpat-[\w-]{8,}                                     # GitLab
    | \bAIza[\w-]{20,}                                      # Google
    | \beyJ[\w-]{6,}\.[\w-]{6,}\.[\w-]*                     # a JSON Web Token
    | -----BEGIN[ A-Z]*PRIVATE[ ]KEY-----.*?(?:-----END[ A-Z]*PRIVATE[ ]KEY-----|\Z)
    | (?<=://)[^\s/@:"']*:[^\s/@"']+(?=@)                   # user and password in a URL
    | (?<=://)[^\s/@:?#"']+(?=@)                            # a token by itself
    | (?<=[Bb]earer[ ])[\w.~+/=-]{6,}
    | (?<=[Bb]asic[ ])[A-Za-z0-9+/=]{8,}
    | (?i:(?<=password=)|(?<=passwd=)|(?<=secret=)|(?<=token=)|(?<=api_key=)|(?<=x-api-key:[ ]))[^\s&"',;]+
    """,
    re.VERBOSE | re.DOTALL,
)


def redacted(text: str) -> str:
    """The text without what looks like a secret."""
    return _SECRET.sub(REDACTED, text)


def told(error: BaseException, *, with_words: bool) -> str:
    """A traceback: where, and which kind of error.

    Our own errors' sentences are made to be shown. Another library's may repeat what it was given, a
    document's text or a key: its words stand here only ``with_words``.
    """
    return "\n".join(line.rstrip("\n") for line in _lines(error, with_words=with_words, left=CHAIN))


def _lines(error: BaseException, *, with_words: bool, left: int) -> Iterator[str]:
    if not left:
        yield "..."
        return
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None:
        yield from _lines(before, with_words=with_words, left=left - 1)
        yield "and then:"
    yield "Traceback (most recent call last):"
    yield from traceback.format_tb(error.__traceback__)
    words = f": {error}" if with_words or isinstance(error, AnswerdeskError) else ""
    yield f"{type(error).__module__}.{type(error).__qualname__}{words}"
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions[:CHAIN]:
            yield "in it:"
            yield from _lines(each, with_words=with_words, left=left - 1)
