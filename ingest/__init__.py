"""Document events in, a true index out.

A document's way, a file a hop: `client` announces it to JetStream → `nats_consumer` takes it up and sees
it through → `indexing` decides by its version (`versions`), reads its body (`parsing`; a long one comes
from `nats_objects`), cuts it (`chunking`), has the passages encoded and written, and advances the
document's head, at which readers see it → `leftovers` removes what they no longer see.

`service` wires these over what the worker process has opened.
"""
