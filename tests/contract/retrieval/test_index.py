"""What every index keeps: one contract, run on each adapter."""

import asyncio
import dataclasses
import math
import uuid

import pytest

from retrieval.encoding import Sparse
from retrieval.index import EncodedPassage, Hit, Index
from tests.contract.retrieval.stored_passages import LEAVE, SICK, TRAVEL, found, passage
from tests.contract.retrieval.stores_under_test import OpenIndex, OpenStore
from wire.documents import document_key

# Only of Qdrant's local mode.
pytestmark = pytest.mark.filterwarnings("ignore:Payload indexes have no effect in the local Qdrant")


async def test_a_passage_comes_back_as_it_was_written(open_index: OpenIndex) -> None:
    written = passage("leave")
    async with open_index() as index:
        await index.upsert([written])
        (hit,) = await index.search(
            dense=(1.0, 0.0, 0.0),
            sparse=Sparse([LEAVE], [1.0]),
            principals=("public",),
            sources=None,
            limit=5,
        )
    assert hit.passage == written.passage
    assert hit.cosine == pytest.approx(1.0)
    assert hit.score == pytest.approx(1.0)
    assert hit.words > 0


async def test_meaning_finds_without_words_and_words_without_meaning(open_index: OpenIndex) -> None:
    async with open_index() as index:
        await index.upsert(
            [
                passage("by meaning", dense=(0.9, 0.4, 0.0), words=(TRAVEL,)),
                passage("by words", dense=(0.0, 0.0, 1.0), words=(LEAVE, TRAVEL)),
                passage("by both", dense=(1.0, 0.0, 0.0), words=(LEAVE,)),
            ]
        )
        assert (await found(index))[0] == "by both"
        assert set(await found(index)) == {"by both", "by meaning", "by words"}
        assert await found(index, words=()) == ["by both", "by meaning", "by words"]


@pytest.mark.parametrize(
    ("dense", "words"),
    [
        ((1.0, 0.0, 0.0), ()),
        ((0.0, 0.0, 1.0), (LEAVE,)),
        ((1.0, 0.0, 0.0), (LEAVE,)),
    ],
    ids=["by meaning", "by words", "by both"],
)
async def test_only_whom_a_passage_names_finds_it_in_every_branch(
    open_index: OpenIndex, dense: tuple[float, float, float], words: tuple[int, ...]
) -> None:
    """Promise 28: the filter stands in each branch, so nothing comes in through one of them."""
    async with open_index() as index:
        await index.upsert(
            [
                passage("for all", allow=("public",)),
                passage("for the board", allow=("group:S1", "user:U1")),
                passage("for nobody", allow=()),
            ]
        )
        assert await found(index, dense=dense, words=words) == ["for all"]
        assert await found(index, dense=dense, words=words, principals=("user:U2",)) == []
        assert await found(index, dense=dense, words=words, principals=("user:U1",)) == ["for the board"]
        both = await found(index, dense=dense, words=words, principals=("public", "group:S1"))
        assert set(both) == {"for all", "for the board"}


async def test_what_a_reader_may_not_see_does_not_change_what_is_found(open_index: OpenIndex) -> None:
    """The rarity of words is counted among the reader's own documents."""
    mine = [
        # No two with the same score, since the engine orders those as it likes.
        passage("first by meaning", dense=(0.9, 0.1, 0.0), words=(TRAVEL,), weight=1.5),
        passage("second by meaning", dense=(0.5, 0.5, 0.0), words=(TRAVEL,)),
        passage("rare word", dense=(0.1, 0.9, 0.0), words=(LEAVE,)),
    ]
    theirs = [passage(f"secret {n}", words=(LEAVE,), allow=("user:U9",)) for n in range(50)]

    async def hits(index: Index) -> list[Hit]:
        words = Sparse([LEAVE, TRAVEL], [1.0, 1.0])
        return await index.search(
            dense=(1.0, 0.0, 0.0), sparse=words, principals=("public",), sources=None, limit=3
        )

    async with open_index() as index:
        await index.upsert(mine)
        before = await hits(index)
        await index.upsert(theirs)
        assert await hits(index) == before
        await index.upsert([passage(f"mine too {n}", words=(LEAVE,)) for n in range(50)])
        assert await hits(index) != before, "as it would be if they were mine"


async def test_a_search_without_principals_is_refused(open_index: OpenIndex) -> None:
    async with open_index() as index:
        await index.upsert([passage("leave")])
        with pytest.raises(ValueError, match="without principals"):
            await found(index, principals=())
        with pytest.raises(ValueError, match="without principals"):
            await index.readable(ids=[passage("leave").passage.id], principals=())


async def test_sources_narrow_the_search_and_none_of_them_finds_nothing(open_index: OpenIndex) -> None:
    async with open_index() as index:
        await index.upsert([passage("leave"), passage("wiki page", source="wiki")])
        assert await found(index, sources=("wiki",)) == ["wiki page"]
        assert await found(index, sources=()) == []


async def test_passages_are_looked_up_by_id_only_for_their_readers(open_index: OpenIndex) -> None:
    one, other = passage("leave"), passage("board", allow=("user:U1",))
    ids = [one.passage.id, other.passage.id, str(uuid.uuid4())]
    async with open_index() as index:
        await index.upsert([one, other])
        assert await index.readable(ids=ids, principals=("public",)) == [one.passage]
        readable = await index.readable(ids=ids, principals=("public", "user:U1"))
        assert {stored.document for stored in readable} == {"leave", "board"}


async def test_deleted_passages_are_gone_and_deleting_them_twice_is_no_error(open_index: OpenIndex) -> None:
    one = passage("leave")
    async with open_index() as index:
        await index.upsert([one, passage("travel", words=(TRAVEL,), dense=(0.0, 1.0, 0.0))])
        await index.delete([one.passage.id])
        await index.delete([one.passage.id, str(uuid.uuid4())])
        assert await found(index) == ["travel"]


async def test_writing_a_passage_again_replaces_it(open_index: OpenIndex) -> None:
    async with open_index() as index:
        await index.upsert([passage("leave")])
        await index.upsert([passage("leave", allow=("user:U1",))])
        assert await found(index) == []
        assert await found(index, principals=("user:U1",)) == ["leave"]


async def test_what_was_found_before_is_found_as_it_was_written_last(open_index: OpenIndex) -> None:
    """Promise 28, for whatever an index remembers: new words, new readers and removals count at once."""
    leave = passage("leave")
    anew = dataclasses.replace(leave.passage, title="Leave, anew")
    of_one = dataclasses.replace(leave.passage, title="Leave of one", allow=("user:ANA",))
    async with open_index() as index:

        async def titles(principal: str) -> list[str]:
            hits = await index.search(
                dense=leave.dense, sparse=leave.sparse, principals=(principal,), sources=None, limit=10
            )
            return [hit.passage.title for hit in hits]

        await index.upsert([leave])
        assert await titles("public") == ["Leave"]
        await index.upsert([dataclasses.replace(leave, passage=anew)])
        assert await titles("public") == ["Leave, anew"]
        await index.upsert([dataclasses.replace(leave, passage=of_one)])
        assert (await titles("public"), await titles("user:ANA")) == ([], ["Leave of one"])
        await index.delete([leave.passage.id])
        assert (await titles("public"), await titles("user:ANA")) == ([], [])
        await index.upsert([leave])
        assert await titles("public") == ["Leave"]


async def test_names_list_every_edition_page_by_page(open_index: OpenIndex) -> None:
    many = [passage("leave", edition=edition, ordinal=n) for edition in ("0-aa", "7-bb") for n in range(60)]
    async with open_index() as index:
        await index.upsert([*many, passage("travel")])
        names = await index.names(key=document_key("handbook", "leave"))
        assert {name.id for name in names} == {one.passage.id for one in many}
        assert {name.edition for name in names} == {"0-aa", "7-bb"}
        seen: list[str] = []
        page: str | None = None
        while True:
            some, page = await index.all_names(after=page, limit=50)
            seen += [name.id for name in some]
            if page is None:
                break
        assert len(seen) == len(set(seen)) == 121


async def test_vectors_are_given_by_the_digest_of_their_text_whosever_they_are(open_index: OpenIndex) -> None:
    leave, travel, unnamed = (passage(name, dense=(0.6, 0.8, 0.0)) for name in ("leave", "travel", "unnamed"))
    async with open_index() as index:
        await index.upsert(
            [dataclasses.replace(leave, digest="aa"), dataclasses.replace(travel, digest="aa"), unnamed]
        )
        assert await index.vectors(["aa", "bb", ""]) == {"aa": pytest.approx([0.6, 0.8, 0.0], abs=1e-3)}
        await index.delete([leave.passage.id, travel.passage.id])
        assert await index.vectors(["aa"]) == {}
        many = [dataclasses.replace(passage(f"copy {n}"), digest="cc") for n in range(50)]
        await index.upsert([*many, dataclasses.replace(leave, digest="aa")])
        assert set(await index.vectors(["aa", "bb", "cc"])) == {"aa", "cc"}
    async with open_index() as index:
        assert await index.vectors([]) == {}


async def test_everything_is_there_after_closing_and_opening_again(open_index: OpenIndex) -> None:
    async with open_index() as index:
        await index.upsert([passage("leave"), passage("travel")])
        await index.delete([passage("travel").passage.id])
        await index.settle()
    async with open_index() as index:
        assert await found(index) == ["leave"]


async def test_searches_and_writes_side_by_side_do_not_disturb_each_other(open_index: OpenIndex) -> None:
    async with open_index() as index:
        await index.upsert([passage("leave")])
        writes = [index.upsert([passage(f"more {n}", words=(SICK,))]) for n in range(50)]
        searches = [found(index) for _ in range(50)]
        results = await asyncio.gather(*searches, *writes)
    assert all(result and result[0] == "leave" for result in results[:50])


async def test_words_alone_and_meaning_alone_are_searched_too(open_index: OpenIndex) -> None:
    async with open_index() as index:
        await index.upsert(
            [passage("leave"), passage("travel", dense=(0.8, 0.6, 0.0), words=(TRAVEL,), weight=2.0)]
        )

        async def ask(dense: tuple[float, ...] | None, *words: int) -> list[Hit]:
            sparse = Sparse(list(words), [1.0] * len(words))
            return await index.search(
                dense=dense, sparse=sparse, principals=("public",), sources=None, limit=5
            )

        (hit,) = await ask(None, TRAVEL)
        assert (hit.passage.document, hit.cosine) == ("travel", 0.0)
        assert hit.score == pytest.approx(1.0)
        assert hit.words == pytest.approx(2.0 * math.log(2), rel=1e-3), "one of two has it: ln 2, weighed 2"
        near, far = await ask((1.0, 0.0, 0.0))
        assert [near.words, far.words] == [0.0, 0.0]
        assert [near.cosine, far.cosine] == pytest.approx([1.0, 0.8], abs=1e-3)
        assert await ask(None) == []


async def test_each_hit_has_its_own_scores_whichever_branch_found_it(open_index: OpenIndex) -> None:
    async with open_index() as index:
        await index.upsert([passage(f"near {n}", words=(SICK,)) for n in range(300)])
        await index.upsert([passage("by words", dense=(0.6, 0.8, 0.0), words=(LEAVE,))])
        hits = await index.search(
            dense=(1.0, 0.0, 0.0),
            sparse=Sparse([LEAVE], [1.0]),
            principals=("public",),
            sources=None,
            limit=5,
        )
    (hit,) = [hit for hit in hits if hit.passage.document == "by words"]
    assert hit.cosine == pytest.approx(0.6, abs=1e-3)
    assert hit.words > 1
    assert all(other.words == 0 for other in hits if other is not hit)


async def test_hits_come_best_first_and_what_is_equal_in_the_order_of_meaning_and_ids(
    open_index: OpenIndex,
) -> None:
    alike = [passage(f"alike {n}", words=(LEAVE, TRAVEL)) for n in range(20)]
    farther = [passage(f"farther {n}", dense=(0.8, 0.6, 0.0), words=(SICK,)) for n in range(20)]
    async with open_index() as index:
        await index.upsert([*alike, *farther])
        words = Sparse([LEAVE, TRAVEL], [1.0, 1.0])
        hits = await index.search(
            dense=(1.0, 0.0, 0.0), sparse=words, principals=("public",), sources=None, limit=40
        )
        again = await index.search(
            dense=(1.0, 0.0, 0.0), sparse=words, principals=("public",), sources=None, limit=40
        )
    order = [(-hit.score, -hit.cosine, hit.passage.id) for hit in hits]
    assert order == sorted(order)
    assert len(order) == 40
    assert [hit.score for hit in again] == [hit.score for hit in hits]


async def test_an_edition_that_is_left_out_gives_its_place_to_others(open_index: OpenIndex) -> None:
    unseen = [passage("long", edition="7-bb", ordinal=n) for n in range(200)]
    async with open_index() as index:
        await index.upsert([*unseen, passage("long", dense=(0.9, 0.4, 0.0)), passage("other", words=(SICK,))])
        key = document_key("handbook", "long")
        hits = await index.search(
            dense=(1.0, 0.0, 0.0),
            sparse=Sparse([LEAVE], [1.0]),
            principals=("public",),
            sources=None,
            limit=10,
            without=[(key, "7-bb"), (key, "8-cc"), ("nothing", "0-aa")],
        )
    assert {(hit.passage.document, hit.passage.edition) for hit in hits} == {
        ("long", "0-aa"),
        ("other", "0-aa"),
    }


async def test_a_copy_has_everything_that_another_index_needs(
    open_store: OpenStore, open_index: OpenIndex
) -> None:
    written = [
        dataclasses.replace(
            passage(f"document {n}", dense=(0.6, 0.8, 0.0), words=(LEAVE, 2**31 + n), weight=0.5 + n),
            digest=f"{n:04x}",
        )
        for n in range(25)
    ]
    wordless = passage("wordless", words=())
    async with open_store() as store, store.open(fingerprint="a model", dimensions=3) as index:
        await index.upsert([*written, wordless])
        assert await index.count() == 26
        copied: list[EncodedPassage] = []
        page: str | None = None
        while True:
            some, page = await index.copies(after=page, limit=10)
            copied += some
            if page is None:
                break
        async with store.open(fingerprint="a copy", dimensions=3) as other:
            await other.upsert(copied)
            again, _ = await other.copies(after=None, limit=100)
    for copies in (copied, again):
        by_id = {one.passage.id: one for one in copies}
        assert len(by_id) == len(copies) == 26
        for one in (*written, wordless):
            copy = by_id[one.passage.id]
            assert (copy.passage, copy.digest) == (one.passage, one.digest)
            assert list(copy.dense) == pytest.approx(one.dense, abs=1e-3)
            words = dict(zip(copy.sparse.indices, copy.sparse.values, strict=True))
            assert words == pytest.approx(dict(zip(one.sparse.indices, one.sparse.values, strict=True)))


HOSTILE = (
    "a NUL \x00 in the middle",
    "'; drop table passages; -- %s %(id)s {table} $1",
    '{"json": ["\\u0000", "\\"]}',
    "\u202eright to left\u202c, \U0001f600, e\u0301, \ufdd0",
    "x" * 1_000_000,
    "",
)


@pytest.mark.parametrize("text", HOSTILE, ids=["NUL", "SQL", "JSON", "Unicode", "long", "empty"])
async def test_whatever_a_document_holds_comes_back_as_it_was(open_index: OpenIndex, text: str) -> None:
    kept = text[:1000]
    plain = passage("leave")
    hostile = dataclasses.replace(
        plain,
        passage=dataclasses.replace(
            plain.passage, text=text, title=kept, url=kept, heading=(kept, ""), document=f"d{kept}"
        ),
    )
    async with open_index() as index:
        await index.upsert([hostile])
        (stored,) = await index.readable(ids=[plain.passage.id], principals=("public",))
        assert stored == hostile.passage
        assert [name.id for name in await index.names(key=document_key("handbook", f"d{kept}"))] == [
            plain.passage.id
        ]


async def test_whatever_a_reader_is_called_is_only_compared(open_index: OpenIndex) -> None:
    strange = "channel:'; -- \\ {public} %s \U0001f600"
    async with open_index() as index:
        await index.upsert([passage("leave", allow=(strange,)), passage("travel", allow=("channel:x",))])
        assert await found(index, principals=(strange,)) == ["leave"]
        assert await found(index, principals=("channel:", "{public}", "public")) == []
        many = tuple(f"group:S{n}" for n in range(2000))
        assert await found(index, principals=(*many, "channel:x")) == ["travel"]


async def test_ids_that_are_none_are_not_there(open_index: OpenIndex) -> None:
    one = passage("leave")
    async with open_index() as index:
        await index.upsert([one])
        ids = ["", "no uuid", "\x00", one.passage.id.upper(), one.passage.id]
        assert await index.readable(ids=ids, principals=("public",)) == [one.passage]
        assert await index.readable(ids=[], principals=("public",)) == []
        await index.delete([])
        assert await index.count() == 1
