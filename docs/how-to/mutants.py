"""Change the code at random, one place at a time, and ask the tests whether they notice.

    python docs/how-to/mutants.py 200 --seed 0 --contexts .coverage scoring challenge/evaluation

Each mutant is made in a copy of the tree and tried with the tests that mirror its file, or else its folder;
where coverage noted which tests run which line, first with those of the changed line, the most particular
first. A process that has imported the libraries, and nothing of mriprivacy, is
forked for each mutant. A survivor is printed as file, line, old and new text. docs/how-to/mutants.md says
what to do with it.
"""

import argparse
import ast
import gc
import importlib
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import coverage
import pytest

ROOT = Path(__file__).parents[2]
LIBRARIES = (  # what takes long to import
    "cv2", "hydra", "hypothesis", "joblib", "matplotlib.pyplot", "nibabel", "numba", "omegaconf",
    "onnxruntime", "pandas", "pyarrow.parquet", "pyvista", "reportlab.platypus", "scipy.ndimage",
    "scipy.optimize", "scipy.spatial", "scipy.stats", "skimage.measure", "sklearn.linear_model",
    "sklearn.pipeline", "vtk",
)  # fmt: skip
BOUNDS = "tests/docs/test_bounds.py"
OPTIONS = ["-q", "-s", "-n", "0", "-m", "not slow", "-p", "no:cacheprovider"]
SWAPS = {
    ast.Lt: "<=", ast.LtE: "<", ast.Gt: ">=", ast.GtE: ">", ast.Eq: "!=", ast.NotEq: "==",
    ast.In: "not in", ast.NotIn: "in", ast.Is: "is not", ast.IsNot: "is",
    ast.Add: "-", ast.Sub: "+", ast.Mult: "/", ast.Div: "*", ast.And: "or", ast.Or: "and",
    ast.BitAnd: "|", ast.BitOr: "&",
}  # fmt: skip
NAMES = {"min": "max", "max": "min", "any": "all", "all": "any", "argmin": "argmax", "argmax": "argmin"}
LEFT: dict[str, Callable[[ast.Call], list[Any]]] = {
    "zip": lambda call: [keyword for keyword in call.keywords if keyword.arg == "strict"],
    "shown": lambda call: call.args[1:],  # characters of a foreign text in a message
}
Mutant = tuple[str, int, str, str]  # file, line, the line before, the line after


def mutants(path: Path) -> Iterator[Mutant]:
    """Yield every mutant of one file; docstrings, annotations and what messages show are left alone.

    So is `strict` of zip, which says what always holds: no input tells whether it was looked at.
    """
    text = path.read_text(encoding="utf-8")
    lines, tree = text.splitlines(), ast.parse(text)
    types = [getattr(node, field, None) for node in ast.walk(tree) for field in ("annotation", "returns")]
    types += [
        part
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in LEFT
        for part in LEFT[node.func.id](node)
    ]
    left = {part for one in types if one for part in ast.walk(one)}
    for node in ast.walk(tree):
        if node in left:
            continue
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


def mirrors(copy: Path, name: str) -> list[str]:
    """Return the doctests of a module, the rules of the tree, and the tests of the module or its folder."""
    folder = Path("tests") / Path(name).parent
    own = sorted(
        path.relative_to(copy).as_posix() for path in (copy / folder).glob(f"test_{Path(name).stem}*.py")
    )
    if not own and (copy / folder).exists():
        own = [str(folder)]
    return [f"mriprivacy/{name}", "tests/test_conventions.py", BOUNDS, *own]


class Contexts:
    """Which tests run which line, as coverage noted it (`--cov-context=test`)."""

    def __init__(self, path: Path) -> None:
        data = coverage.CoverageData(str(path))
        data.read()
        files = sorted(data.measured_files())
        root = os.path.commonpath(files)  # of the tree that was measured, which may be another clone
        self.lines = {os.path.relpath(name, root): data.contexts_by_lineno(name) for name in files}
        self.runs = Counter(test for own in self.lines.values() for tests in own.values() for test in tests)
        self.texts: dict[str, str] = {}

    def tests(self, name: str, line: int, most: int) -> list[str]:
        """Return the tests that run a line, or, at import, its file; those first that run few other lines."""
        found = self.run(name, line) or set().union(*(self.run(name, at) for at in self.lines.get(name, ())))
        ordered = sorted(found, key=lambda test: (self.runs[test], test))
        tests = dict.fromkeys(test.partition("|")[0] for test in ordered)  # "|run", "|setup"
        return [test for test in tests if self.there(test)][:most]

    def lines_run(self, test: str) -> int:
        """Return how many lines a test runs; 0 if it is new."""
        return self.runs[f"{test}|setup"] + self.runs[f"{test}|run"]

    def run(self, name: str, line: int) -> set[str]:
        """Return the tests that run a line; those that run at import have no name."""
        return {test for test in self.lines.get(name, {}).get(line, ()) if "::" in test}

    def there(self, test: str) -> bool:
        """Say whether a test is still in its file."""
        name, _, rest = test.partition("::")
        if name not in self.texts:
            path = ROOT / name
            self.texts[name] = path.read_text(encoding="utf-8") if path.is_file() else ""
        function = rest.rpartition("::")[2].partition("[")[0].rpartition(".")[2]
        return function in self.texts[name]


class Judge:
    """A pytest plugin: in the place of the run of all tests, each mutant has its own in a child process.

    All is imported and collected once. A child exchanges the code of the function that was changed, which is
    the same object wherever it was imported to. What runs at import, it imports anew.
    The changed file stands in the copy, too, for processes that a test starts.
    """

    def __init__(
        self, copy: Path, asked: argparse.Namespace, contexts: Contexts | None, chosen: list[Mutant]
    ) -> None:
        self.copy, self.asked, self.contexts, self.chosen = copy, asked, contexts, chosen
        self.failed: list[str] = []
        self.survivors = 0

    def files(self) -> list[str]:
        """Return the files of the tests of all mutants."""
        every = {path for mutant in self.chosen for path in mirrors(self.copy, mutant[0])}
        every |= {test.partition("::")[0] for mutant in self.chosen for test in self.particular(mutant)}
        return sorted(every)

    def particular(self, mutant: Mutant) -> list[str]:
        """Return the tests that run the line, the most particular first."""
        return self.contexts.tests(*mutant[:2], self.asked.most) if self.contexts else []

    def tests(self, mutant: Mutant, items: dict[str, pytest.Item]) -> list[pytest.Item]:
        """Return those and the tests of the module, small ones first and long ones last."""
        found = [name for name in self.particular(mutant) if name in items]
        own = [path for path in mirrors(self.copy, mutant[0]) if path.endswith(".py") or not found]
        found += [name for name in items if name.startswith(tuple(own))]
        if self.contexts:
            long = {name for name in found if items[name].get_closest_marker("long")}
            found.sort(key=lambda name: (name in long, self.contexts.lines_run(name)))
        return [items[name] for name in dict.fromkeys(found)]

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Try every mutant; called by pytest once all tests are collected."""
        items = {item.nodeid: item for item in session.items}
        gc.collect()
        gc.freeze()  # or else every child copies what is there, to look at it
        for i, mutant in enumerate(self.chosen, 1):
            start = time.monotonic()
            failed = self.outcome(mutant, self.tests(mutant, items))
            if not failed:
                self.survivors += 1
                where = f"survives: {mutant[0]}:{mutant[1]}"
                print(f"{where}\n  - {mutant[2].strip()}\n  + {mutant[3].strip()}", flush=True)
            count = f"{i} of {len(self.chosen)} tried, {i - self.survivors} noticed"
            took = f"{time.monotonic() - start:.0f} s"
            said = f"{count}; {mutant[0]}:{mutant[1]}, {took}: {failed or 'survives'}"
            print(said, file=sys.stderr, flush=True)
        return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a test that failed."""
        if report.failed:
            self.failed.append(report.nodeid)

    def outcome(self, mutant: Mutant, tests: list[pytest.Item]) -> str:
        """Put a mutant in its place, run tests in a child, and return what failed first."""
        name, line, _, new = mutant
        target = self.copy / name
        before = target.read_text(encoding="utf-8")
        lines = before.splitlines(keepends=True)
        if not self.asked.same:
            lines[line - 1] = new + "\n"
        target.write_text("".join(lines), encoding="utf-8")
        log = self.copy.parent / "log.txt"
        child = os.fork()
        if not child:
            try:
                os.setsid()
                resource.setrlimit(resource.RLIMIT_CPU, (self.asked.limit,) * 2)
                out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
                os.dup2(out, 1)
                os.dup2(out, 2)
                self.run(target, line, tests)
                os.write(out, f"\nFAILED {self.failed[0]}\n".encode() if self.failed else b"")
            except BaseException as error:
                self.failed = [repr(error)]
                os.write(out, f"\nFAILED {error!r}\n".encode())
            finally:
                os._exit(bool(self.failed))
        end = time.monotonic() + 10 * self.asked.limit
        while not (done := os.waitpid(child, os.WNOHANG))[0] and time.monotonic() < end:
            time.sleep(0.02)
        with suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)  # workers that the tests left
        code = os.waitstatus_to_exitcode((done if done[0] else os.waitpid(child, 0))[1])
        target.write_text(before, encoding="utf-8")
        for compiled in (target.parent / "__pycache__").glob(f"{target.stem}.*"):
            compiled.unlink()  # two changes within a second look alike to Python
        if code == 0:
            return ""
        if code in (-signal.SIGKILL, -signal.SIGXCPU):
            print(f"no end within {self.asked.limit} s", file=sys.stderr, flush=True)
            return ""
        text = log.read_text(encoding="utf-8", errors="replace")
        first = re.search(r"^(FAILED|ERROR) .*", text, re.MULTILINE)
        return first.group()[:150] if first else f"the child ended with {code}"

    def run(self, target: Path, line: int, tests: list[pytest.Item]) -> None:
        """Run tests of a changed file until one fails."""
        if exchange(self.copy, target, line):
            for item, following in zip(tests, [*tests[1:], None], strict=True):
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
                if self.failed:
                    return
            return
        for name in [name for name in sys.modules if name.partition(".")[0] in ("mriprivacy", "tests")]:
            del sys.modules[name]
        names = [item.nodeid for item in tests]
        # Every chosen number has a row there; to collect all other tests again is a minute of work.
        for asked in ([BOUNDS], names):
            folder = f"--basetemp={self.copy.parent / 'again'}"
            if int(pytest.main([*OPTIONS, "-x", folder, *asked])) not in (0, 5):
                self.failed = self.failed or ["at import"]
                return


def exchange(copy: Path, target: Path, line: int) -> bool:
    """Give the function that holds a line the code that is now in its file; False if there is none."""
    text = target.read_text(encoding="utf-8")
    name = ".".join(("mriprivacy", *target.relative_to(copy).with_suffix("").parts)).removesuffix(".__init__")
    within: ast.AST = ast.parse(text)
    found: Any = sys.modules[name]
    code = compile(text, found.__file__, "exec", dont_inherit=True)
    while not isinstance(within, ast.FunctionDef):
        inside = [
            node
            for node in ast.iter_child_nodes(within)
            if isinstance(node, ast.FunctionDef | ast.ClassDef)
            and node.body[0].lineno <= line <= (node.end_lineno or 0)
        ]
        if not inside:
            return False
        (within,) = inside
        first = min([within.lineno, *(one.lineno for one in within.decorator_list)])
        (code,) = (one for one in code.co_consts if isinstance(one, CodeType) and one.co_firstlineno == first)
        found = vars(found).get(within.name)
    while not isinstance(found, FunctionType):
        parts = [getattr(found, part, None) for part in ("__wrapped__", "__func__", "fget", "func")]
        found = next((part for part in parts if part is not None), None)
        if found is None:
            return False
    if found.__code__.co_firstlineno != code.co_firstlineno:
        return False
    found.__code__ = code
    return True


def equivalent() -> set[tuple[str, str, str]]:
    """Return the mutants that no input tells from the code: file, old and new text."""
    rows = Path(__file__).with_name("equivalent_mutants.tsv").read_text(encoding="utf-8").splitlines()[1:]
    return {(name, old, new) for name, old, new, _ in (row.split("\t") for row in rows)}


def main() -> None:
    """Draw mutants, try each, and print the survivors and their number."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("number", type=int)
    parser.add_argument("folders", nargs="+", help="or files, below the root of the repository")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--contexts", type=Path, help="the .coverage of pytest --cov --cov-context=test")
    parser.add_argument("--most", type=int, default=60, help="tests a mutant, with --contexts")
    parser.add_argument("--limit", type=int, default=60, help="seconds of work a mutant, which survives then")
    parser.add_argument("--again", type=Path, help="only those that survive in this output")
    parser.add_argument("--start", type=int, default=1, help="go on from this mutant")
    parser.add_argument("--same", action="store_true", help="change nothing: no test may fail")
    parser.add_argument("--part", default="1/1", help="2/3: the second of three parts, for several cores")
    asked = parser.parse_args()
    places = [ROOT / place for place in asked.folders]
    files = [one for at in places for one in ([at] if at.is_file() else sorted(at.rglob("*.py")))]
    if not files:
        parser.error(f"no Python file in {', '.join(asked.folders)}")
    every = [mutant for path in files for mutant in mutants(path)]
    chosen = random.Random(asked.seed).sample(every, min(asked.number, len(every)))
    if asked.again:
        printed = re.findall(r"survives: (.*):\d+\n  - (.*)\n  \+ (.*)\n", asked.again.read_text("utf-8"))
        chosen = [one for one in every if (one[0], one[2].strip(), one[3].strip()) in printed]
    drawn = len(chosen)
    chosen = [one for one in chosen if (one[0], one[2].strip(), one[3].strip()) not in equivalent()]
    part, parts = map(int, asked.part.split("/"))
    chosen = chosen[part - 1 :: parts]
    contexts = Contexts(asked.contexts) if asked.contexts else None
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        copy = Path(scratch, "tree")
        shutil.copytree(
            ROOT, copy, symlinks=True, ignore=shutil.ignore_patterns(".git", ".venv", "__pycache__")
        )
        for words in ("init", "add -A"):  # some tests ask git which files there are
            subprocess.run(["git", *words.split()], cwd=copy, check=True, capture_output=True)
        judge = Judge(copy, asked, contexts, chosen[asked.start - 1 :])
        os.chdir(copy)
        os.environ["PYTHONPATH"] = sys.path[0] = str(copy)
        for library in LIBRARIES:
            importlib.import_module(library)
        options = [*OPTIONS, f"--basetemp={copy.parent / 'tests'}", *judge.files()]
        pytest.main(options, plugins=[judge])
    tried = len(judge.chosen)
    print(f"{tried - judge.survivors} of {tried} mutants were noticed; drawn: {drawn} of {len(every)}")


if __name__ == "__main__":
    main()
