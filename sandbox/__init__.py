"""A workspace that looks and behaves like Slack, on loopback, for the demo, for development and for tests.

An unmodified Bolt app connects to it with Socket Mode and the Web API; people use it in a browser.
It imports nothing of the bot, and the bot nothing of it: they meet over Slack's own protocols.

The path of one message, a file a hop::

    page/ (the browser) → page_actions → workspace (the state, pure; typing_text turns text into Slack's)
      → slack_events (what the app is told) → socket_mode (envelopes, acknowledgement, redelivery; http_mode,
      where the app is reached over HTTP) → the app
    the app → web_api (tokens, rate_limits, faults, the log of calls) → methods/ (one function a method;
      blocks and schema/ check) → workspace, streaming, views, agents → page_state → page_api (every browser)

And of a press, a command, a modal that is sent::

    page_actions → acting (what Slack makes of the app's answer) → interactions (payloads, with a trigger and
      a response URL: triggers, responding) → socket_mode.ask → the app → its acknowledgement, back in acting

A test holds all of it as ``running.Sandbox``, which ``service.serving`` gives.
``company/`` holds the sample company: who works there, its channels and its handbook.
"""
