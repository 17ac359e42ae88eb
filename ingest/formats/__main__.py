"""The process apart: reads one body after another from its standard input until that ends.

It keeps its own time too, because whoever asked may be gone.
"""

import contextlib
import importlib
import os
import signal
import sys
from typing import Any, BinaryIO

from ingest.formats import docutils_rst, frames
from ingest.formats.confinement import confine
from ingest.formats.reading import read
from wire.errors import MalformedError

TOO_LARGE = "reading it takes more memory than a document may have"
TOO_DEEP = "it is nested too deep"
BROKEN = "it is broken, or not what its media type says"
OPEN_FILES = 4
"""Standard input, output and errors, and where replies go."""
_TEXT = b"""
Title
=====

.. note:: a

.. table:: b

   ==  ==
   a   b
   ==  ==
   1   2
   ==  ==

.. code-block:: python

   x = 1

.. image:: a.png
.. math:: x
.. |c| replace:: d

|c| [1]_ :sub:`e`

.. [1] f
"""
_MAIL = b"""Subject: =?utf-8?q?a?=
From: a <a@example.com>
Date: Thu, 1 Jan 2026 10:00:00 +0000

a"""


def main() -> None:
    """Get ready, say so, and answer."""
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints is no reply
    _prepare()
    confine(files=OPEN_FILES)
    _reply(replies, frames.pack({"ready": True}))
    while True:
        with contextlib.suppress(BrokenPipeError):
            asked = _next(sys.stdin.buffer)
            if asked is None:
                return
            _keep_time(cpu_s=asked[0]["cpu_s"], wall_s=asked[0]["wall_s"])
            said = _answer(*asked)
            _keep_time(cpu_s=0, wall_s=0)
            _reply(replies, said)


def _prepare() -> None:
    """Have libraries load what they load late, while files can be opened."""
    docutils_rst.prepare()
    importlib.import_module("xml.dom.expatbuilder")  # for mammoth
    for kind, body in (("text/x-rst", _TEXT), ("text/html", b"<p>a</p>"), ("message/rfc822", _MAIL)):
        read(kind, body, charset="utf-8")


def _keep_time(*, cpu_s: float, wall_s: float) -> None:
    """Die when it is over, in the middle of whatever a library does; 0 s are no bound."""
    signal.setitimer(signal.ITIMER_PROF, cpu_s)
    signal.setitimer(signal.ITIMER_REAL, wall_s)


def _next(requests: BinaryIO) -> tuple[dict[str, Any], bytes] | None:
    length = requests.read(frames.LENGTH.size)
    if len(length) < frames.LENGTH.size:
        return None
    asked = frames.unpack(requests.read(frames.LENGTH.unpack(length)[0]))
    body = requests.read(asked["bytes"])
    return (asked, body) if len(body) == asked["bytes"] else None


def _answer(asked: dict[str, Any], body: bytes) -> bytes:
    try:
        parsed = read(asked["kind"], body, charset=asked["charset"])
        return frames.pack(
            {"markdown": parsed.markdown, "title": parsed.title, "metadata": dict(parsed.metadata)}
        )
    except MalformedError as error:
        return frames.pack({"reason": str(error)})
    except MemoryError:
        return frames.pack({"reason": TOO_LARGE, "spent": True})
    except RecursionError:
        return frames.pack({"reason": TOO_DEEP, "spent": True})
    except Exception as error:  # noqa: BLE001 — a broken file makes a library raise anything
        return frames.pack({"reason": BROKEN, "kind": type(error).__qualname__, "spent": True})


def _reply(replies: BinaryIO, said: bytes) -> None:
    replies.write(said)
    replies.flush()


if __name__ == "__main__":
    main()
