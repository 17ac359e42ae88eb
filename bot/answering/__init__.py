"""A question in, the events of its answer out; nothing here knows of Slack.

A question's path: ``answering`` (the pipeline) → ``rewriting`` (a query that stands alone) → ``searching``
(in other words, where it finds nothing) → ``attachments`` (files that came with it) → ``recalling`` (may an
answer of before be served?) → ``prompt`` → ``charging`` → ``writing`` with a model
(``claude_model``, or ``extractive_model`` where none is connected) → ``composition`` (text and checked
citations), through its ``gate`` → the face that asked. Where the documents have no answer: ``unanswered``;
what is no question never gets there: ``small_talk``.
``sentences`` has all that people are told besides.
"""
