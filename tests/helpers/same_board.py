"""Compare a board with the committed one: `python -m tests.helpers.same_board BOARD`.

Figures may differ in the last digits, and a detector that hesitates may fire here and not there: OpenGL, dlib
and BLAS draw and multiply as a processor's vectors are long. So other figures are shown, other systems or
columns fail.
"""

import re
import sys
from difflib import unified_diff
from pathlib import Path

COMMITTED = Path(__file__).parents[2] / "LEADERBOARD.md"


def columns(board: str) -> list[str]:
    """Return the header of every table, in order."""
    return re.findall(r"^(\|.*\|)\n\| ---", board, re.M)


def systems(board: str) -> set[str]:
    """Return every system, as `team/system`."""
    return set(re.findall(r"\| (reference/[\w.-]+) \|", board))


def differences(made: str, committed: str) -> list[str]:
    """Say how two boards differ in systems and columns."""
    problems = [f"only one of the boards has {name}" for name in sorted(systems(made) ^ systems(committed))]
    problems += [
        f"only one of the boards has the columns {header}"
        for header in sorted(set(columns(made)) ^ set(columns(committed)))
    ]
    return problems


def main(path: str) -> int:
    """Print what differs; return 1 if that is more than figures."""
    made, committed = Path(path).read_text("utf-8"), COMMITTED.read_text("utf-8")
    problems = differences(made, committed)
    changed = list(unified_diff(committed.splitlines(), made.splitlines(), n=0, lineterm=""))
    lines = sum(line.startswith("+|") for line in changed)
    print("\n".join([*changed[:40], f"{path}: {lines} lines differ from {COMMITTED.name}"]))
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
