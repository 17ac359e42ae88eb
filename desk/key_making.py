"""``answerdesk key new``: a key is shown once; what is kept of it is its hash."""

import sys

from wire.key_settings import key_hash, new_key


def make_key(name: str, *, principals: tuple[str, ...]) -> None:
    """Print a new key on standard output, and what to do with it beside that."""
    key = new_key()
    listed = ", ".join(f'"{principal}"' for principal in principals)
    sys.stderr.write("The key. It is shown this once, and kept nowhere:\n")
    sys.stdout.write(f"{key}\n")
    sys.stdout.flush()
    sys.stderr.write(
        "Put this into answerdesk.toml, and restart the bot:\n\n"
        f'[api_keys.{name}]\nsha256 = "{key_hash(key)}"\nprincipals = [{listed}]\n'
    )
