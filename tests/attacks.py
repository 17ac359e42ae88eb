"""What a model that obeys a poisoned document might write (``attacks.toml``)."""

import tomllib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Attack:
    """One attempt: what it is, and the text that it makes the model write."""

    name: str
    writes: str


ATTACKS = tuple(
    Attack(**each) for each in tomllib.loads(Path(__file__).with_suffix(".toml").read_text())["attack"]
)
