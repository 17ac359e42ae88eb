"""The server that tests share is as good as new for each of them."""

import asyncio
import shutil
from pathlib import Path

from nats.aio.client import Client
from nats.js.api import StreamConfig

from tests.conftest import emptied


async def test_a_stream_that_is_made_anew_is_empty_though_an_earlier_one_is_still_being_removed(
    client: Client, nats_url: str, shared_nats_folder: Path
) -> None:
    """The server tidies up behind its reply, which takes long on a busy machine."""
    jetstream = client.jetstream()
    scratch = StreamConfig(name="SCRATCH", subjects=["scratch"])
    await jetstream.add_stream(scratch)
    await jetstream.publish("scratch", b"of an earlier test")
    (streams,) = shared_nats_folder.glob("jetstream/*/*/streams")
    still_there = streams / ".SCRATCH"
    (still_there / "msgs").mkdir(parents=True)
    asyncio.get_running_loop().call_later(0.5, shutil.rmtree, still_there)
    await emptied(nats_url, shared_nats_folder)
    await jetstream.add_stream(scratch)
    assert (await jetstream.stream_info("SCRATCH")).state.messages == 0
