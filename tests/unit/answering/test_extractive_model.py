"""Answers in the documents' own sentences read well, and every word of them is quoted."""

from bot.answering.extractive_model import CLOSING, ExtractiveModel
from bot.answering.model import Cited, Finished, ModelEvent, Text
from bot.answering.outdated import outdated
from bot.answering.prompt import Prompt
from bot.answering.quoting import pieces
from tests.retrieval_stand_in import passage
from wire.search import Highlight, Passage


def scored(text: str, scores: dict[str, float], *, document: str = "leave", title: str = "Leave") -> Passage:
    """A passage whose pieces that begin so are so near to the question."""
    highlights = tuple(
        Highlight(start=piece.start, end=piece.end, score=score)
        for piece in pieces(text)
        for words, score in scores.items()
        if text[piece.start : piece.end].startswith(words)
    )
    return passage(text, document=document, title=title, highlights=highlights)


async def told(*passages: Passage) -> tuple[str, list[ModelEvent]]:
    prompt = Prompt(
        question="?", passages=passages, turns=(), answer_tokens=100, tokens=0, outdated=outdated(passages)
    )
    events = [event async for event in ExtractiveModel(pace_s=0).stream(prompt)]
    return "".join(
        event.text if isinstance(event, Text) else f"[{event.passage}]"
        for event in events
        if isinstance(event, Text | Cited)
    ), events


async def test_the_best_sentences_are_told_in_reading_order_and_cited_together() -> None:
    text = "One is near. Two is nearer. Three is far. Four is near."
    answer, _ = await told(scored(text, {"One": 0.7, "Two": 0.8, "Three": 0.1, "Four": 0.7}))
    assert answer == f"One is near. Two is nearer. Four is near.[0][0]\n\n{CLOSING}"


async def test_documents_have_their_titles_and_the_best_comes_first() -> None:
    answer, _ = await told(
        scored("Two thirds. Not so.", {"Two": 0.6}, title="B"),
        scored("A half. Not so.", {"A": 0.7}, document="other", title="A_*"),
    )
    assert answer == f"**A\\_\\***\n\nA half. Not so.[1]\n\n**B**\n\nTwo thirds.[0]\n\n{CLOSING}"


async def test_a_table_is_quoted_whole_with_the_line_that_announces_it() -> None:
    text = "Intro. The limits:\n\n| City | Limit |\n| --- | --- |\n| Berlin | 160 |\n| Lisbon | 150 |\n\nEnd."
    answer, _ = await told(scored(text, {"| City": 0.8}))
    assert answer == f"{text.removeprefix('Intro. ').removesuffix(chr(10) * 2 + 'End.')}[0]\n\n{CLOSING}"


async def test_a_lone_item_is_told_as_a_sentence_and_two_as_a_list() -> None:
    text = "- Germany gets 14\n- France gets 16\n- Spain gets 20"
    alone, _ = await told(scored(text, {"- France": 0.8}))
    assert alone == f"France gets 16[0]\n\n{CLOSING}"
    together, _ = await told(scored(text, {"- France": 0.8, "- Spain": 0.8}))
    assert together == f"- France gets 16\n- Spain gets 20[0]\n\n{CLOSING}"


async def test_a_line_that_announces_a_list_brings_it() -> None:
    answer, _ = await told(scored("You need:\n\n- a form\n- a pen\n\nThen go.", {"You": 0.8}))
    assert answer == f"You need:\n\n- a form\n- a pen[0]\n\n{CLOSING}"


async def test_signposts_give_way_to_what_they_point_at_and_links_lead_nowhere() -> None:
    answer, _ = await told(
        scored("See [Lost laptop](lost.md) for that. More.", {"See": 0.65}),
        scored("Call [security](tel.md) at once. More.", {"Call": 0.9, "More": 0.69}, document="lost"),
    )
    assert answer == f"Call security at once. More.[1]\n\n{CLOSING}"


async def test_what_is_far_behind_the_best_is_left_out_in_its_document_as_in_others() -> None:
    best = scored("One is best. Two is near. Six is far.", {"One": 0.9, "Two": 0.74, "Six": 0.69})
    far = scored("Three is far.", {"Three": 0.69}, document="far")
    near = scored("Four is nearer. Five is near.", {"Four": 0.8, "Five": 0.76}, document="near", title="Near")
    assert (await told(best, far))[0] == f"One is best. Two is near.[0]\n\n{CLOSING}"
    answer, _ = await told(best, near)
    assert answer.endswith(f"**Near**\n\nFour is nearer. Five is near.[1]\n\n{CLOSING}")


async def test_a_sentence_counts_for_less_in_a_passage_that_the_search_thinks_worse_of() -> None:
    second = scored("Two is nearer. More.", {"Two": 0.8}, document="second", title="Second")
    first = scored("One is near. More.", {"One": 0.6}, title="First").model_copy(update={"score": 0.9})
    close, behind = (second.model_copy(update={"score": score}) for score in (0.75, 0.55))
    assert (await told(first, close))[0].startswith("**First**\n\nOne is near. More.[0]\n\n**Second**\n\nTwo")
    assert (await told(first, behind))[0] == f"One is near. More.[0]\n\n{CLOSING}"


async def test_a_question_or_a_bare_signpost_is_no_answer() -> None:
    answer, _ = await told(
        scored("Bringing somebody? For rooms, see [Rooms](rooms.md).", {"Bringing": 0.78, "For": 0.78}),
        scored("Register visitors.", {"Register": 0.6}, document="visitors"),
    )
    assert answer == f"Register visitors.[1]\n\n{CLOSING}"


async def test_a_sentence_that_leans_on_the_one_before_brings_it() -> None:
    answer, _ = await told(scored("Welcome. Rooms are free. They are locked at six.", {"They": 0.8}))
    assert answer == f"Rooms are free. They are locked at six.[0]\n\n{CLOSING}"


async def test_every_quote_stands_word_for_word_in_its_passage() -> None:
    first = scored("Call [security](tel.md) at once. Then wait.", {"Call": 0.9, "Then": 0.9})
    _, events = await told(first)
    quotes = [event.quote for event in events if isinstance(event, Cited)]
    assert quotes
    assert all(quote in first.text for quote in quotes)


async def test_it_comes_in_pieces_of_a_few_words() -> None:
    _, events = await told(scored("One two three four five six seven eight.", {"One": 0.9}))
    assert all(len(event.text.split()) <= 3 for event in events if isinstance(event, Text))
    assert events[-1] == Finished(stop="end")


async def test_where_nothing_is_near_enough_nothing_is_said() -> None:
    _, events = await told(scored("One two three.", {"One": 0.2}), passage("No highlights."))
    assert events == [Finished(stop="nothing")]


async def test_the_same_sentence_in_two_passages_is_told_once() -> None:
    answer, _ = await told(
        scored("The rule is this.", {"The": 0.8}), scored("The rule is this.", {"The": 0.8}, document="copy")
    )
    assert answer.count("The rule is this.") == 1


OLD = "This policy was replaced in 2026. Hotels cost up to EUR 110."


async def test_the_present_policy_wins_over_one_that_says_that_it_was_replaced() -> None:
    answer, _ = await told(
        scored(OLD, {"Hotels": 0.9}, document="old", title="Travel 2023"),
        scored("Hotels cost up to EUR 150. More.", {"Hotels": 0.6}, document="new", title="Travel 2026"),
    )
    assert answer == f"Hotels cost up to EUR 150. More.[1]\n\n{CLOSING}"


async def test_where_only_an_outdated_document_answers_it_is_told_so() -> None:
    answer, _ = await told(
        scored(OLD, {"Hotels": 0.9}, document="old", title="Travel 2023"),
        scored("Trains first. More.", {"Trains": 0.4}, document="new", title="Travel 2026"),
    )
    assert answer.startswith(
        "**Travel 2023** (which says that it was replaced or is out of date)\n\nHotels cost up to EUR 110."
    )
