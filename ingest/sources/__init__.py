"""Where documents come from by themselves: each kind of source lists its documents and reads them.

`source` is the port; `fsspec_source`, `http_source` and `sitemap_source` implement it, the latter two over
`aiohttp_fetching`; `opening` chooses by the settings. `allow_rules` says who may read a document.
"""
