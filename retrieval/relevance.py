"""How likely it is that anything found answers the question.

A logistic curve over the best passage's cosine, for questions of which half can be answered. Fitted
(both classes weighing the same, ridge 10 on the standardized cosine) on azure-ragchat: 175 answerable
questions, 45 that its documents do not answer, each question's best cosine among 8 passages of this
search. At the default floor of 0.25, which is a cosine of 0.40, with the packaged model:

    set                              answerable still answered    unanswerable refused
    azure-ragchat (fitted on)        175 of 175                   60 %
    mtrag-un (checked; last turn     85 % of 332                  51 % of 97
      alone, without rewriting)

What gets through are near misses: questions in the documents' own words on what they don't say. The
model that writes the answer has to refuse those. The area under the curve is 0.83 and 0.78; the best
sentence's cosine reaches 0.86 and 0.81, but costs a hundred milliseconds of encoding.
"""

import math

INTERCEPT = -3.30
SLOPE = 5.52


def relevance(*, cosine: float) -> float:
    """From 0 to 1, for the best cosine among the passages found."""
    return 1 / (1 + math.exp(-(INTERCEPT + SLOPE * cosine)))
