"""The ``answerdesk`` command: the root of the house, which may import every other package.

A command's way: ``cli`` → ``up`` (→ ``programs`` → ``supervision`` → ``leash``), ``roles``,
``publishing`` (→ ``files_on_disk``) or ``showing``. Where the running system is, ``running`` knows.
"""
