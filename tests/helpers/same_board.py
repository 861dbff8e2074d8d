"""The committed entries and board against those of a demo, and the command that makes them again.

`python -m tests.helpers.same_board make [DEMO]` runs the demo (or takes one that is done) and replaces
`entries/`, LEADERBOARD.md and the ranking in README.md. `python -m tests.helpers.same_board check DEMO` fails
if a figure differs.

The synthetic edition is not yet the same on every processor (BLAS, OpenGL, niimath). Where the demo's edition
is not the committed one bit for bit, figures cannot be equal, and AUCs may differ by `TOLERANCE`: niimath's
registrations alone move one by .17. This exception goes when editions are the same everywhere.
"""

import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mriprivacy.challenge.cli import main as mriprivacy
from mriprivacy.challenge.compute.code_hash import result_code
from mriprivacy.challenge.entry.entry import Entry
from mriprivacy.challenge.entry.entry_file import read_entries
from mriprivacy.challenge.leaderboard.markdown import leaderboard
from mriprivacy.challenge.leaderboard.terminal import ranking
from mriprivacy.scoring import Signature

ROOT = Path(__file__).parents[2]
TOLERANCE = 0.2
MAKE = "make them again: uv run python -m tests.helpers.same_board make"
# The ranking as `demo` prints it, the second block of the README.
_RANKING = re.compile(r"(?<=```\n)Defacers, by the attacker .*?(?=```)", re.S)


def readme(entries: Sequence[Entry], text: str) -> str:
    """Return the text of the README with the ranking of these entries."""
    assert _RANKING.search(text), "README.md has no ranking"
    return _RANKING.sub(lambda _: f"{ranking(entries).strip()}\n", text)


def differences(made: Sequence[Entry], committed: Sequence[Entry]) -> list[str]:
    """Name every entry that differs, and its first few values that do, by more than they may."""
    here, there = ({entry.path: entry for entry in entries} for entries in (made, committed))
    problems = [f"{path}: only in one of the two" for path in sorted(here.keys() ^ there.keys())]
    for path in sorted(here.keys() & there.keys()):
        one, other = here[path], there[path]
        compare = _all_values if one.edition_hash == other.edition_hash else _aucs
        wrong = list(compare(one, other))
        problems += [f"{path}: {line}" for line in wrong[:3]]
        problems += [f"{path}: and {len(wrong) - 3} more"] if len(wrong) > 3 else []
    return problems


def _aucs(made: Entry, committed: Entry) -> Iterator[str]:
    """Compare what two editions that should be one allow to compare."""
    values = [
        {(r.name, r.level, r.trial_list): r.figures["auc"].value for r in e.results if "auc" in r.figures}
        for e in (made, committed)
    ]
    for name in values[0].keys() & values[1].keys():
        here, there = values[0][name], values[1][name]
        if abs(here - there) > TOLERANCE:
            yield f"AUC of {' '.join(name)} is {here:.3f}; expected {there:.3f} within {TOLERANCE}"


def _all_values(made: Entry, committed: Entry) -> Iterator[str]:
    """Compare all but times, version and code digest."""
    here, there = dict(_leaves(_figures(made))), dict(_leaves(_figures(committed)))
    for name in [*here, *(there.keys() - here.keys())]:
        if here.get(name) != there.get(name):
            yield f"{name} is {here.get(name)}; expected {there.get(name)}"


def _figures(entry: Entry) -> dict[str, Any]:
    values = asdict(entry)
    del values["seconds"], values["kit"]
    for result in values["results"]:
        result["signature"] = re.sub(r" v:[^ |]+", "", result["signature"])
    return values


def _leaves(value: object, name: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, f"{name}.{key}" if name else key)
    elif isinstance(value, list | tuple) and name != "draws":
        for number, inner in enumerate(value):
            yield from _leaves(inner, f"{name}[{number}]")
    else:
        yield name, value


def notes(made: Sequence[Entry], committed: Sequence[Entry]) -> list[str]:
    """Say what is to be known of the committed entries and is no failure."""
    old = [entry.path for entry in committed if _code(entry) != result_code(entry.track)]
    lines = [f"{len(old)} committed entries are older than the code; {MAKE}: {', '.join(old)}"] if old else []
    hashes = [{entry.edition_hash[:16] for entry in entries} for entries in (made, committed)]
    if hashes[0] != hashes[1]:
        here, there = (", ".join(sorted(found)) for found in hashes)
        lines.append(
            f"the demo's edition is {here}, that of the committed entries {there}: another processor or "
            f"other code. Figures were not compared digit for digit; AUCs may differ by {TOLERANCE}"
        )
    return lines


def _code(entry: Entry) -> str:
    return Signature.parse(entry.results[0].signature).code


def check(demo: Path) -> int:
    """Print what differs and what is to be known; return 1 if anything differs by more than it may."""
    made, committed = read_entries(demo / "entries"), read_entries(ROOT / "entries")
    problems = differences(made, committed)
    if (demo / "board" / "LEADERBOARD.md").read_text("utf-8") != leaderboard(made):
        problems.append("board/LEADERBOARD.md: is not that of the demo's entries")
    print("\n".join(f"note: {line}" for line in notes(made, committed)))
    print("\n".join(problems), file=sys.stderr)
    print(f"{len(made)} entries compared, {len(problems)} problems" + (f"; {MAKE}" if problems else ""))
    return 1 if problems else 0


def make(demo: Path | None) -> int:
    """Replace the committed entries, board and ranking by those of a demo; without one, run it."""
    if demo is None:
        with tempfile.TemporaryDirectory() as folder:
            status = mriprivacy(["demo", f"output={folder}/demo"])
            return status or make(Path(folder, "demo"))
    entries = read_entries(demo / "entries")
    shutil.rmtree(ROOT / "entries")
    shutil.copytree(demo / "entries", ROOT / "entries")
    (ROOT / "LEADERBOARD.md").write_text(leaderboard(entries), encoding="utf-8")
    text = (ROOT / "README.md").read_text("utf-8")
    (ROOT / "README.md").write_text(readme(entries, text), encoding="utf-8")
    print(f"{len(entries)} entries, LEADERBOARD.md and the ranking in README.md are replaced")
    return 0


if __name__ == "__main__":
    command, *folder = sys.argv[1:]
    demo = Path(folder[0]) if folder else None
    if command == "make":
        sys.exit(make(demo))
    assert command == "check", "expected make [DEMO] or check DEMO"
    assert demo is not None, "check needs a demo"
    sys.exit(check(demo))
