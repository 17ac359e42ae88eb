"""Bot processes, as an operator runs them, on a shared NATS, Valkey and worker."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.service import Sandbox

BOT_TOKEN = "xoxb-e2e"
APP_TOKEN = "xapp-e2e"
STOP_WITHIN_S = 20


@contextmanager
def program(*arguments: str, env: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """``answerdesk …`` in a process of its own, killed at the end if it still runs."""
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "desk", *arguments], env=os.environ | env, stdout=out, stderr=out
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait(STOP_WITHIN_S)


@dataclass
class Fleet:
    """Bots of one workspace, to be started, killed and stopped at will."""

    slack: Sandbox
    env: dict[str, str]
    folder: Path
    own_settings: dict[str, str] = field(default_factory=dict)
    """Settings that a test wants otherwise."""
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, bots: int = 1) -> None:
        """Start more bots."""
        for _ in range(bots):
            log = (self.folder / "bots.log").open("ab")
            settings = {
                "SLACK_BOT_TOKEN": BOT_TOKEN,
                "SLACK_APP_TOKEN": APP_TOKEN,
                "SLACK_API_URL": self.slack.api_url,
                "HTTP_PORT": "0",
            }
            self.running.append(
                subprocess.Popen(
                    [sys.executable, "-m", "desk", "bot"],
                    env=os.environ | self.env | settings | self.own_settings,
                    stdout=log,
                    stderr=log,
                )
            )
            log.close()

    def kill(self, number: int = 0) -> None:
        """kill -9 one of them."""
        bot = self.running.pop(number)
        bot.kill()
        bot.wait(STOP_WITHIN_S)

    def stop(self) -> list[int]:
        """SIGTERM to all; gives their exit codes."""
        for bot in self.running:
            bot.send_signal(signal.SIGTERM)
        codes = [bot.wait(STOP_WITHIN_S) for bot in self.running]
        self.running.clear()
        return codes

    def log(self) -> str:
        """What the bots said."""
        return (self.folder / "bots.log").read_text()
