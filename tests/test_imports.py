"""What tests share stands in tests/helpers: no test module imports another one, or a conftest."""

import ast
from pathlib import Path

TESTS = Path(__file__).parent


def imported(path: Path) -> list[str]:
    """Return the dotted names that a file imports, those inside functions too."""
    names = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names += [f"{'.' * node.level}{node.module or ''}.{alias.name}" for alias in node.names]
    return names


def from_tests(name: str) -> bool:
    """Whether a name leads to a test module or a conftest."""
    parts = name.split(".")
    return any(part == "conftest" or part.startswith("test_") for part in parts) or not parts[0]


def test_no_test_module_is_imported() -> None:
    found = [
        f"{path.relative_to(TESTS)}: {name}"
        for path in sorted(TESTS.rglob("*.py"))
        for name in imported(path)
        if from_tests(name)
    ]
    assert found == []


def test_every_way_to_import_one_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    lines = (
        "from tests.conftest import x",
        "from tests.data_prep.test_a import x",
        "from tests.data_prep import test_a",
        "import tests.data_prep.test_a as a",
        "from . import y",
        "def f():\n    from tests.test_a import x",
    )
    for line in lines:
        path.write_text(line)
        assert [from_tests(name) for name in imported(path)] == [True]
    path.write_text("from tests.helpers.tiny_cohort import write_tiny_cohort")
    assert not any(map(from_tests, imported(path)))
