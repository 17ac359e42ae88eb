"""What people say and do in Slack, and who sees to each kind of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from nats.aio.client import Client

from bot.answering.valkey_connection import Valkey
from bot.home.errands import running_errands
from bot.home.front import Front
from bot.home.greeting import Greeting
from bot.models import relevance_floor
from bot.slack.asking import Asking
from bot.slack.asking_for import AskingFor
from bot.slack.asking_human import AskingHuman
from bot.slack.bolt_hearing import Ears, hearing
from bot.slack.bolt_intake import bolt_app
from bot.slack.commanding import Commanding, Usage
from bot.slack.following import Following
from bot.slack.nats_people import tell_of_people
from bot.slack.offering import Offering
from bot.slack.picking import Picking
from bot.slack.ports import Interaction
from bot.slack.rating import Rating
from bot.slack.slack_agent import SlackAgent
from bot.slack.source_events import tell_of_threads
from bot.slack.valkey_replays import ValkeyReplays
from bot.slack_side import SlackSide
from retrieval.client import RetrievalClient
from wire.answer_settings import SUGGESTED
from wire.settings import Settings


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


def talk(settings: Settings, client: Client, *, slack: SlackSide, usage: Usage) -> Talk:
    """Put them together; what is found below the floor of relevance is not offered to anybody."""
    workspace, audience, kept = slack.workspace, slack.audience, slack.kept
    retrieval, identity = RetrievalClient(client), workspace.identity
    asking_for = AskingFor(messages=workspace, store=kept.queue, participation=kept.threads, once=kept.claims)
    asking = _asking(slack)
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
        relevance_floor=relevance_floor(settings),
    )
    humans = _asking_human(settings, retrieval, slack)
    interactions: tuple[Interaction, ...] = (asking, commanding, rating, picking, offering, *humans)
    return Talk(asking=asking, commanding=commanding, offering=offering, interactions=interactions)


def _asking(slack: SlackSide) -> Asking:
    workspace, kept = slack.workspace, slack.kept
    return Asking(
        store=kept.queue,
        participation=kept.threads,
        stops=kept.stops,
        records=kept.claims,
        messages=workspace,
        following=Following(
            standing=kept.threads,
            messages=workspace,
            identity=workspace.identity,
            names=slack.audience.names,
            quiet=kept.preferences.quiet,
        ),
        team=workspace.identity.team,
    )


def _asking_human(settings: Settings, retrieval: RetrievalClient, slack: SlackSide) -> list[AskingHuman]:
    """One, where the settings name a channel for it."""
    if not settings.ask_human_channel:
        return []
    return [
        AskingHuman(
            channel=settings.ask_human_channel,
            messages=slack.workspace,
            people=slack.audience,
            retrieval=retrieval,
            once=slack.kept.claims,
            identity=slack.workspace.identity,
        )
    ]


@asynccontextmanager
async def listening(
    settings: Settings,
    client: Client,
    redis: Valkey,
    *,
    slack: SlackSide,
    spoken: Talk,
    front: Front,
) -> AsyncIterator[Ears]:
    """Whatever comes from Slack goes to whom it is for, for as long as the block lasts."""
    workspace = slack.workspace
    async with running_errands() as errands:
        greeting = Greeting(
            conversation=workspace,
            suggestions=SlackAgent(workspace),
            prompts=SUGGESTED if settings.suggested_prompts is None else settings.suggested_prompts,
            once=slack.kept.claims,
            errands=errands,
        )
        app = bolt_app(
            client=workspace.client,
            identity=workspace.identity,
            listener=spoken.asking,
            commands=front,
            interactions=(*spoken.interactions, front),
            overhear=[
                partial(tell_of_threads, client=client),
                partial(tell_of_people, client=client, team=workspace.identity.team),
                front.overhear,
                greeting.overhear,
            ],
            signing_secret=settings.slack_signing_secret,
        )
        async with hearing(
            app,
            app_token=settings.slack_app_token,
            signing_secret=settings.slack_signing_secret,
            check_tokens=workspace.check_tokens,
            replays=ValkeyReplays(redis),
        ) as ears:
            yield ears
