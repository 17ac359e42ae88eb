"""Which questions are the same: no trap may pass, and what people vary without meaning anything may."""

import pytest

from bot.answering.sameness import Guard, differences

TRAPS: list[tuple[Guard, str, str]] = [
    ("numbers", "Can I return it within 14 days?", "Can I return it within 30 days?"),
    ("numbers", "How much leave after one year?", "How much leave after five years?"),
    ("numbers", "What was my bill in May?", "What was my bill?"),
    ("numbers", "Can I work from home on Fridays?", "Can I work from home?"),
    ("numbers", "Is 50% paid?", "Is 15% paid?"),
    ("numbers", "Remind me at 7am", "Remind me at 7pm"),
    ("negation", "Cancel my subscription", "Don't cancel my subscription"),
    ("negation", "May I travel without a visa?", "May I travel with a visa?"),
    ("opposite", "How do I turn on the VPN?", "How do I turn off the VPN?"),
    ("opposite", "Can I book before 9?", "Can I book after 9?"),
    ("opposite", "Do all employees get it?", "Do employees get it?"),
    ("word", "Is leave paid?", "Is leave unpaid?"),
    ("word", "How do I lock my card?", "How do I unlock my card?"),
    ("word", "Does the employer pay?", "Does the employee pay?"),
    ("word", "Who approved the trip?", "Who approves the trip?"),
    ("word", "What was the deadline?", "What is the deadline?"),
    ("word", "Do I have to pay for parking?", "Can I pay for parking?"),
    ("word", "How many days can I carry over?", "How many days must I carry over?"),
    ("word", "What is the team budget?", "What is the budget?"),
    ("word", "What does HR do?", "What is HR?"),
    ("word", "A visa for France and Spain?", "A visa for France or Spain?"),
    ("whose", "Who do I report to?", "Who reports to me?"),
    ("whose", "What is your name?", "What is my name?"),
    ("whose", "What is our budget?", "What is my budget?"),
    ("whose", "How do I reset my password?", "How do I reset her password?"),
    ("whose", "How many days of leave in the US?", "How many days of leave?"),
    ("name", "Who leads IT?", "Who leads?"),
    ("name", "Who is Anna Hansson?", "Who is Anna Hanson?"),
    ("name", "Do we deliver to Hackney?", "Do we deliver to Hounslow?"),
    ("question word", "When do I get paid?", "How do I get paid?"),
    ("question word", "How long is the probation?", "How much is the probation?"),
    ("order", "How do I convert PDF to Word?", "How do I convert Word to PDF?"),
    ("order", "London to Paris flight", "Paris flight to London"),
    ("order", "Does Anna approve Ben's leave?", "Does Ben approve Anna's leave?"),
    ("order", "How do I file expenses for Bob?", "How does Bob file expenses?"),
    ("length", "?", "!"),
    ("length", " ".join(f"word{n}" for n in range(60)), " ".join(f"word{n}" for n in range(60))),
]


@pytest.mark.parametrize(("guard", "one", "other"), TRAPS)
def test_one_word_can_make_it_another_question(guard: Guard, one: str, other: str) -> None:
    assert guard in differences(one, other)
    assert guard in differences(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("How do I reset my password?", "how can i reset the password"),
        ("Who approves a business trip?", "Hi team, who approves business trips please?"),
        ("How many vacation days do I get?", "How many vacation days do I have?"),
        ("Is it possible to work from abroad?", "Can I work from abroad?"),
        ("What's the Wi-Fi password?", "what is the wifi password"),
        ("When are salaries paid?", "When is the salary paid?"),
        ("How do I change my account's address?", "How do I chnage my acount's address?"),
        ("How do I set up voicemail on my phone?", "On my phone, how do I set up voicemail?"),
        ("How do I book two rooms?", "How do I book 2 rooms?"),
        ("Wie viele Urlaubstage habe ich?", "wie viele urlaubstage habe ich"),
    ],
)
def test_what_means_nothing_makes_no_other_question(one: str, other: str) -> None:
    assert differences(one, other) == frozenset()
    assert differences(other, one) == frozenset()


def test_another_languages_words_all_count() -> None:
    assert differences("Wie viele Urlaubstage habe ich?", "Wie viele Urlaubstage hast du?")
