"""Records cannot be changed, and what is left out of a call means the same everywhere."""

import ast
import importlib
import inspect
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
MODULES = sorted(
    path
    for package in ("challenge", "baselines", "scoring", "data_prep", "drawing", "scans")
    for path in (ROOT / package).rglob("*.py")
)
# In every function of scoring.
LEFT_OUT = {
    "cost_false": 1.0,
    "cost_miss": 1.0,
    "failure_to_acquire": 0.0,
    "failure_to_enrol": 0.0,
    "fmr": 0.01,
    "level": 0.95,
    "limit": 0.05,
    "n_bootstrap": 1000,
    "n_jobs": 1,
    "omega": 1.0,
    "prior": 0.01,
    "seed": 0,
    "top": 10,
}


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


def test_what_is_left_out_of_a_call_means_the_same_everywhere() -> None:
    found = defaultdict(set)
    for path in MODULES:
        if path.relative_to(ROOT).parts[0] == "scoring":
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            module = importlib.import_module(f"mriprivacy.{name}")
            for function in (own for own in vars(module).values() if inspect.isfunction(own)):
                for part in inspect.signature(function).parameters.values():
                    if type(part.default) in (int, float, bool) and function.__name__ != "strongest":
                        found[part.name].add(part.default)
    assert {name: found[name] for name in LEFT_OUT} == {name: {value} for name, value in LEFT_OUT.items()}
