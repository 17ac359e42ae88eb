"""A question and a reader in, passages out.

A question's way, a file a hop: `client` asks over NATS → `service` hands the request to `search`, which has
it asked (`querying`): abbreviations written out (`glossary`), encoded (`fastembed_encoder`, or remembered:
`query_vectors`), and searched (`finding`): the nearest readable passages (`edge_index`, or another of
`stores`), without what is of no document's current edition (`nats_heads`, `editions`), in the order of
`ranking`; a word that nothing has is mended (`rapidfuzz_spelling`), and each of several questions in one is
asked too (`parts`). The first are read again where a reranker is set (`fastembed_reranker`); copies and too
much of one document step back (`likeness`). Then `relevance` says how likely an answer is there,
`highlighting` which sentences are nearest (`sentences`), and `nats_backlog` how fresh the index is.

`index`, `encoding`, `heads` and `reranking` are the ports; ingest writes through the first three.
"""
