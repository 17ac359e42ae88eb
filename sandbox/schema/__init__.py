"""Which shapes Slack takes: its own published types, as a JSON schema that ``build.sh`` makes out of them."""
