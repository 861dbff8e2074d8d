"""Files of the repository that people read."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Records are in the words of their day, three files write texts that the hash of an edition covers, and
# test_words.py holds the list.
LEFT_OUT = (
    "docs/decisions/",
    "data_prep/editions/datasheet.py",
    "data_prep/editions/metadata.py",
    "data_prep/synthetic/bids_files.py",
    "tests/test_words.py",
)


def tracked(place: str) -> list[Path]:
    """Return the texts and programs below a place that are in the repository, but for `LEFT_OUT`."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", place], cwd=ROOT, capture_output=True, text=True, check=True
    )
    names = [name for name in listed.stdout.split("\0") if name and not name.startswith(LEFT_OUT)]
    return [ROOT / name for name in names if name.endswith((".py", ".md", ".html", ".yaml"))]
