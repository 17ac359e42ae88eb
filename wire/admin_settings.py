"""What `answerdesk.toml` says of administrators: who they are."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

UserId = Annotated[str, StringConstraints(pattern=r"^[UW][A-Z0-9]{2,20}$")]
GroupId = Annotated[str, StringConstraints(pattern=r"^S[A-Z0-9]{2,20}$")]


class AdminSettings(BaseModel):
    """Whoever is any of these is one, unless they are a guest or from elsewhere."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    users: tuple[UserId, ...] = ()
    """Slack's ids of people: ``U0123ABCD``."""
    groups: tuple[GroupId, ...] = ()
    """Slack's ids of user groups: ``S0123ABCD``."""
    workspace_admins: bool = True
    """Slack's own owners and admins, who may put themselves into any user group anyway."""
