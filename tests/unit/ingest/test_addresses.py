"""Which hosts and addresses a document may be fetched from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.addresses import may_connect, read_hosts
from wire.errors import MalformedError, SettingsError

ALLOWED = read_hosts(
    outside="docs.example.com, *.example.org,docs.example.net:8443",
    inside="wiki.internal:8080,127.0.0.1:9000,[::1]:9000",
)


@pytest.mark.parametrize(
    ("url", "host", "port", "path", "inside"),
    [
        ("https://docs.example.com/a?b=%2F#c", "docs.example.com", 443, "/a?b=%2F", False),
        ("HTTP://Docs.Example.COM", "docs.example.com", 80, "/", False),
        ("https://docs.example.com:443/", "docs.example.com", 443, "/", False),
        ("https://a.b.example.org/x", "a.b.example.org", 443, "/x", False),
        ("https://docs.example.net:8443/../x", "docs.example.net", 8443, "/../x", False),
        ("http://wiki.internal:8080/x@y:z", "wiki.internal", 8080, "/x@y:z", True),
        ("http://127.0.0.1:9000/", "127.0.0.1", 9000, "/", True),
        ("http://[::1]:9000/", "::1", 9000, "/", True),
    ],
)
def test_a_url_of_an_allowed_host_is_taken_apart(
    url: str, host: str, port: int, path: str, *, inside: bool
) -> None:
    target = ALLOWED.target(url)
    assert (target.host, target.port, target.path, target.inside) == (host, port, path, inside)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/",
        "https://example.org/",
        "https://evil-docs.example.com/",
        "https://docs.example.com.evil.com/",
        "https://docs.example.com:8443/",
        "https://docs.example.net/",
        "http://wiki.internal/",
        "http://wiki.internal:8081/",
        "http://127.0.0.1/",
        "https://",
        "docs.example.com",
        "",
        "https://docs.example.com/" + "x" * 3000,
    ],
)
def test_any_other_is_refused_by_a_sentence(url: str) -> None:
    with pytest.raises(MalformedError, match="field 'body_url'"):
        ALLOWED.target(url)


def test_where_nothing_is_allowed_the_refusal_names_the_setting() -> None:
    with pytest.raises(MalformedError, match=r"host docs\.example\.com with port 443 .* BODY_URL_HOSTS"):
        read_hosts(outside="", inside="").target("https://docs.example.com/leave")


@given(st.text(max_size=60))
def test_whatever_is_asked_is_an_allowed_host_or_refused(text: str) -> None:
    for url in (text, f"http://{text}", f"http://docs.example.com{text}", f"http://{text}@docs.example.com/"):
        try:
            target = ALLOWED.target(url)
        except MalformedError:
            continue
        assert target.host == "docs.example.com" or target.host.endswith(".example.org")


@pytest.mark.parametrize(
    ("outside", "inside", "named"),
    [
        ("https://docs.example.com", "", "BODY_URL_HOSTS"),
        ("docs.example.com/handbook", "", "BODY_URL_HOSTS"),
        ("*", "", "BODY_URL_HOSTS"),
        ("*.com", "", "BODY_URL_HOSTS"),
        ("127.0.0.1", "", "BODY_URL_HOSTS"),
        ("2130706433", "", "BODY_URL_HOSTS"),
        ("", "wiki.internal", "BODY_URL_INSIDE_HOSTS"),
        ("", "0177.0.0.1:80", "BODY_URL_INSIDE_HOSTS"),
        ("", "[0:0::1]:80", "BODY_URL_INSIDE_HOSTS"),
    ],
)
def test_a_setting_that_is_no_host_is_named(outside: str, inside: str, named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        read_hosts(outside=outside, inside=inside)


PUBLIC = ["93.184.215.14", "8.8.8.8", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "64:ff9b::808:808"]
PRIVATE = [
    "127.0.0.1", "127.255.255.254", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
    "100.64.0.1", "::1", "fd12:3456::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1",
    "::ffff:0:127.0.0.1", "64:ff9b::127.0.0.1", "64:ff9b::a00:1",
]  # fmt: skip
NOBODYS = [
    "0.0.0.0", "0.1.2.3", "169.254.169.254", "169.254.0.1", "255.255.255.255", "224.0.0.1", "240.0.0.1",
    "192.0.0.192", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "168.63.129.16",
    "100.100.100.200", "::", "fe80::1", "fe80::1%1", "ff02::1", "fec0::1", "2001:db8::1", "2002:7f00:1::",
    "2001:0:7f00:1::", "64:ff9b:1::1", "fd00:ec2::254", "fd20:ce::254", "::ffff:169.254.169.254",
    "::ffff:0.0.0.0", "64:ff9b::a9fe:a9fe",
]  # fmt: skip


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_may_be_connected_to(address: str) -> None:
    assert may_connect(address, inside=False)
    assert may_connect(address, inside=True)


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_of_our_network_only_where_the_operator_named_the_host(address: str) -> None:
    assert not may_connect(address, inside=False)
    assert may_connect(address, inside=True)


@pytest.mark.parametrize("address", NOBODYS)
def test_an_address_that_is_nobodys_or_tells_secrets_never(address: str) -> None:
    assert not may_connect(address, inside=False)
    assert not may_connect(address, inside=True)
