"""The Home tab at its fullest is one that Slack takes."""

from datetime import UTC, datetime

from bot.answering.quota import Asker, Level, QuotaLimits
from bot.home.front_view import overviewed
from bot.home.home_view import Page, home, preferred
from bot.home.overview import Facts
from sandbox.blocks import check_blocks, check_view
from wire.answer_settings import GroupQuota
from wire.feedback import NO_SOURCE, SourceFeedback
from wire.gaps import GapGroup, GapList, NearDocument
from wire.preferences import ChannelPreferences, PersonalPreferences, RecentQuestion
from wire.sync import SourceStatus

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
NAMES = [f"S{n:010}" for n in range(30)]


def levels() -> list[Level]:
    limits = QuotaLimits(
        person_per_day=9,
        person_per_month=9,
        workspace_per_day=9,
        workspace_per_month=9,
        groups={name: GroupQuota(tokens_per_day=9, tokens_per_month=9) for name in NAMES},
    )
    pots = limits.pots(Asker(person="T1:U1", groups=tuple(NAMES)), now=NOW)
    return [Level(pot=pot, used=4, reserved=1) for pot in pots]


def everything_set() -> ChannelPreferences:
    return ChannelPreferences(
        sources=tuple(f"{n}-{'x' * 60}" for n in range(100)),
        principals=tuple(f"directory:{'&' * 240}" for _ in range(20)),
        instruction="&" * 600,
        mention_only=True,
    )


def full() -> Page:
    near = NearDocument(source="wiki", document="d", title="&" * 1000)
    gap = GapGroup(question="&" * 500, times=9, people=9, not_found=1, nearest=(near,), last_asked_at=NOW)
    asked = RecentQuestion(question="&" * 150, channel="C1", answer="1.2", asked_at=NOW)
    return Page(
        levels=levels(),
        recent=[(asked, "https://larkspur.slack.com/archives/C1/p12?" + "x" * 200)] * 10,
        preferences=PersonalPreferences(language="German"),
        admin=Facts(
            sources=[SourceStatus(name=f"{n}-{'x' * 60}", kind="files", documents=n) for n in range(80)],
            failures=3,
            channels={f"C{n:09}": everything_set() for n in range(40)},
            levels=levels(),
            gaps=GapList(gaps=(gap,) * 500, questions=500),
            feedback=[SourceFeedback(source="x" * 63, helpful=1, unhelpful=2)] * 60,
        ),
    )


def test_it_fits_however_much_there_is() -> None:
    view = check_view(home(full(), now=NOW), types=("home",))
    assert "… and 492 more" in str(view)
    assert "and 61 more" in str(view)


def test_answers_without_a_document_are_named_among_the_feedback() -> None:
    facts = Facts(feedback=[SourceFeedback(source=NO_SOURCE, helpful=0, unhelpful=2)])
    assert "answers that showed no document: 2 not helpful" in str(overviewed(facts, now=NOW).blocks)


def test_what_admins_see_of_it_fits_a_message_too() -> None:
    facts = full().admin
    assert facts is not None
    blocks = check_blocks(overviewed(facts, now=NOW).blocks)
    assert "The rest stands on my *Home* tab." in str(blocks)
    assert "The rest" not in str(overviewed(Facts(sources=[]), now=NOW).blocks)


def test_it_is_there_where_nothing_can_be_told() -> None:
    nothing = Page(levels=None, recent=None, preferences=None, admin=Facts())
    assert "can't be told right now" in str(check_view(home(nothing, now=NOW), types=("home",)))


def test_who_is_no_admin_has_no_part_of_theirs() -> None:
    page = Page(levels=[], recent=[], preferences=PersonalPreferences())
    assert "For admins" not in str(check_view(home(page, now=NOW), types=("home",)))


def test_a_choice_changes_one_setting_and_an_odd_one_none() -> None:
    before = PersonalPreferences(language="German", muted=True)
    assert preferred(before, setting="language", value="as asked") == PersonalPreferences(muted=True)
    assert preferred(before, setting="cached", value="no") == before.model_copy(update={"cached": False})
    assert preferred(before, setting="language", value="Klingon") == before
    assert preferred(before, setting="zebra", value="yes") == before
