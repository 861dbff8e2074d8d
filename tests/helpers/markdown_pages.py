"""The Markdown pages of the repository."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
LISTED = subprocess.run(
    ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md"],
    cwd=ROOT,
    capture_output=True,
    text=True,
    check=True,
)
# The templates' links are those of the pages made from them.
NAMES = [name for name in LISTED.stdout.split("\0") if name and "/templates/" not in name]
PAGES = [ROOT / name for name in NAMES if (ROOT / name).exists()]
