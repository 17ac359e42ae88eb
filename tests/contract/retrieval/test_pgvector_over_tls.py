"""PostgreSQL over TLS: a real server, behind a door that speaks it (the packaged one is built without)."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from desk.doctor import examine
from retrieval.stores import open_store
from tests.certificates import Certificates, make_certificates
from tests.contract.retrieval.stores_under_test import any_prefix
from tests.tls_door import POSTGRES_ASKS_FOR_TLS, postgres_tls_door
from wire.errors import SettingsError
from wire.settings import Settings

SOCKET = ".s.PGSQL.5432"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
async def port(postgres_url: str, certificates: Certificates) -> AsyncIterator[int]:
    [folder] = parse_qs(urlsplit(postgres_url).query)["host"]
    async with postgres_tls_door(to_socket=Path(folder) / SOCKET, certificates=certificates) as door:
        yield door


def settings(folder: Path, port: int, *, host: str = "127.0.0.1", authority: Path | str) -> Settings:
    url = f"postgresql://postgres@{host}:{port}/postgres?sslmode=verify-full&sslrootcert={authority}"
    return Settings(
        _env_file=None,
        data_dir=folder,
        http_port=0,
        vector_store="pgvector",
        postgres_url=url,
        index_prefix=any_prefix(),
    )


async def test_with_an_authority_of_ones_own(port: int, certificates: Certificates, tmp_path: Path) -> None:
    asked = settings(tmp_path, port, authority=certificates.authority)
    async with open_store(asked, kind="pgvector") as store:
        assert await store.notes() == []
    [found] = [each for each in (await examine(asked)).findings if each.check == "pgvector"]
    assert (found.state, found.says) == ("ok", "lets us in; indexes of ours there: 0")


@pytest.mark.parametrize("wrong", ["another authority", "another host"])
async def test_a_server_that_nobody_vouches_for_is_not_talked_to_and_the_doctor_says_why(
    port: int, certificates: Certificates, tmp_path: Path, wrong: str
) -> None:
    authority, host = certificates.authority, "127.0.0.1"
    if wrong == "another authority":
        authority = make_certificates(tmp_path / "others").authority
    else:
        host = "localhost"
    asked = settings(tmp_path, port, host=host, authority=authority)
    with pytest.raises(SettingsError, match=r"^POSTGRES_URL: .* sslmode and sslrootcert"):
        async with open_store(asked, kind="pgvector"):
            pass
    [found] = [each for each in (await examine(asked)).findings if each.check == "store"]
    assert (found.state, found.do) == ("failed", "Mend that setting.")
    assert "sslrootcert" in found.says


@pytest.mark.parametrize(
    ("name", "text"),
    [("sslrootcert", None), ("sslrootcert", "no certificate"), ("sslcert", "no certificate")],
)
async def test_a_file_that_is_missing_or_none_is_named(
    port: int, certificates: Certificates, tmp_path: Path, name: str, text: str | None
) -> None:
    """Rather than that somebody is sent to look for another authority."""
    file = tmp_path / "file.pem"
    if text is not None:
        file.write_text(text)
    authority = file if name == "sslrootcert" else f"{certificates.authority}&{name}={file}"
    asked = settings(tmp_path, port, authority=authority)
    with pytest.raises(
        SettingsError, match=rf"^POSTGRES_URL: .* the file {file}, which is not there or"
    ) as told:
        async with open_store(asked, kind="pgvector"):
            pass
    [found] = [each for each in (await examine(asked)).findings if each.check == "store"]
    assert (found.state, found.says) == ("failed", str(told.value))


async def test_nor_is_one_without_tls(certificates: Certificates, tmp_path: Path) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(len(POSTGRES_ASKS_FOR_TLS))
        writer.write(b"N")
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        with pytest.raises(SettingsError, match="speaks no TLS"):
            async with open_store(
                settings(tmp_path, port, authority=certificates.authority), kind="pgvector"
            ):
                pass
    finally:
        server.close()
