"""What the image installs: a wheel with everything in it that the program reads while it runs."""

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[3]
BUILT_WITHIN_S = 300
READ_AT_RUN_TIME = (
    "retrieval/model/all-MiniLM-L6-v2/onnx/model_fused_int8.onnx",
    "retrieval/model/all-MiniLM-L6-v2/tokenizer.json",
    "retrieval/model/bm25/english.txt",
    "bot/answering/tokenizer/cl100k_base.tiktoken",
    "sandbox/page/index.html",
    "sandbox/company/workspace.toml",
)


def test_the_wheel_has_the_model_in_it_and_no_tests(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run(
        [*build, "--wheel-dir", str(tmp_path), str(ROOT)],
        check=True,
        capture_output=True,
        timeout=BUILT_WITHIN_S,
        cwd=tmp_path,
    )
    (wheel,) = tmp_path.glob("answerdesk-*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert set(READ_AT_RUN_TIME) <= names
    assert not [name for name in names if name.startswith(("tests/", "docs/"))]
    for page in (ROOT / "bot" / "web").glob("page/*"):
        assert f"bot/web/page/{page.name}" in names
