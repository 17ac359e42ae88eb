"""``answerdesk doctor``: the likeliest mistakes, looked for at once, each with what to do about it.

Nothing is changed, and nothing has to run: what is not there yet is skipped or said. A check is given
fifteen seconds, and all go on at the same time.
"""

import asyncio
from collections.abc import Mapping
from functools import partial

from desk.data_folder import DataFolder
from desk.engine_checks import check_encoder, check_nats, check_redis, check_store
from desk.findings import Check, Diagnosis, Finding, failed
from desk.other_checks import check_admins, check_keys, check_models, check_port, check_sources
from desk.running import read_running
from desk.slack_checks import check_slack
from wire.errors import AnswerdeskError, SettingsError
from wire.settings import Settings

CHECK_WITHIN_S = 15.0


async def examine(settings: Settings) -> Diagnosis:
    """Look at everything that these settings name, and at the Answerdesk that runs on this data folder."""
    running = read_running(DataFolder(path=settings.data_dir.absolute()))
    nats_url = settings.nats_url or (running.nats_url if running else None)
    redis_url = settings.redis_url or (running.redis_url if running else None)
    checks: Mapping[str, Check] = {
        "Slack": partial(check_slack, settings),
        "model": partial(check_models, settings),
        "NATS": partial(check_nats, nats_url, settings),
        "Redis": partial(check_redis, redis_url),
        "store": partial(check_store, settings),
        "embedding model": partial(check_encoder, settings),
        "sources": partial(check_sources, settings),
        "admins": partial(check_admins, settings),
        "HTTP": partial(check_port, settings),
        "API keys": partial(check_keys, settings),
    }
    found = await asyncio.gather(*(_looked_at(name, check) for name, check in checks.items()))
    return Diagnosis(findings=tuple(finding for findings in found for finding in findings))


async def _looked_at(name: str, check: Check) -> list[Finding]:
    try:
        async with asyncio.timeout(CHECK_WITHIN_S):
            return await check()
    except SettingsError as error:
        return [failed(name, str(error), do="Mend that setting.")]
    except AnswerdeskError as error:
        return [failed(name, str(error), do="Is it running, and may this machine go there?")]
    except TimeoutError:
        do = "Try again; if it stays so, look at the network between."
        return [failed(name, f"took longer than {CHECK_WITHIN_S:.0f} s", do=do)]
    except Exception as error:  # noqa: BLE001 — one check that breaks must not keep the others' findings back
        do = "Look at its settings; if they are right, tell us: this is a bug."
        return [failed(name, f"could not be looked at ({type(error).__name__})", do=do)]
