"""A second embedding model, made of the packaged one: the same weights read other words."""

import json
import shutil
from pathlib import Path
from typing import Any

from retrieval.fastembed_encoder import MODELS

FIRST_WORD = 2000
"""Of the vocabulary; what stands before it are the model's own signs, and letters."""


def make_another_model(folder: Path) -> Path:
    """Copy the packaged model, with every word in the next one's place.

    So a text and itself are near, here as there, and a text here is far from itself there.
    """
    shutil.copytree(MODELS / "all-MiniLM-L6-v2", folder)
    path = folder / "tokenizer.json"
    tokenizer: dict[str, Any] = json.loads(path.read_text())
    vocabulary: dict[str, int] = tokenizer["model"]["vocab"]
    words = [word for word, number in vocabulary.items() if number >= FIRST_WORD]
    numbers = [vocabulary[word] for word in words]
    vocabulary.update(zip(words, [*numbers[1:], numbers[0]], strict=True))
    path.write_text(json.dumps(tokenizer))
    return folder
