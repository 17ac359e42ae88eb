"""What a person asked last, as their own list names it."""

from nats.aio.client import Client

from bot.home.nats_recent import open_recent
from tests.contract.slack.asked import asked
from wire.questions import AskedFile


async def test_a_file_without_a_word_is_named_by_its_name(client: Client) -> None:
    recent, files = (
        await open_recent(client),
        (AskedFile(id="F1", name="lease.pdf"), AskedFile(id="F2", name="b")),
    )
    await recent.note(asked(user="U0FILES", files=files), words="", ts="1700000000.000900")
    [kept] = await recent.of("U0FILES", team="T0LARKSPUR")
    assert kept.question == "lease.pdf, b"


async def test_a_mention_without_anything_is_in_no_list(client: Client) -> None:
    recent = await open_recent(client)
    await recent.note(asked(user="U0NOTHING"), words="", ts="1700000000.000901")
    assert await recent.of("U0NOTHING", team="T0LARKSPUR") == ()
