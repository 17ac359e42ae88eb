"""Principals: the names that documents let in and that readers carry.

A document's ``allow`` lists principals; a reader holds some. A reader finds a document exactly when
the two sets meet. Nobody is let in by default.
"""

import re
from typing import Annotated

from pydantic import AfterValidator

PUBLIC = "public"
"""Everyone in the company."""

EXTERNAL = "external"
"""Readers from other companies."""

_NAMED = re.compile(r"(user|email|group|directory|channel):(?=\S)[^\x00-\x1f\x7f]{1,250}(?<=\S)")


def check_principal(principal: str) -> str:
    """Give the principal back in its one spelling.

    E-mail addresses are compared in lower case (directories do not keep case).

    Raises:
        ValueError: it is no principal of the contract.
    """
    if principal in (PUBLIC, EXTERNAL):
        return principal
    if not _NAMED.fullmatch(principal):
        raise ValueError(
            "a principal is public, external, or one of user:, email:, group:, directory:, channel: "
            "and a name"
        )
    return principal.lower() if principal.startswith("email:") else principal


Principal = Annotated[str, AfterValidator(check_principal)]
