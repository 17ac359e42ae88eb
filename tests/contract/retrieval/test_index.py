"""What every index keeps: one contract, run on each adapter."""

import asyncio
import dataclasses
import os
import signal
import subprocess
import sys
import textwrap
import uuid
from pathlib import Path

import pytest

from retrieval.edge_index import open_edge_index
from retrieval.encoding import Sparse
from retrieval.index import EncodedPassage, Hit, Index, StoredPassage
from tests.contract.retrieval.stores_under_test import OpenIndex
from wire.documents import document_key
from wire.errors import SettingsError

LEAVE, TRAVEL, SICK = 1, 2, 3

# Only of Qdrant's local mode.
pytestmark = pytest.mark.filterwarnings("ignore:Payload indexes have no effect in the local Qdrant")


def passage(
    document: str,
    *,
    dense: tuple[float, float, float] = (1.0, 0.0, 0.0),
    words: tuple[int, ...] = (LEAVE,),
    weight: float = 1.0,
    allow: tuple[str, ...] = ("public",),
    source: str = "handbook",
    edition: str = "0-aa",
    ordinal: int = 0,
) -> EncodedPassage:
    return EncodedPassage(
        passage=StoredPassage(
            id=str(uuid.uuid5(uuid.NAMESPACE_OID, f"{source}{document}{edition}{ordinal}")),
            source=source,
            document=document,
            version=1,
            edition=edition,
            title=document.title(),
            url=None,
            heading=("One", "Two"),
            ordinal=ordinal,
            text=f"The text of {document}.",
            allow=allow,
            updated_at=None,
        ),
        dense=dense,
        sparse=Sparse(list(words), [weight] * len(words)),
    )


async def found(
    index: Index,
    *,
    dense: tuple[float, float, float] = (1.0, 0.0, 0.0),
    words: tuple[int, ...] = (LEAVE,),
    principals: tuple[str, ...] = ("public",),
    sources: tuple[str, ...] | None = None,
) -> list[str]:
    hits = await index.search(
        dense=dense,
        sparse=Sparse(list(words), [1.0] * len(words)),
        principals=principals,
        sources=sources,
        limit=10,
    )
    return [hit.passage.document for hit in hits]


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


def write_until_killed(tmp_path: Path) -> int:
    """Write and delete in another process, kill it, and tell which write it last acknowledged."""
    program = textwrap.dedent(f"""
        import asyncio, pathlib, sys
        sys.path[:0] = [{str(Path.cwd())!r}, {str(Path(__file__).parent)!r}]
        from retrieval.edge_index import open_edge_index
        from test_index import passage
        async def main():
            folder = pathlib.Path({str(tmp_path / "index")!r})
            async with open_edge_index(folder, dimensions=3, fingerprint="a model") as index:
                for n in range(10_000):
                    await index.upsert([passage(f"document {{n}}")])
                    await index.delete([passage(f"document {{n - 5}}").passage.id])
                    print(n, flush=True)
        asyncio.run(main())
    """)
    writer = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    acknowledged = -1
    for line in writer.stdout:
        acknowledged = int(line)
        if acknowledged >= 200:
            break
    os.kill(writer.pid, signal.SIGKILL)
    rest = writer.stdout.read().split()
    writer.stdout.close()
    writer.wait(10)
    return max([acknowledged, *(int(line) for line in rest if line.isdigit())])


async def test_what_was_written_survives_kill_9(tmp_path: Path) -> None:
    """Promise 25: nothing acknowledged is lost, and what was deleted stays deleted."""
    acknowledged = await asyncio.to_thread(write_until_killed, tmp_path)
    async with open_edge_index(tmp_path / "index", dimensions=3, fingerprint="a model") as index:
        names, _ = await index.all_names(after=None, limit=10_000)
    there = {name.id for name in names}
    kept = {passage(f"document {n}").passage.id for n in range(acknowledged - 4, acknowledged + 1)}
    assert kept <= there
    assert len(there - kept) <= 1, "the one that was being written"


async def test_a_second_process_on_the_folder_is_told_so(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    async with open_edge_index(folder, dimensions=3, fingerprint="a model"):
        with pytest.raises(SettingsError, match="open in another process"):
            async with open_edge_index(folder, dimensions=3, fingerprint="a model"):
                pass


async def test_an_index_of_another_model_stands_beside(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    async with open_edge_index(folder, dimensions=3, fingerprint="a model") as index:
        await index.upsert([passage("leave")])
    async with open_edge_index(folder, dimensions=4, fingerprint="another model") as index:
        assert await index.count() == 0
    async with open_edge_index(folder, dimensions=3, fingerprint="a model") as index:
        assert await found(index) == ["leave"]
