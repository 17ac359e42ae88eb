"""What can be wrong here.

SandboxError
├── CompanyError   the company's folder can't be used: mend the file that the text names
├── PortTakenError something else listens on the port: choose another
└── SlackError     Slack says no, by its own error name; to an app as Slack does, to a person in a sentence
"""


class SandboxError(Exception):
    """The root; its text is a sentence for a person."""


class CompanyError(SandboxError):
    """The company's folder can't be used; the text says which file and what is wrong in it."""


class PortTakenError(SandboxError):
    """The port can't be listened on."""


class SlackError(SandboxError):
    """Slack's refusal of a call.

    Attributes:
        error: Slack's own name for it, such as ``channel_not_found``.
        messages: what Slack would put into ``response_metadata.messages``.
    """

    def __init__(self, error: str, *, messages: tuple[str, ...] = ()) -> None:
        super().__init__(error)
        self.error = error
        self.messages = messages
