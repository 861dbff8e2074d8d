"""The committed entries and board against those of a demo, and the command that makes them again.

`python -m tests.helpers.same_board make [DEMO]` runs the demo (or takes one that is done) and replaces
`entries/`, LEADERBOARD.md and the ranking in README.md. `python -m tests.helpers.same_board check DEMO` fails
if a figure differs.

The edition has the same bits on every processor, so another edition hash is a fault. A figure may differ in
what rounding leaves of it, `TOLERANCE`; nothing that is printed may.
"""

import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from math import isnan
from pathlib import Path
from typing import Any

from mriprivacy.challenge.cli import main as mriprivacy
from mriprivacy.challenge.compute.code_hash import result_code
from mriprivacy.challenge.entry.entry import Entry
from mriprivacy.challenge.entry.entry_file import read_entries
from mriprivacy.challenge.leaderboard.comparable import comparable
from mriprivacy.challenge.leaderboard.pages.markdown import leaderboard
from mriprivacy.challenge.leaderboard.pages.terminal import ranking
from mriprivacy.challenge.leaderboard.standings import board
from mriprivacy.challenge.leaderboard.verdict import block, of_entry
from mriprivacy.scoring import Signature

ROOT = Path(__file__).parents[2]
TOLERANCE = 1e-9
MAKE = "make them again: uv run python -m tests.helpers.same_board make"
# The ranking as `demo` prints it, and the verdict of one of its entries as `show` prints it.
_RANKING = re.compile(r"(?<=```\n)Defacers, by the .*?(?=```)", re.S)
_VERDICT = re.compile(r"(?<=<!-- verdict -->\n\n```\n).*?(?=```)", re.S)
_SHOWN = "synth-demo-2026.2/reference__blur.json"


def readme(entries: Sequence[Entry], text: str) -> str:
    """Return the text of the README with the ranking of these entries, and the verdict on one of them."""
    assert _RANKING.search(text), "README.md has no ranking"
    assert _VERDICT.search(text), "README.md has no verdict"
    assert f"mriprivacy show demo/entries/{_SHOWN}\n" in text
    text = _RANKING.sub(lambda _: f"{ranking(entries).strip()}\n", text)
    (shown,) = (entry for entry in entries if str(entry.path) == _SHOWN)
    alike, _ = comparable([entry for entry in entries if entry.track == shown.track])
    verdict = block(of_entry(shown, board(alike)), {"entry": f"demo/entries/{_SHOWN}"})
    return _VERDICT.sub(lambda _: f"{verdict.show('text').strip()}\n", text)


def differences(made: Sequence[Entry], committed: Sequence[Entry]) -> list[str]:
    """Name every entry that differs, and its first few values that do, by more than they may."""
    here, there = ({entry.path: entry for entry in entries} for entries in (made, committed))
    problems = [f"{path}: only in one of the two" for path in sorted(here.keys() ^ there.keys())]
    for path in sorted(here.keys() & there.keys()):
        one, other = here[path], there[path]
        if one.edition_hash != other.edition_hash:
            problems.append(f"{path}: edition {one.edition_hash[:16]}; expected {other.edition_hash[:16]}")
        wrong = list(_differing(one, other))
        problems += [f"{path}: {line}" for line in wrong[:3]]
        problems += [f"{path}: and {len(wrong) - 3} more"] if len(wrong) > 3 else []
    return problems


def _differing(made: Entry, committed: Entry) -> Iterator[str]:
    """Compare all but times, version and code digest."""
    here, there = dict(_leaves(_figures(made))), dict(_leaves(_figures(committed)))
    for name in [*here, *(there.keys() - here.keys())]:
        one, other = here.get(name), there.get(name)
        numbers = isinstance(one, float) and isinstance(other, float)
        near = numbers and (abs(one - other) <= TOLERANCE or (isnan(one) and isnan(other)))
        if one != other and not near:
            yield f"{name} is {one}; expected {other}"


def _figures(entry: Entry) -> dict[str, Any]:
    values = asdict(entry)
    for name in ("seconds", "kit", "submission_sha256"):  # a last bit of a score changes what was sent
        del values[name]
    for result in values["results"]:
        result["signature"] = re.sub(r" v:[^ |]+", "", result["signature"])
    return values


def _leaves(value: object, name: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, f"{name}.{key}" if name else key)
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from _leaves(inner, f"{name}[{number}]")
    else:
        yield name, value


def notes(made: Sequence[Entry], committed: Sequence[Entry]) -> list[str]:
    """Say what is to be known of the committed entries and is no failure."""
    old = [entry.path for entry in committed if _code(entry) != result_code(entry.track)]
    return [f"{len(old)} committed entries are older than the code; {MAKE}: {', '.join(old)}"] if old else []


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
