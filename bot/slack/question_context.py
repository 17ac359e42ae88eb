"""What belongs to a question beside its words: what was said before it, who asks, and how they want it."""

import structlog

from bot.answering.question import Attached, Question, Turn
from bot.slack.audience import Audience
from bot.slack.claim_ports import BrokenOff
from bot.slack.events import spoken
from bot.slack.ports import Identity, Messages, Preferences, ThreadMessage
from bot.slack.viewing import points_here
from wire.errors import RefusedError, UnavailableError
from wire.questions import QuestionAsked, QuestionName

TURNS_READ = 20

_log = structlog.get_logger("replying")


class QuestionContext:
    """Makes of what was asked the question that the pipeline answers."""

    def __init__(
        self,
        *,
        messages: Messages,
        audience: Audience,
        broken_off: BrokenOff,
        preferences: Preferences,
        identity: Identity,
    ) -> None:
        self._messages = messages
        self._audience = audience
        self._broken_off = broken_off
        self._preferences = preferences
        self._identity = identity

    async def question(self, asked: QuestionAsked, *, readers: tuple[str, ...], attempt: int) -> Question:
        """The question with all that belongs to it; without the thread or place that Slack does not tell.

        Args:
            asked: what was asked.
            readers: who will read the answer.
            attempt: counts the tries to answer it, this one included.

        Raises:
            UnavailableError: what was set, or what broke off before, can't be read.
            MalformedError, SettingsError: Slack does not take the call.
        """
        asker = await self._audience.asker(asked.user, team=asked.team)
        wanted = await self._preferences.wanted(asked)
        conversation = await self._conversation(asked)
        return Question(
            id=asked.id,
            text=self.words(asked.text),
            person=asker.person,
            groups=asker.groups,
            zone=asker.zone,
            principals=readers,
            conversation=conversation[-TURNS_READ:],
            cut=len(conversation) > TURNS_READ,
            attempt=attempt,
            fresh=asked.attempt > 0 or wanted.fresh,
            manner=wanted.manner,
            so_far=await self._broken_off.before(asked, readers=readers),
            viewing=await self._viewing(asked),
            files=tuple(Attached(id=file.id, name=file.name) for file in asked.files),
        )

    def words(self, text: str) -> str:
        """A message as it was meant, with people's names as far as they are known."""
        return spoken(text, bot_user=self._identity.user, names=self._audience.names())

    async def _viewing(self, asked: QuestionAsked) -> str:
        """The channel that a question points at from the pane beside it; empty where that is not known."""
        if asked.viewing is None or not points_here(asked.text):
            return ""
        try:
            return await self._messages.place_name(asked.viewing) or ""
        except (UnavailableError, RefusedError) as error:
            _log.info("the place that a question points at has no name", reason=str(error))
            return ""

    async def _conversation(self, asked: QuestionAsked) -> tuple[Turn, ...]:
        """What was said before: people's messages, and our finished answers to earlier questions.

        Such an answer may stand after this question, if it was still being written when this was asked.
        """
        if asked.thread_ts is None:
            return ()
        try:
            messages = await self._messages.thread(channel=asked.channel, thread_ts=asked.thread_ts)
        except (UnavailableError, RefusedError) as error:
            # The question is still worth an answer by itself.
            _log.warning("thread not read", reason=str(error))
            return ()
        earlier = [message for message in messages if _is_earlier(message, asked)]
        names = self._audience.names()
        return tuple(
            Turn(
                role="assistant" if message.ours else "user",
                author="you" if message.ours else names.get(message.user, "somebody"),
                text=self.words(message.text),
            )
            for message in earlier
        )


def _is_earlier(message: ThreadMessage, asked: QuestionAsked) -> bool:
    if not message.ours:
        return float(message.ts) < float(asked.ts)
    answered = QuestionName.read(message.question or "")
    return message.finished and answered is not None and float(answered.ts) < float(asked.ts)
