"""A folder can be read at a glance: few modules, and none too long (docs/decisions/0015)."""

from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[1]
MODULES = sorted(
    path
    for package in ("challenge", "baselines", "scoring", "data_prep", "drawing", "scans")
    for path in (ROOT / package).rglob("*.py")
)


def test_no_folder_has_more_than_twelve_modules_but_commands() -> None:
    count = Counter(path.parent.relative_to(ROOT) for path in MODULES if path.name != "__init__.py")
    assert len(count) > 20
    assert {str(folder): n for folder, n in count.items() if n > 12 and folder.name != "commands"} == {}


def test_no_module_has_more_than_400_lines() -> None:
    long = {str(path): n for path in MODULES if (n := len(path.read_text("utf-8").splitlines())) > 400}
    assert long == {}
