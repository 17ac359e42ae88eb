"""Whatever a model writes, Slack takes the messages that show it, and nothing in them pings anybody."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.shown_texts import problems

BLOCKS = (
    "# One\n## Two\n####### Seven\n#none\nUnder\n===\nAlso\n---\n",
    "    code by indent\n\n\ttab\n",
    "```\nopen\n\n````\n```` py\nx\n````\n~~~\n```\n~~~",
    "- a\n\n\n  b\n\n      code in an item\n1) c\n1. d\n10. e\n",
    "1. a\n   - b\n     - c\n2. d\n   1. e\n3. f\n\n7. g\n- \n-\n+ h\n* i\n",
    "0. a\n0. b\n999999999. c\n1234567890. no list\n",
    "- - - a\n* * *\n_____\n - - -\n",
    "> a\nb\n>> c\n> - d\n>   e\n> ```\n> f\n",
    "- > # a\n  > 1. b\n- ```\n  c\n  ```\n- | d |\n  | - |\n",
    "| a | b |\n| - | :-: |\n| 1 |\n| 1 | 2 | 3 |\n| `\\|` | **x |\n",
    "| a |\n| - |\n\n| b |\n| - |\n| c |\n",
    "<div>\n*a*\n</div>\n\n<!-- b -->\n<?php c ?>\n<![CDATA[d]]>\n",
    "[a]: /url 'title'\n[a]\n[^1]: note\n[1]: https://evil.example\n[1]\n",
    "0. - ```\n0. ",
)
INLINES = (
    "\\*no\\* \\\\ \\a &amp; &copy; &#35; &#x22; &nbsp; &bogus; &#0;",
    "`a` `` b ` c `` ` ` `` `` `d",
    "*a **b*** __c_d__ ***e** f* *g*h* _i_j ~~k~~ ~l~ **m *n** o*",
    "[a](b) [c](<d e>) [f](g 'h') [i [j]](k) ![l](m) [n][o] [p][] [q] [r](s(t)u) [](v) [w]()",
    "<https://a.example> <b@c.example> <d:e> <f> <g h='i'> </j> <k/>",
    "a  \nb\\\nc\nd   ",
    "[1] [2] [1][1] [1](x) [1]: [99] [\u0661]",
)
LIVE = (
    "<!channel> <!here|here> <!everyone> <!subteam^S1|@a> <!date^1392734382^{date}^https://a.example|b>",
    "<@U012AB3CD> <@W1|x> <#C012AB3CD|general> <#C1>",
    "&lt;!channel&gt; &lt;@U1&gt; &#60;!here&#62; \\<!channel> <\\!channel>",
    "<<!channel>> <!<!here>> <!channel <@U1>> `<!channel>`\n```\n<@U1>\n```\n    <#C1>",
    "[<!channel>](https://a.example) ![<@U1>](b) **<!here>** | <#C1> |\n| - |\n| <!channel> |",
    "<https://a.example|<!channel>> <mailto:a@b.example|c> <!channel\n>",
    "@channel @here @everyone #general :tada: :skin-tone-2:",
)
NAUGHTY = (
    "undefined null NULL nil NaN Infinity -Infinity 0x0 1E+02 1/0 -$1.00 1,000,000.00 \u0661\u0662\u0663",
    "\x01\x02\x1b[31m\x7f\x85 \t\x0b\x0c \r\n",
    "\u00a0\u1680\u2000\u200b\u2028\u2029\u202f\u205f\u3000\ufeff\u00ad\u180e",
    "\u202etest\u202c \u2066a\u2069 \u200f\u05d0\u05d1 \u0627\u0644",
    "Z\u0351\u036b\u0343\u036a\u0302\u036ba\u0334\u0335\u031e \u0e47\u0e47\u0e47\u0e47\u0e47\u0e47",
    "\U0001f469\u200d\U0001f469\u200d\U0001f467 1\ufe0f\u20e3 \U0001f1e9\U0001f1ea \U0001f3fd \u2764\ufe0f",
    "田中さんにあげて下さい パーティーへ行かないか 사회과학원 ヽ༼ຈل͜ຈ༽ﾉ ﷽ \U0001d54b\U0001d559\U0001d556",
    "<script>alert('a')</script> <img src=x onerror=alert(1)> <svg/onload=b> javascript:c \"><script>d",
    "'; DROP TABLE users; -- 1' OR '1'='1 %s %d %n {0} {{7*7}} ${HOME} $(touch a) `b` ../../etc/passwd",
    "() { 0; }; touch /tmp/a; %00 \\u0000 \\x00 \ud7ff \ue000 \ufffd \uffff",
    "",
    " ",
    "\n\n\n",
    "[[[[[[((((((<<<<<<******______``````~~~~~~||||||>>>>>>",
)


@pytest.mark.parametrize("text", [*BLOCKS, *INLINES, *LIVE, *NAUGHTY], ids=lambda text: repr(text[:24]))
def test_slack_takes_it_at_every_moment_and_nobody_is_pinged(text: str) -> None:
    """Promise 32: whole, and after every character. `tests/bench/bench_written_texts.py` does all of them."""
    assert not list(problems(text))


GRAMMAR = st.recursive(
    st.sampled_from([*"<>!@#&*_`~[]()|\\ \n\t-+.0", "<!channel>", "<@U1>", "<#C1|x>", "[1]", "word", "&lt;"]),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=4).map("".join)
        | inner.map(lambda text: "\n".join(f"> {line}" for line in text.split("\n")))
        | inner.map(lambda text: "- " + text.replace("\n", "\n  ") + "\n")
        | inner.map(lambda text: "3. " + text.replace("\n", "\n   ") + "\n")
        | inner.map(lambda text: f"\n```\n{text}\n```\n")
        | inner.map(lambda text: f"\n| {text} | b |\n| - | - |\n| c | {text} |\n")
        | inner.map(lambda text: f"**{text}**")
        | inner.map(lambda text: f"[{text}](https://x.example/{text})")
    ),
    max_leaves=12,
)


@settings(max_examples=150)
@given(GRAMMAR)
def test_whatever_markdown_it_is_slack_takes_it_and_nobody_is_pinged(text: str) -> None:
    """Promise 32: by a grammar of what stands in what, at each of its moments."""
    assert not list(problems(text[:400], every=7))
