"""A question and a reader in, passages out.

A question's way, a file a hop: `client` asks over NATS → `service` hands the request to `search`, which
has it encoded (`fastembed_encoder`, or remembered: `query_vectors`), finds the nearest readable passages
(`edge_index`), drops what is of no document's current edition (`nats_heads`, `editions`), says how relevant
the best is (`relevance`) and which sentences are nearest (`highlighting`, `sentences`), and how fresh the
index is (`nats_backlog`).

`index`, `encoding` and `heads` are the ports; ingest writes through the same ones.
"""
