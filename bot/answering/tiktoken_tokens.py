"""Counting tokens before a model is called.

tiktoken's cl100k vocabulary is an estimate for Claude, which has one of its own; what was really used
comes from the API afterwards. tiktoken would fetch the vocabulary at run time, keep it in a folder that
anybody may write to, and delete a copy that it dislikes, so it is read from our own file instead.
"""

import base64
import hashlib
from importlib.resources import files

import tiktoken

from wire.errors import SettingsError

VOCABULARY = "cl100k_base.tiktoken"
VOCABULARY_SHA256 = "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7"
"""As in tiktoken_ext.openai_public."""
SPLIT = (
    r"""'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+"""
    r"""|\s++$|\s*[\r\n]|\s+(?!\S)|\s"""
)
"""cl100k's way of cutting text before it is encoded; as in tiktoken_ext.openai_public."""


class TiktokenTokens:
    """Counts tokens; takes about a seventh of a second to open, then some millions of tokens a second."""

    def __init__(self, encoding: tiktoken.Encoding) -> None:
        self._encoding = encoding

    @classmethod
    def open(cls) -> "TiktokenTokens":
        """Read the vocabulary that comes with the package (blocking).

        Raises:
            SettingsError: the file is missing or was changed.
        """
        try:
            content = (files("bot.answering") / "tokenizer" / VOCABULARY).read_bytes()
        except OSError as error:
            raise SettingsError(
                f"{VOCABULARY} is missing from the installation; install Answerdesk again"
            ) from error
        if hashlib.sha256(content).hexdigest() != VOCABULARY_SHA256:
            raise SettingsError(f"{VOCABULARY} was changed; install Answerdesk again")
        pairs = (line.split() for line in content.splitlines() if line)
        ranks = {base64.b64decode(token): int(rank) for token, rank in pairs}
        return cls(tiktoken.Encoding("cl100k_base", pat_str=SPLIT, mergeable_ranks=ranks, special_tokens={}))

    def count(self, text: str) -> int:
        """How many tokens the text is; a special token's name in it counts as the text it is."""
        return len(self._encoding.encode_ordinary(text))
