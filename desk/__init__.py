"""The ``answerdesk`` command: the root of the house, which may import every other package.

A command's way starts in ``cli``. ``up`` decides what runs (``programs``, with ``keys`` and ``engines``),
keeps it running (``supervision``, each program on its ``leash``) and fills an empty index (``sample``).
``publishing`` announces (``files_on_disk``, ``announcing``), ``showing`` searches, ``roles`` runs one role in
this process, ``worker`` being one. Where the running system is, ``running`` knows.

What an operator does by hand starts in ``operating``: ``doctor`` (its ``..._checks`` make ``findings``),
``backing_up`` and ``restoring`` (on ``backup_files``), ``migrating``, ``app_manifest``. How every command is
run, ``invoking`` says.
"""
