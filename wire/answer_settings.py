"""What `answerdesk.toml` may say of answers beyond single values: a model's price, a group's quota."""

from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def check_time_zone(name: str) -> str:
    """Give a time zone's name back.

    Raises:
        ValueError: there is none of that name.
    """
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError("must be a time zone's name, such as Europe/Berlin") from None
    return name


TimeZone = Annotated[str, AfterValidator(check_time_zone)]

Dollars = Annotated[float, Field(ge=0)]


class ModelPrice(BaseModel):
    """What a model costs, in US dollars for a million tokens."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    input_usd: Dollars
    output_usd: Dollars
    cache_read_usd: Dollars
    """For what the API reads from its own prompt cache."""


class GroupQuota(BaseModel):
    """What the members of a group may use together, in tokens; 0 sets no limit."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    tokens_per_day: Annotated[int, Field(ge=0)] = 0
    tokens_per_month: Annotated[int, Field(ge=0)] = 0


class SuggestedPrompt(BaseModel):
    """A question that is suggested to whoever opens our direct messages."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    title: Annotated[str, Field(min_length=1, max_length=75)]
    """What is shown."""
    message: Annotated[str, Field(min_length=1, max_length=1_000)]
    """What is asked."""


SUGGESTED = (
    SuggestedPrompt(title="Time off", message="How many days of leave do I get?"),
    SuggestedPrompt(title="Something is lost", message="I lost my laptop, what do I do now?"),
    SuggestedPrompt(title="Travel", message="What may I spend on a hotel?"),
    SuggestedPrompt(title="A new job", message="What happens in my first week?"),
)
"""What the documents of most companies have an answer to, the sample's among them."""
