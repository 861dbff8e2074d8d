"""Change the code at random, one place at a time, and ask the tests whether they notice.

    python docs/how-to/mutants.py 200 --seed 0 --contexts .coverage scoring challenge/evaluation

Each mutant is made in a copy of the tree and tried with the tests that mirror its file and folder, then with
`--wide` ones; or, where coverage noted which tests run which line, with those of the changed line, the most
particular first. A survivor is printed as file, line, old and new text. docs/how-to/mutants.md says what to
do with it.
"""

import argparse
import ast
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import coverage

ROOT = Path(__file__).parents[2]
SWAPS = {
    ast.Lt: "<=", ast.LtE: "<", ast.Gt: ">=", ast.GtE: ">", ast.Eq: "!=", ast.NotEq: "==",
    ast.In: "not in", ast.NotIn: "in", ast.Is: "is not", ast.IsNot: "is",
    ast.Add: "-", ast.Sub: "+", ast.Mult: "/", ast.Div: "*", ast.And: "or", ast.Or: "and",
    ast.BitAnd: "|", ast.BitOr: "&",
}  # fmt: skip
NAMES = {"min": "max", "max": "min", "any": "all", "all": "any", "argmin": "argmax", "argmax": "argmin"}
Mutant = tuple[str, int, str, str]  # file, line, the line before, the line after


def mutants(path: Path) -> Iterator[Mutant]:
    """Yield every mutant of one file; docstrings, annotations and messages are left alone."""
    text = path.read_text(encoding="utf-8")
    lines, tree = text.splitlines(), ast.parse(text)
    for node in ast.walk(tree):
        for start, end, new in changes(node, lines):
            (line, first), (last_line, last) = start, end
            if line == last_line:
                old = lines[line - 1]
                yield path.relative_to(ROOT).as_posix(), line, old, old[:first] + new + old[last:]


def changes(node: ast.AST, lines: list[str]) -> Iterator[tuple[tuple[int, int], tuple[int, int], str]]:
    """Yield what may be put in the place of a node, as start, end and new text."""
    if isinstance(node, ast.Compare | ast.BinOp | ast.BoolOp):
        if isinstance(node, ast.Compare):
            left, right, kind = node.left, node.comparators[0], type(node.ops[0])
        elif isinstance(node, ast.BinOp):
            left, right, kind = node.left, node.right, type(node.op)
        else:
            left, right, kind = node.values[0], node.values[1], type(node.op)
        start, end = (left.end_lineno or 0, left.end_col_offset or 0), (right.lineno, right.col_offset)
        if kind in SWAPS and start[0] == end[0]:
            between = lines[start[0] - 1][start[1] : end[1]]
            brackets = "".join(c for c in between if c == ")"), "".join(c for c in between if c == "(")
            yield start, end, f"{brackets[0]} {SWAPS[kind]} {brackets[1]}"
    elif isinstance(node, ast.Name | ast.Attribute):
        name = node.id if isinstance(node, ast.Name) else node.attr
        if name in NAMES:
            end = (node.end_lineno or 0, node.end_col_offset or 0)
            yield (end[0], end[1] - len(name)), end, NAMES[name]
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float, bool):
        new = not node.value if isinstance(node.value, bool) else node.value + 1
        yield (node.lineno, node.col_offset), (node.end_lineno or 0, node.end_col_offset or 0), repr(new)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
        yield (node.lineno, node.col_offset), (node.operand.lineno, node.operand.col_offset), ""


def noticed(copy: Path, mutant: Mutant, tries: list[list[str]]) -> bool:
    """Put a mutant in its place and run one set of tests after the other, until one fails."""
    name, line, _, new = mutant
    target = copy / name
    before = target.read_text(encoding="utf-8")
    lines = before.splitlines(keepends=True)
    lines[line - 1] = new + "\n"
    target.write_text("".join(lines), encoding="utf-8")
    try:
        return any(pytest(copy, paths) for paths in tries)
    finally:
        target.write_text(before, encoding="utf-8")


def mirrors(copy: Path, name: str) -> list[list[str]]:
    """Return the test file of a module, then its doctests and the tests of its folder."""
    folder = Path("tests") / Path(name).parent
    own = folder / f"test_{Path(name).name}"
    tries = [[str(own)]] if (copy / own).is_file() else []
    return [*tries, [path for path in (f"mriprivacy/{name}", str(folder)) if (copy / path).exists()]]


class Contexts:
    """Which tests run which line, as coverage noted it (`--cov-context=test`)."""

    def __init__(self, path: Path) -> None:
        data = coverage.CoverageData(str(path))
        data.read()
        files = {Path(name).resolve(): name for name in data.measured_files()}
        self.lines = {
            path.as_posix().removeprefix(f"{ROOT.as_posix()}/"): data.contexts_by_lineno(name)
            for path, name in files.items()
        }
        self.runs = Counter(test for own in self.lines.values() for tests in own.values() for test in tests)
        command = [sys.executable, "-m", "pytest", "--collect-only", "-n", "0", "-m", "not slow"]
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=600)
        self.there = {line for line in listed.stdout.splitlines() if "::" in line}

    def tests(self, name: str, line: int, most: int) -> list[str]:
        """Return the tests that run a line, those first that run few other lines."""
        found = self.lines.get(name, {}).get(line, ())
        ordered = sorted(found, key=lambda test: (self.runs[test], test))
        tests = dict.fromkeys(test.partition("|")[0] for test in ordered)  # "|run", "|setup"; "" is at import
        return [test for test in tests if test in self.there][:most]


def pytest(copy: Path, tests: list[str]) -> bool:
    """Say whether a test fails, or none ends within ten minutes."""
    if not tests:
        return False
    listed = copy / "chosen-tests.txt"  # a command line has not room for all
    listed.write_text("\n".join(tests), encoding="utf-8")
    options = ["-x", "-q", "-n", "0", "-m", "not slow", "-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", *options, f"@{listed}"]
    try:
        done = subprocess.run(command, cwd=copy, capture_output=True, timeout=600, check=False)
    except subprocess.TimeoutExpired:
        return True
    return done.returncode not in (0, 5)


def main() -> None:
    """Draw mutants, try each, and print the survivors and their number."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("number", type=int)
    parser.add_argument("folders", nargs="+", help="or files, below the root of the repository")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--wide", nargs="*", default=[])
    parser.add_argument("--contexts", type=Path, help="the .coverage of pytest --cov --cov-context=test")
    parser.add_argument("--most", type=int, default=60, help="tests a mutant, with --contexts")
    parser.add_argument("--part", default="1/1", help="2/3: the second of three parts, for several cores")
    asked = parser.parse_args()
    places = [ROOT / place for place in asked.folders]
    files = [one for at in places for one in ([at] if at.is_file() else sorted(at.rglob("*.py")))]
    if not files:
        parser.error(f"no Python file in {', '.join(asked.folders)}")
    every = [mutant for path in files for mutant in mutants(path)]
    chosen = random.Random(asked.seed).sample(every, min(asked.number, len(every)))
    part, parts = map(int, asked.part.split("/"))
    chosen = chosen[part - 1 :: parts]
    contexts = Contexts(asked.contexts) if asked.contexts else None
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch, "tree")
        shutil.copytree(
            ROOT, copy, symlinks=True, ignore=shutil.ignore_patterns(".git", ".venv", "__pycache__")
        )
        survivors = 0
        for i, mutant in enumerate(chosen, 1):
            tries = mirrors(copy, mutant[0])
            if contexts and (own := contexts.tests(*mutant[:2], asked.most)):
                tries = [own]
            if not noticed(copy, mutant, [*tries, asked.wide]):
                survivors += 1
                print(
                    f"survives: {mutant[0]}:{mutant[1]}\n  - {mutant[2].strip()}\n  + {mutant[3].strip()}",
                    flush=True,
                )
            print(f"{i} of {len(chosen)} tried, {i - survivors} noticed", file=sys.stderr, flush=True)
    print(f"{len(chosen) - survivors} of {len(chosen)} mutants of {len(every)} were noticed")


if __name__ == "__main__":
    main()
