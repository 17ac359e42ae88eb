"""What slash commands show, and what is pressed in it."""

from ingest.client import IngestClient
from tests.gallery.house import House
from tests.until import until
from wire.documents import DocumentUpsert
from wire.nats_connection import connected

TYPED = {
    "40-sources": ("jonas", "/sources parental leave"),
    "40-sources-filtered": ("jonas", "/sources travel in:handbook since:2y"),
    "40-sources-none": ("jonas", "/sources chess olympiad"),
    "40-sources-no-words": ("jonas", "/sources"),
    "40-sources-unknown-source": ("jonas", "/sources leave in:hanbook"),
    "40-sources-bad-filter": ("jonas", "/sources leave since:lastweek"),
    "41-usage": ("jonas", "/usage"),
    "42-help": ("jonas", "/answerdesk help"),
    "42-help-admin": ("marta", "/answerdesk help"),
    "42-typo": ("jonas", "/answerdesk stats"),
    "42-status": ("jonas", "/answerdesk status"),
    "42-only-admins": ("jonas", "/answerdesk failures"),
    "42-forget-me": ("theo", "/answerdesk forget-me"),
    "43-sources-admin": ("marta", "/answerdesk sources"),
    "43-failures-none": ("marta", "/answerdesk failures"),
    "43-admin": ("marta", "/answerdesk admin"),
    "44-resync-unknown": ("marta", "/resync wikki"),
    "44-resync-odd": ("marta", "/resync wiki --fast"),
    "44-resync-not-ours": ("marta", "/resync handbook"),
}


async def typed(house: House) -> None:
    """Each by itself."""
    for name, (person, words) in TYPED.items():
        await house.command(person, "travel" if person != "theo" else "engineering", words)
        await house.photo_channel(name, person, "travel" if person != "theo" else "engineering")


async def pressed(house: House) -> None:
    """More documents; asking about one; being forgotten."""
    shown = await house.command("jonas", "travel", "/sources leave")
    house.slack.click("jonas", shown, "answerdesk_more_sources")
    await until(
        lambda: "answerdesk_more_sources" not in str(shown.blocks) or _newest(house) != shown, within_s=30
    )
    await house.photo_channel("45-sources-more", "jonas", "travel")
    shown = await house.command("jonas", "travel", "/sources hotel limits")
    house.slack.click("jonas", shown, "answerdesk_ask_about")
    await until(lambda: "where only you" in str(_newest(house)), within_s=30)
    await house.photo_channel("45-ask-about", "jonas", "travel")
    shown = await house.command("theo", "engineering", "/answerdesk forget-me")
    house.slack.click("theo", shown, "home_forget")
    await until(lambda: "erased" in str(house.slack.whispers("theo")), within_s=60)
    await house.photo_channel("45-forgotten", "theo", "engineering")


def _newest(house: House) -> object:
    return house.slack.whispers("jonas")[-1]


async def resync(house: House) -> None:
    """The list, progress, the end; a dry run, cancelling, a source that fails, one that shrinks."""
    await house.command("marta", "travel", "/resync")
    await house.photo_channel("46-resync", "marta", "travel")
    await house.command("marta", "travel", "/resync rules --dry-run")
    await _told(house, "dry run")
    await house.photo_channel("46-dry-run", "marta", "dm")
    await house.command("marta", "travel", "/resync wiki")
    await house.photo_channel("46-begun", "marta", "travel")
    await until(lambda: "so far" in str(house.slack.messages("dm", person="marta")[-1].blocks), within_s=60)
    await house.photo_channel("46-progress", "marta", "dm")
    await house.command("marta", "travel", "/resync wiki")
    await house.photo_channel("46-busy", "marta", "travel")
    house.slack.click("marta", house.slack.messages("dm", person="marta")[-1], "home_cancel")
    await _told(house, "was cancelled")
    await house.photo_channel("46-cancelled", "marta", "dm")
    await house.command("marta", "travel", "/resync rules")
    await _told(house, "is done")
    await house.photo_channel("46-done", "marta", "dm")
    await house.command("marta", "travel", "/resync archive")
    await _told(house, "has failed")
    await house.photo_channel("46-failed", "marta", "dm")
    (house.folder / "rules" / "plants.md").unlink()
    await house.command("marta", "travel", "/resync rules")
    await _told(house, "held back")
    await house.photo_channel("46-shrunk", "marta", "dm")


async def _told(house: House, words: str) -> None:
    await until(lambda: words in str(house.slack.messages("dm", person="marta")[-1].blocks), within_s=90)


async def failures(house: House) -> None:
    """Documents that could not be indexed."""
    async with connected(house.env["NATS_URL"], name="gallery") as client:
        for name, kind in (
            ("floor-plan-berlin", "image/x-none"),
            ("minutes of the works council 2019", "x/y"),
        ):
            document = DocumentUpsert(
                source="handbook",
                id=name,
                version=1,
                title=name,
                media_type=kind,
                body="x",
                allow=("public",),
            )
            await IngestClient(client).announce(document)

    async def listed() -> bool:
        return "could not be indexed" in (await house.command("marta", "travel", "/answerdesk failures")).text

    await until(listed, within_s=60, every_s=1)
    await house.photo_channel("48-failures", "marta", "travel")


async def channel(house: House) -> None:
    """A channel's settings."""
    await house.slack.command("marta", "travel", "/answerdesk channel")
    await house.photo_modal("49-channel", "marta", "travel")
    wrong = {"principals": {"home_principals": "everybody"}}
    problems = await house.slack.submit("marta", wrong)
    print(problems)
    right = {
        "principals": {"home_principals": ""},
        "instruction": {"home_instruction": "Answer in one sentence."},
    }
    await house.slack.submit("marta", right)
    await house.photo_modal("49-channel-saved", "marta", "travel", words="Saved")
    await house.slack.close("marta")
    await house.command("marta", "dm", "/answerdesk channel")
    await house.photo_channel("49-channel-in-dm", "marta", "dm")


SCENES = (typed, pressed, channel, failures, resync)
