"""What people say to whoever answers them that is no question: a greeting, thanks, "who are you?" (pure).

No document answers those, so nothing is searched for them, no model asked, and no gap in the documents noted.
Only a message that is nothing else is taken for it: "thanks, and in Lisbon?" is a question.
"""

import re

LONGEST = 80
"""Characters; nobody greets at greater length."""
SMALL_TALK = "small talk"
"""Who wrote the reply, where others are written by a model."""

HELLO = "Hello! What would you like to know? I look in the company's documents, as far as you may read them."
WHO = (
    "I'm a bot that answers questions from the company's documents. I look only into what everybody may read "
    "who can read my answer, name my sources, and say so where they have no answer. Ask me in your own "
    "words; in Slack, `/answerdesk help` tells what else I can do."
)
WELCOME = "You're welcome."
GLAD = "Glad to help."
GOODBYE = "Goodbye!"
SORRY = (
    "I'm sorry that I was no help. Other words may find more, and where I find nothing, a colleague may "
    "know. In Slack, _Not helpful_ under an answer tells those who look after the documents what was wrong."
)
NO_WORDS = "What would you like to know? Ask me a question, and I'll look in the company's documents."

_EMOJI = re.compile(r":[a-z0-9_+-]+:")
_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)?")
_HI = (
    r"(?:hi+|hello+|hey+|hiya|howdy|yo|greetings|good (?:morning|afternoon|evening|day)|moin|servus|hallo"
    r"|guten (?:morgen|tag|abend)|bonjour|bonsoir|salut|hola|buen[oa]s (?:d[ií]as|tardes|noches)|ol[aá]"
    r"|bom dia|boa (?:tarde|noite))(?: (?:there|all|everyone|everybody|team|again|bot|answerdesk|you))*"
)
_GREETED = rf"(?:{_HI} )?(?:how are you(?: doing)?(?: today)?|how's it going|what's up)|{_HI}"
_ASKED_WHO = (
    rf"(?:{_HI} )?(?:(?:who|what) (?:exactly )?are (?:you|u)|what(?:'s| is) your name"
    r"|what (?:can|do|could) (?:you|u) do(?: for (?:me|us)| here)?"
    r"|what (?:can|could|may|should) (?:i|we) ask(?: you)?(?: about)?|how (?:do|can) (?:i|we) use you"
    r"|how do you work|(?:how )?(?:can|could) you help(?: me| us)?|(?:please )?help(?: me)?(?: please)?"
    r"|are you (?:an? )?(?:real )?(?:bot|robot|human|person|ai|machine)|who (?:made|built|created|wrote) you"
    r"|introduce yourself|tell me about yourself|wer bist du|was kannst du|qui (?:es tu|êtes vous)"
    r"|quién eres|quem és)"
)
_PRAISE = (
    r"(?:ok(?:ay)?|great|perfect|cool|nice|good|super|awesome|wow|lovely|got it|alright|all right|i see"
    r"|understood|well done|good (?:job|bot)|nice one|that help(?:s|ed)|that was helpful|very helpful)"
)
_THANKED = (
    rf"(?:{_PRAISE} )*(?:(?:many|a thousand) )?(?:thanks|thank (?:you|u)|thx|ty|cheers|merci|danke(?: schön)?"
    r"|vielen dank|obrigad[oa]|gracias|grazie)(?: (?:you|so|very|much|a lot|a ton|again|bot|answerdesk"
    rf"|(?:all|for) (?:your|the) help|for (?:that|this)|{_PRAISE}))*"
)
_LEFT = r"(?:good ?)?bye(?: bye)?|good night|see you(?: later| tomorrow)?|tschüss|au revoir|adiós"
_SCOLDED = (
    r"(?:(?:you're|you are|u r|ur|this is|that's|that is|that was|this bot is|it's|it is)"
    r"(?: (?:so|really|very|such|an?|totally|completely|absolutely|fucking|just))* "
    r"(?:useless|stupid|dumb|idiot|moron|rubbish|garbage|crap|worthless|terrible|awful|annoying|bad|no help"
    r"|not helpful|unhelpful)(?: bot)?)|useless|stupid bot|bad bot|not helpful"
    r"|fuck (?:you|off)|shut up|i hate you"
)
_REPLIES = tuple(
    (re.compile(said, re.IGNORECASE), reply)
    for said, reply in (
        (_GREETED, HELLO),
        (_ASKED_WHO, WHO),
        (_THANKED, WELCOME),
        (rf"{_PRAISE}(?: (?:{_PRAISE}|bot))*|ha(?:ha)+|lol", GLAD),
        (_LEFT, GOODBYE),
        (_SCOLDED, SORRY),
    )
)


def small_talk(text: str) -> str | None:
    """What is said back to a message, as Markdown; None where it may be a question, or is empty."""
    words = " ".join(_WORD.findall(_EMOJI.sub(" ", text).replace("\u2019", "'")))
    if not words:
        return NO_WORDS if text.strip() else None
    if len(words) > LONGEST:
        return None
    return next((reply for said, reply in _REPLIES if said.fullmatch(words)), None)
