"""Document events in, a true index out.

A document's way, a file a hop: `client` announces it to JetStream → `nats_consumer` takes it up and sees
it through → `indexing` decides by its version (`versions`), reads its body (`parsing`; a long one comes
from the object store, one by URL through `aiohttp_fetch`), adds what it says of itself (`description`), has
its passages cut (`chunking`), encoded and written (`writing`), and advances the document's head, at which
readers see it → `leftovers` removes what they no longer see. `fingerprint` names all that made them.

What does not go through is counted by `nats_attempts` and ends in `nats_failures`, which admins reach through
`failures_client` and `nats_admin`.

A source that is asked rather than announcing: `scheduling` (by `apscheduler_schedule`) or an admin
(`sync_client` → `sync_endpoints`) begins a run in `syncing`, which `nats_runs` gives to one worker; `resync`
takes what `sources` list, compares it (`reconcile`) with what is indexed (`nats_indexed`), and announces what
differs through `client` like anybody. `sync_service` wires this part.

`nats_files` reads files that came with a question, for the bot.

`service` wires these over what the worker process has opened.
"""
