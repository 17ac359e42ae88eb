"""A prompt within its tokens: by estimate, and near the edge as the model itself counts."""

import math
from collections.abc import Sequence
from dataclasses import replace

from bot.answering.estimate import Estimate
from bot.answering.files import Files
from bot.answering.model import Model
from bot.answering.prompt import Count, Prompt, build_prompt
from bot.answering.question import Question
from wire.search import Passage

NEAR_THE_EDGE = 0.9
"""Of the prompt's tokens: from here on the model is asked how many they are, which costs a moment."""


async def fitted_prompt(
    question: Question,
    passages: Sequence[Passage],
    *,
    files: Files,
    model: Model,
    estimate: Estimate,
    prompt_tokens: int,
    answer_tokens: int,
) -> Prompt:
    """What a model is given of all this; where it says how many tokens that is, no more than may be.

    Args:
        question: as the model is asked it.
        passages: what was found, best first.
        files: what of the question's files was read.
        model: who will write.
        estimate: counts where the model need not be asked.
        prompt_tokens: most tokens sent to it.
        answer_tokens: most tokens that it may write.

    Raises:
        RefusedError: the question leaves no room for even one passage, and no file came with it.
    """

    def build(count: Count) -> Prompt:
        return build_prompt(
            question,
            passages,
            prompt_tokens=prompt_tokens,
            answer_tokens=answer_tokens,
            count=count,
            files=files,
        )

    prompt = build(estimate.count)
    if prompt.tokens < NEAR_THE_EDGE * prompt_tokens:
        return prompt
    counted = await model.count(prompt)
    if counted is None:
        return prompt
    if counted <= prompt_tokens:
        return replace(prompt, tokens=counted)
    more = counted / prompt.tokens
    return build(lambda text: math.ceil(estimate.count(text) * more))
