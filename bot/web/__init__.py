"""HTTP in, answers out; and the same over NATS, for programs.

A question's path: `aiohttp_callers` (who asks) → `aiohttp_answers`, `aiohttp_websocket` or `nats_answers`
(how) → `asking` (what the pipeline is asked) → `streams` (the answer, apart from its readers) →
`aiohttp_reading` (out, at the reader's pace). Beside it `recording` → `records` → `elsewhere`: an answer
that is written by one bot and read at another. `service` puts it together.
"""
