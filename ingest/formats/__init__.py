"""Documents of every kind as Markdown: pure functions from bytes to text, each library in a file of its own.

`reading` knows which one reads what. What may be hostile runs in a process apart: `python -m ingest.formats`,
which `confinement` keeps from files, the network and the machine's memory.
"""
