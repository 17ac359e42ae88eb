"""What is asked of PostgreSQL; `pgvector_index.py` fills in the names in braces.

A word's id is any number of 32 bits; ``terms`` holds it less 2**31, to fit PostgreSQL's signed integers.
For the sum of products that BM25 is, ``words`` holds the weights at the id modulo pgvector's most
dimensions: two words of one passage share a place once in a hundred thousand passages.
"""

WORD_SHIFT = 2**31
WORD_PLACES = 1_000_000_000
HNSW_DIMENSIONS = 2000
"""The most that pgvector's HNSW takes; longer vectors are compared one by one."""

MAKE_NOTES = """
create table if not exists {notes} (fingerprint text primary key, note jsonb not null)
"""

IS_MADE = "select to_regclass(%(name)s) is not null"
MAKE_TABLE = """
create table {table} (
    id uuid primary key,
    key text not null,
    edition text not null,
    source text not null,
    allow text[] not null,
    digest text,
    terms integer[] not null,
    words sparsevec not null,
    dense vector({dimensions}) not null,
    -- json rather than jsonb or text: a NUL in a document's text comes back as it was.
    payload json not null
)
"""
# What a scan reads lies in the row, or PostgreSQL would put all but numbers behind it to make room for the
# vector, and look up a passage's readers there one by one. The vector goes behind: HNSW has its own copy.
KEEP_NEAR = """
alter table {table}
    alter allow set storage main, alter source set storage main, alter key set storage main,
    alter edition set storage main, alter digest set storage main, alter terms set storage main,
    alter words set storage main, alter dense set storage external
"""

MAKE_INDEXES = (
    "create index {allow_index} on {table} using gin (allow)",
    "create index {terms_index} on {table} using gin (terms)",
    "create index {key_index} on {table} (key)",
    "create index {digest_index} on {table} (digest) where digest is not null",
)
MAKE_HNSW = "create index {dense_index} on {table} using hnsw (dense vector_cosine_ops)"

TIDY = "select gin_clean_pending_list(index::regclass) from unnest(%(indexes)s::text[]) as index"
# Not where a vacuum is at it: PostgreSQL would end that one for us.
ANALYZE = "analyze (skip_locked) {table}"

UPSERT = """
insert into {table} (id, key, edition, source, allow, digest, terms, words, dense, payload)
values (%(id)s, %(key)s, %(edition)s, %(source)s, %(allow)s, %(digest)s, %(terms)s, %(words)s, %(dense)s,
    %(payload)s)
on conflict (id) do update set (key, edition, source, allow, digest, terms, words, dense, payload) =
    (excluded.key, excluded.edition, excluded.source, excluded.allow, excluded.digest, excluded.terms,
     excluded.words, excluded.dense, excluded.payload)
"""

DELETE = "delete from {table} where id = any(%(ids)s::uuid[])"

MAY_READ = "allow && %(principals)s::text[]"
OF_SOURCES = " and source = any(%(sources)s::text[])"
NOT_OF_EDITIONS = """
    and (key, edition) not in (select * from unnest(%(without_keys)s::text[], %(without_editions)s::text[]))
"""

COUNT_READABLE = "select count(*) from {table} where {may_read}"

SEARCH = """
with asked as (
    select * from unnest(%(terms)s::integer[], %(places)s::integer[], %(weights)s::real[])
        as asked (term, place, weight)
),
-- How rare each word is, among what this reader may read: others' documents must not show through.
rarity as (
    select asked.place, sum(asked.weight
        * ln((greatest(%(readable)s, holding.passages) + 1) / (holding.passages + 0.5))) as weight
    from asked cross join lateral (
        select count(*) as passages from {table} where terms @> array[asked.term] and {may_read}
    ) as holding
    group by asked.place
),
query as (
    select ('{{' || coalesce(string_agg(place || ':' || weight, ',' order by place), '')
        || '}}/' || {word_places})::sparsevec as words
    from rarity
),
by_meaning as (
    select id, row_number() over (order by distance, id) - 1 as rank from (
        select id, dense <=> %(dense)s::vector as distance from {table}
        where %(dense)s::vector is not null and {may_read}
        order by dense <=> %(dense)s::vector limit %(branch)s
    ) as nearest
),
by_words as (
    select id, row_number() over (order by distance, id) - 1 as rank from (
        select id, words <#> (select words from query) as distance from {table}
        where terms && %(terms)s::integer[] and {may_read}
        order by distance, id limit %(branch)s
    ) as best
),
fused as (
    select id, sum(1.0 / (%(rrf_k)s + rank)) as score
    from (select * from by_meaning union all select * from by_words) as ranked
    group by id order by score desc, id limit %(limit)s
)
select found.id, found.payload, fused.score::float8,
    coalesce(1 - (found.dense <=> %(dense)s::vector), 0.0) as cosine,
    - (found.words <#> query.words) as words
from fused join {table} as found using (id) cross join query
"""

READABLE = """
select id, payload from {table} where id = any(%(ids)s::uuid[]) and allow && %(principals)s::text[]
"""

VECTORS = """
select asked.digest, known.dense from unnest(%(digests)s::text[]) as asked (digest)
cross join lateral (select dense from {table} where digest = asked.digest limit 1) as known
"""

NAMES = "select id, key, edition from {table} where key = %(key)s order by id"

ALL_NAMES = """
select id, key, edition from {table}
where %(after)s::uuid is null or id > %(after)s::uuid order by id limit %(limit)s
"""

COPIES = """
select id, payload, dense, words, terms from {table}
where %(after)s::uuid is null or id > %(after)s::uuid order by id limit %(limit)s
"""

COUNT = "select count(*) from {table}"

NOTES = "select note from {notes} order by fingerprint"
PUT_NOTE = """
insert into {notes} (fingerprint, note) values (%(fingerprint)s, %(note)s)
on conflict (fingerprint) do update set note = excluded.note
"""
FIRST_NOTE = """
insert into {notes} (fingerprint, note) values (%(fingerprint)s, %(note)s) on conflict do nothing
"""
NOTE_OF = "select note from {notes} where fingerprint = %(fingerprint)s"
FORGET_NOTE = "delete from {notes} where fingerprint = %(fingerprint)s"
DROP = "drop table if exists {table}"
