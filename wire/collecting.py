"""The garbage collector, told what it need not look at."""

import gc


def keep_for_good() -> None:
    """Call it once, when all is loaded: whatever there is by now stays, and is never looked at again.

    A collection of everything looks at each object there is, and holds the event loop up for as long: for
    the modules, models and documents' heads of a worker 0.1 s, again and again.
    """
    gc.collect()
    gc.freeze()
