"""Where documents come from by themselves: each kind of source lists its documents and reads them.

`source` is the port; `fsspec_source`, and over `aiohttp_fetching` also `http_source`, `sitemap_source` and
`slack_source`, implement it; `opening` chooses by the settings. `allow_rules` says who may read a document.
"""
