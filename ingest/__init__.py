"""Document events in, a true index out.

A document's way, a file a hop: `client` announces it to JetStream → `nats_consumer` takes it up and sees
it through → `indexing` decides by its version (`versions`), reads its body (`parsing`; a long one comes
from `nats_objects`, one by URL through `aiohttp_fetch`), cuts it (`chunking`), has the passages encoded and
written, and advances the document's head, at which readers see it → `leftovers` removes what they no longer
see.

What does not go through is counted by `nats_attempts` and ends in `nats_failures`, which admins reach through
`failures_client` and `nats_admin`.

`service` wires these over what the worker process has opened.
"""
