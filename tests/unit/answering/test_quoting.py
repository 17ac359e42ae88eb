"""A passage in pieces."""

from hypothesis import given
from hypothesis import strategies as st

from bot.answering.quoting import pieces

PASSAGE = """\
It takes 3.5 days, e.g. Monday to Thursday. Dr. Meier decides. You get:

- Germany: 14 weeks. Paid in full.
  Ask early.
- France: 16 weeks
  - nested

| City | Limit |
| --- | --- |
| Berlin | 160 |

```sh
run [1]

again
```
Then sleep.
"""


def cut(text: str) -> list[tuple[str, str]]:
    return [(piece.kind, text[piece.start : piece.end].strip()) for piece in pieces(text)]


def test_sentences_are_cut_and_items_tables_and_code_stay_whole() -> None:
    assert cut(PASSAGE) == [
        ("sentence", "It takes 3.5 days, e.g. Monday to Thursday."),
        ("sentence", "Dr. Meier decides."),
        ("sentence", "You get:"),
        ("item", "- Germany: 14 weeks. Paid in full.\n  Ask early."),
        ("item", "- France: 16 weeks\n  - nested"),
        ("table", "| City | Limit |\n| --- | --- |\n| Berlin | 160 |"),
        ("code", "```sh\nrun [1]\n\nagain\n```"),
        ("sentence", "Then sleep."),
    ]


@given(
    st.text(alphabet=st.sampled_from("aB. \n-|#>`1\r\t*[]:()é\x85\u2028"), max_size=80) | st.text(max_size=40)
)
def test_the_pieces_of_any_text_join_up_to_it_again(text: str) -> None:
    found = pieces(text)
    assert "".join(text[piece.start : piece.end] for piece in found) == (text if text.strip() else "")
    assert all(text[piece.start : piece.end].strip() for piece in found)
