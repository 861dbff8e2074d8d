"""A test that skips in CI proves nothing, and the run stays green: tests/helpers/in_ci.py alone skips."""

import ast
from pathlib import Path

import pytest

from tests.helpers.in_ci import skip_but_not_in_ci

TESTS = Path(__file__).parent
SKIPS = {"skip", "skipif", "importorskip", "xfail", "skipTest"}


def test_only_the_helper_skips() -> None:
    found = [
        f"{path.relative_to(TESTS)}:{node.lineno} {node.attr}"
        for path in sorted(TESTS.rglob("*.py"))
        if path not in (TESTS / "helpers" / "in_ci.py", Path(__file__))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in SKIPS
    ]
    assert found == []


@pytest.mark.parametrize(("ci", "fails"), [("true", True), ("", False)])
def test_what_is_missing_fails_in_ci(ci: str, fails: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", ci)
    expected = pytest.fail.Exception if fails else pytest.skip.Exception
    with pytest.raises(expected, match="no such tool"):
        skip_but_not_in_ci("no such tool")
