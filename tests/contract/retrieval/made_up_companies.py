"""Made-up companies for the permission property: who may read what, what was revoked, and what is asked."""

from dataclasses import dataclass, field

from hypothesis import strategies as st

SOURCES = ("handbook", "wiki")
PRINCIPALS = (
    "public",
    "external",
    "user:U1",
    "user:U2",
    "email:ana@example.com",
    "group:S1",
    "directory:board",
    "channel:C1",
)
FURTHER = frozenset(f"group:F{number}" for number in range(80))
"""Groups that are let in nowhere: for a reader of many principals, whom the index may ask for otherwise."""
TEXTS = (
    "Everyone in Germany has 30 days of annual leave. Unused leave lapses at the end of March.",
    "Everyone in Portugal has 22 days of annual leave. Unused leave lapses at the end of April.",
    "Parental leave in Canada lasts up to 35 weeks. Tell your manager three months before.",
    "A lost laptop is reported within an hour. Security locks it and sends you another one.",
    "Expenses over 500 euros need the approval of your manager. Keep every receipt for ten years.",
    "Trains are booked two weeks ahead. First class is for trips of more than four hours.",
    "The office in Berlin opens at eight. Visitors sign in at the desk and wear a badge.",
    "Error E1042 means that the payroll run has failed. Restart the job and tell the finance team.",
    "Salaries are reviewed in April. The board approves all rises above five percent.",
    "We are going to buy Initech for 40 million euros. Nobody outside the board may know of it.",
    "The VPN needs a second factor. Ask the help desk for a new key when yours is lost.",
    "Leave.",
)
QUESTIONS = (
    "how many days of annual leave do I get",
    "when does unused leave lapse",
    "what do I do with a lost laptop",
    "who approves expenses",
    "E1042",
    "are we going to buy Initech",
    "when are salaries reviewed",
    "is it so",
)
"""The last one is of stop words alone, and so is asked by meaning alone."""


@dataclass(frozen=True, kw_only=True)
class Document:
    """A document of a company.

    Attributes:
        texts: its passages, each by its place in TEXTS.
        allow: who may read it; nobody, where it is empty.
        former: who might read its former edition, of the same passages; None where there was none.
        deleted: its head is a tombstone now.
    """

    source: str
    texts: tuple[int, ...]
    allow: frozenset[str]
    former: frozenset[str] | None = None
    deleted: bool = False


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A search, and how its reader looks around what it finds."""

    question: str
    sources: tuple[str, ...] | None = None
    limit: int = 8
    highlights: bool = False
    neighbours: int = 0


@dataclass(frozen=True, kw_only=True)
class Company:
    """Its documents in the order they were written, its readers, and what each of them asks."""

    documents: tuple[Document, ...]
    readers: tuple[frozenset[str], ...]
    asked: tuple[Asked, ...] = field(default=())


_principals = st.frozensets(st.sampled_from(PRINCIPALS), max_size=3)

_documents = st.builds(
    Document,
    source=st.sampled_from(SOURCES),
    texts=st.lists(st.integers(0, len(TEXTS) - 1), min_size=1, max_size=3).map(tuple),
    allow=_principals,
    former=st.none() | _principals,
    deleted=st.sampled_from((False,) * 5 + (True,)),
)

_asked = st.builds(
    Asked,
    question=st.sampled_from(QUESTIONS),
    sources=st.none() | st.lists(st.sampled_from(SOURCES), max_size=2, unique=True).map(tuple),
    limit=st.integers(1, 10),
    highlights=st.booleans(),
    neighbours=st.integers(0, 2),
)

_readers = st.builds(
    frozenset.union, _principals.filter(bool), st.sampled_from((frozenset(), frozenset(), FURTHER))
)

READERS, ASKED = 3, 5
"""So each company makes fifteen cases."""

companies = st.builds(
    Company,
    documents=st.lists(_documents, min_size=1, max_size=10).map(tuple),
    readers=st.lists(_readers, min_size=READERS, max_size=READERS).map(tuple),
    asked=st.lists(_asked, min_size=ASKED, max_size=ASKED).map(tuple),
)
