"""A folder can be read at a glance: few modules, and none too long (docs/decisions/0015)."""

import ast
from collections import Counter
from collections.abc import Iterator
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


def dataclasses() -> Iterator[tuple[Path, ast.ClassDef, str]]:
    """Every dataclass with its module and decorator."""
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef):
                for decorator in map(ast.unparse, node.decorator_list):
                    if decorator.partition("(")[0] == "dataclass":
                        yield path.relative_to(ROOT), node, decorator


def test_records_are_frozen_and_settings_are_not() -> None:
    """Hydra fills settings, which are what `setting` and `group` describe, or have no keys; a room counts."""
    calls = {"setting", "same_setting", "group"}
    wrong, count = [], Counter[bool]()
    for path, node, decorator in dataclasses():
        values = [part.value for part in node.body if isinstance(part, ast.AnnAssign)]
        described = any(isinstance(v, ast.Call) and ast.unparse(v.func) in calls for v in values)
        count[described] += 1
        if ("frozen=True" in decorator) == (described or node.name in ("DoctorSettings", "Room")):
            wrong.append(f"{path}: {node.name}")
    assert wrong == []
    assert min(count.values()) > 40


def test_records_of_scoring_take_no_other_names() -> None:
    """A name that is misspelled in an assignment of a method is an error, and a result is small."""
    open_to_all = [
        f"{path}: {node.name}"
        for path, node, decorator in dataclasses()
        if path.parts[0] == "scoring" and "slots=True" not in decorator
    ]
    assert open_to_all == []
