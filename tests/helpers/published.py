"""The hashes of the standard editions, and the command that publishes them.

`python -m tests.helpers.published EDITION ...` takes folders of standard editions (`demo/edition`, and what
`build standard=...` made), verifies them, and writes their hashes into
challenge/release/published.json and the tables of README.md and docs/reference/files.md.
`python -m tests.helpers.published small` makes the small edition of the tests and writes its record.
"""

import json
import re
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from mriprivacy.challenge.cli import main as mriprivacy
from mriprivacy.challenge.commands import build, demo
from mriprivacy.challenge.edition.integrity import verify_edition
from mriprivacy.challenge.edition.public import open_edition
from mriprivacy.challenge.release.published import EDITION, RECORDS, Record, published, record
from mriprivacy.challenge.settings.compose import compose_settings
from tests.helpers.same_board import ROOT

PAGES = (ROOT / "README.md", ROOT / "docs" / "reference" / "files.md")
SMALL = ROOT / "tests" / "challenge" / "release" / "small_edition.json"
_TABLE = re.compile(r"(?<=<!-- published editions -->\n).*?(?=<!-- end -->)", re.S)


def names() -> list[str]:
    """Names of the standard editions as this code makes them."""
    found = [f"{demo.EDITION}/{demo.VERSION}"]
    for name in ("synth-49", "synth-200", "synth-confirm"):
        words = [f"standard={name}", "cohort.root=x", "output=x"]
        edition = compose_settings("build", build.BuildSettings, words).edition
        found.append(f"{edition.id}/{edition.version}")
    return found


def with_table(text: str, records: Mapping[str, Record]) -> str:
    """Return the text of a page with the hashes of these records."""
    assert _TABLE.search(text), "the page has no table of published editions"
    known = {name: f"`{records[name][EDITION]}`" for name in names() if name in records}
    rows = [f"| `{name}` | {known.get(name, 'not yet published')} |\n" for name in names()]
    return _TABLE.sub(lambda _: "".join(["\n| edition | hash |\n|---|---|\n", *rows, "\n"]), text)


def publish(folders: Sequence[Path]) -> None:
    """Write the records of standard editions, and the tables of the pages."""
    records = published()
    for folder in folders:
        edition = open_edition(folder)
        if edition.name not in names():
            raise SystemExit(f"{folder}: is {edition.name}; expected one of {', '.join(names())}")
        if problems := verify_edition(folder):
            raise SystemExit("\n".join(problems))
        records[edition.name] = record(edition.root)
    RECORDS.write_text(json.dumps(records, indent=2) + "\n", encoding="utf-8")
    for page in PAGES:
        page.write_text(with_table(page.read_text("utf-8"), records), encoding="utf-8")


def make_small(folder: Path, *words: str) -> Path:
    """Make an edition of four synthetic people by the commands, and return its public folder."""
    people = ["cohort.subjects=4", "cohort.scans.spacing_mm=4", "cohort.photos.pixels=160", "seed=5"]
    assert mriprivacy(["cohort", *people, f"output={folder}/people", *words]) == 0
    build_words = [f"cohort.root={folder}/people", "edition.id=small", "seed=5", f"output={folder}/edition"]
    assert mriprivacy(["build", *build_words, *words]) == 0
    return folder / "edition" / "public"


def make(name: str, folder: Path, *words: str) -> Path:
    """Make a standard edition by the commands, and return its folder."""
    if name == f"{demo.EDITION}/{demo.VERSION}":
        steps = demo.plan(demo.DemoSettings(output=str(folder)))[:2]
        calls = [[step.command, *step.words, *words] for step in steps]
    else:
        which = name.partition("/")[0]
        people, edition = f"{folder}/people", f"{folder}/edition"
        calls = [
            ["cohort", f"cohort={which}", f"output={people}", *words],
            ["build", f"standard={which}", f"cohort.root={people}", f"output={edition}", *words],
        ]
    for call in calls:
        assert mriprivacy(call) == 0
    return folder / "edition"


if __name__ == "__main__":
    if sys.argv[1:] == ["small"]:
        with tempfile.TemporaryDirectory() as home:
            made = record(make_small(Path(home), "compute=sequential"))
        SMALL.write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8")
    else:
        publish([Path(folder) for folder in sys.argv[1:]])
