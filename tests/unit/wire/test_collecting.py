"""What the garbage collector is told."""

import subprocess
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_what_is_loaded_is_not_looked_at_again_and_what_comes_later_is() -> None:
    """In a process of its own: what was told can't be untold."""
    program = textwrap.dedent("""
        import gc, weakref
        import wire.search
        from wire.collecting import keep_for_good

        class Ring:
            def __init__(self):
                self.itself = self

        loaded = [[number] for number in range(1_000)]
        assert len(gc.get_objects()) > 10_000
        keep_for_good()
        assert len(gc.get_objects()) < 1_000
        later = weakref.ref(Ring())
        gc.collect()
        assert later() is None
    """)
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT, timeout=60)
