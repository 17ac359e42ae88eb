"""Our packaged model in fastembed's own cache, for libraries that build on it and take no path."""

import os
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

from fastembed import TextEmbedding
from fastembed.common.model_description import ModelSource, PoolingType

NAME = "answerdesk/all-MiniLM-L6-v2"
MODELS = Path(__file__).parents[3] / "retrieval" / "model"
DIMENSIONS = 384


def offer_packaged_model(cache: str) -> str:
    """Put the dense model and BM25's stop words where fastembed looks when it may not download.

    Returns:
        the dense model's name.
    """
    for kept in ("all-MiniLM-L6-v2", "bm25"):
        place = Path(cache) / kept
        if not place.exists():
            place.symlink_to(MODELS / kept)
    (weights,) = (MODELS / "all-MiniLM-L6-v2").glob("**/*.onnx")
    TextEmbedding.add_custom_model(
        model=NAME,
        pooling=PoolingType.DISABLED,
        normalization=False,
        sources=ModelSource(url=MODELS.as_uri()),
        dim=DIMENSIONS,
        model_file=str(weights.relative_to(MODELS / "all-MiniLM-L6-v2")),
        output_name="sentence_embedding",
    )
    return NAME
