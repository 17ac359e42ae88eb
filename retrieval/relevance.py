"""How likely it is that anything found answers the question.

A logistic curve over the best passage's cosine, for questions of which three in five can be answered.
Its slope was fitted (both classes weighing the same, ridge 10 on the standardized cosine) on
azure-ragchat: 175 answerable questions and 45 that its documents do not answer, each with its best
cosine among 8 passages of this search. At the default floor of 0.25, a cosine of 0.33, with the packaged
model:

    set                                    answerable, still answered    unanswerable, refused
    azure-ragchat (fitted on)              100 % of 175                  51 % of 45
    mtrag-un (checked; the last turn       92 % of 332                   23 % of 97
      alone, follow-ups not rewritten)

The floor refuses what the documents are not about at all (every such question of azure-ragchat is below
0.17 in cosine). What gets through are near misses: questions in the documents' own words on what they do
not say, and those are for the model that writes the answer to refuse. A floor that caught more of them
(0.40 in cosine: 60 % and 51 %) refused 15 % of mtrag-un's answerable questions, and short ones about a
handbook such as "who do I call when the database is down". The area under the curve is 0.83 and 0.78; the
best sentence's cosine reaches 0.86 and 0.81, but costs a hundred milliseconds of encoding.
"""

import math

INTERCEPT = -2.90
SLOPE = 5.52


def relevance(*, cosine: float) -> float:
    """From 0 to 1, for the best cosine among the passages found."""
    return 1 / (1 + math.exp(-(INTERCEPT + SLOPE * cosine)))
