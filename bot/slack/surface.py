"""A workspace, as answers are shown in it."""

from dataclasses import dataclass

from bot.slack.agent_thread import Agents, AgentThread
from bot.slack.claim_ports import Claim
from bot.slack.live_message import LiveMessage
from bot.slack.metering import UNMETERED, Seen, ShownMeter
from bot.slack.native_stream import Streaming
from bot.slack.ports import EditBudget, Messages
from bot.slack.standing import Place, Standing
from wire.questions import QuestionAsked


@dataclass(frozen=True, kw_only=True)
class Surface:
    """What the messages of all answers have in common.

    Attributes:
        messages: posts and edits them.
        budget: how often.
        streaming: which of them grow by Slack's own streaming.
        agents: what Slack shows of us beside them.
        asks_humans: whether a person can be asked where an answer does not help.
        meter: is told what people see when.
    """

    messages: Messages
    budget: EditBudget
    streaming: Streaming
    agents: Agents
    asks_humans: bool = False
    meter: ShownMeter = UNMETERED

    def agent_thread(self, question: QuestionAsked) -> AgentThread:
        """What Slack shows of us in the question's thread."""
        return AgentThread(
            self.agents, channel=question.channel, thread_ts=question.thread, asker=question.user
        )

    def seen(self, question: QuestionAsked) -> Seen:
        """What its asker has seen so far: nothing."""
        return Seen(self.meter, asked_at=question.asked_at)

    def live_message(
        self,
        question: QuestionAsked,
        claim: Claim,
        *,
        agent: AgentThread,
        seen: Seen,
        begun: bool | None = None,
    ) -> LiveMessage:
        """The question's answer, with what is on record of it; ``begun`` as in `LiveMessage`."""
        place = Place(
            channel=question.channel,
            thread_ts=question.thread,
            question=question.name,
            asker=question.user,
            asks_humans=self.asks_humans,
        )
        standing = Standing(
            messages=self.messages,
            budget=self.budget,
            streaming=self.streaming,
            place=place,
            hold=claim,
            known=claim.messages,
            more_may_stand=claim.messages_unknown,
        )
        return LiveMessage(standing=standing, agent=agent, seen=seen, begun=begun)
