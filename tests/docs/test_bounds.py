"""Every chosen number stands in docs/reference/bounds.md, with its value and where it is."""

import ast
import importlib
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reference" / "bounds.md").read_text(encoding="utf-8")
FOLDERS = ("scoring", "challenge/evaluation", "challenge/attackers", "challenge/intake", "data_prep/editions")
# what | number | (why |) where
ROWS = re.findall(r"^\|[^|]*\| `([^`]*)` \|(?:[^|]*\|)? `(\S+\.py) (\w+)` \|$", PAGE, re.MULTILINE)


def value(path: str, name: str) -> Any:
    """Return a constant of a module."""
    return getattr(importlib.import_module(f"mriprivacy.{path.removesuffix('.py').replace('/', '.')}"), name)


def is_number(found: Any) -> bool:
    """Say whether it is a number, or a tuple with one."""
    if isinstance(found, tuple):
        return any(is_number(one) for one in found)
    return type(found) in (int, float) and found == found  # NaN is no choice


def chosen(path: Path) -> list[str]:
    """Return the constants of a module that hold numbers."""
    name = path.relative_to(ROOT).as_posix()
    assigned = [node for node in ast.parse(path.read_text("utf-8")).body if isinstance(node, ast.Assign)]
    names = [
        part.id for node in assigned for to in node.targets for part in ast.walk(to) if is_constant(part)
    ]
    return [one for one in names if is_number(value(name, one))]


def is_constant(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id.isupper()


def test_all_rows_of_the_page_are_read() -> None:
    assert len(ROWS) == len(re.findall(r"\.py \w+` \|$", PAGE, re.MULTILINE)) > 90


@pytest.mark.parametrize(("said", "path", "name"), ROWS)
def test_a_number_is_the_one_of_the_page(said: str, path: str, name: str) -> None:
    # repr of infinity is no literal
    expected = ast.literal_eval(said.replace("inf", "1e999"))
    assert value(path, name) == expected
    assert type(value(path, name)) is type(expected)


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_number_is_missing(folder: str) -> None:
    said = {(path, name) for _, path, name in ROWS}
    there = {
        (path.relative_to(ROOT).as_posix(), name)
        for path in (ROOT / folder).rglob("*.py")
        for name in chosen(path)
    }
    assert there - said == set()
