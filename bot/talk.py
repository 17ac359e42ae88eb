"""What people say and do in Slack, and who sees to each kind of it."""

from dataclasses import dataclass

from nats.aio.client import Client

from bot.home.nats_preferences import NatsPreferences
from bot.slack.asking import Asking
from bot.slack.asking_for import AskingFor
from bot.slack.asking_human import AskingHuman
from bot.slack.audience import Audience
from bot.slack.commanding import Commanding, Usage
from bot.slack.following import Following
from bot.slack.nats_claims import NatsClaims
from bot.slack.nats_feedback import NatsFeedback
from bot.slack.nats_questions import QuestionQueue
from bot.slack.nats_stops import NatsStops
from bot.slack.nats_threads import Threads
from bot.slack.offering import Offering
from bot.slack.picking import Picking
from bot.slack.ports import Interaction
from bot.slack.rating import Rating
from bot.slack.slack_workspace import SlackWorkspace
from retrieval.client import RetrievalClient
from wire.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Kept:
    """Where what people say is kept."""

    queue: QuestionQueue
    threads: Threads
    claims: NatsClaims
    stops: NatsStops
    feedback: NatsFeedback
    preferences: NatsPreferences


@dataclass(frozen=True, kw_only=True)
class Talk:
    """Who sees to it.

    Attributes:
        asking: questions and the buttons under answers.
        commanding: slash commands, and the buttons of what they show.
        offering: what an asker alone is told.
        interactions: all that see to presses, modals and shortcuts.
    """

    asking: Asking
    commanding: Commanding
    offering: Offering
    interactions: tuple[Interaction, ...]


def talk(
    settings: Settings,
    client: Client,
    *,
    workspace: SlackWorkspace,
    audience: Audience,
    kept: Kept,
    usage: Usage,
) -> Talk:
    """Put them together."""
    retrieval, identity = RetrievalClient(client), workspace.identity
    asking_for = AskingFor(messages=workspace, store=kept.queue, participation=kept.threads, once=kept.claims)
    asking = Asking(
        store=kept.queue,
        participation=kept.threads,
        stops=kept.stops,
        records=kept.claims,
        messages=workspace,
        following=Following(
            standing=kept.threads,
            messages=workspace,
            identity=identity,
            names=audience.names,
            quiet=kept.preferences.quiet,
        ),
        team=identity.team,
    )
    commanding = Commanding(
        retrieval=retrieval, readers=audience, messages=workspace, asking_for=asking_for, usage=usage
    )
    picking = Picking(
        messages=workspace,
        store=kept.queue,
        participation=kept.threads,
        records=kept.claims,
        asking_for=asking_for,
        identity=identity,
        names=audience.names,
    )
    rating = Rating(
        store=kept.feedback,
        messages=workspace,
        identity=identity,
        keeps_questions=settings.feedback_questions,
    )
    offering = Offering(
        retrieval=retrieval,
        readers=audience,
        messages=workspace,
        asking_for=asking_for,
        once=kept.claims,
        identity=identity,
        relevance_floor=settings.relevance_floor,
    )
    humans = [
        AskingHuman(
            channel=channel,
            messages=workspace,
            people=audience,
            retrieval=retrieval,
            once=kept.claims,
            identity=identity,
        )
        for channel in (settings.ask_human_channel,)
        if channel
    ]
    interactions: tuple[Interaction, ...] = (asking, commanding, rating, picking, offering, *humans)
    return Talk(asking=asking, commanding=commanding, offering=offering, interactions=interactions)
