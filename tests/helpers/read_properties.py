"""What holds whatever bytes a reader of the organizer gets: a line for people, or nothing but good values.

For hypothesis (tests/challenge/test_any_bytes.py) and for atheris (docs/how-to/fuzz.py).
"""

import json
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from mriprivacy.challenge.edition.protocol import read_protocol
from mriprivacy.challenge.edition.public import Edition, open_edition
from mriprivacy.challenge.edition.sealed import open_sealed
from mriprivacy.challenge.entry.entry import Entry
from mriprivacy.challenge.entry.entry_file import entry_digest, read_entry, write_entry
from mriprivacy.challenge.entry.entry_rules import entry_problems
from mriprivacy.challenge.export.design import design
from mriprivacy.challenge.leaderboard.comparable import comparable
from mriprivacy.challenge.leaderboard.pages.markdown import leaderboard
from mriprivacy.challenge.submission_log.budget import edition_budget
from mriprivacy.challenge.submission_log.head import HEAD
from mriprivacy.challenge.submission_log.log import LOG, Event, append, read_log
from mriprivacy.challenge.submission_log.lost_lines import repair
from mriprivacy.data_prep.formats.schema import NOT_AVAILABLE, Attributes
from mriprivacy.data_prep.formats.strict_json import parse_json_object
from mriprivacy.scoring.errors import UserError

BETWEEN = b"\n==\n"  # the files of one input
SEALED = ("key.tsv", "attributes.tsv", "subjects.tsv", "ages.tsv")
TABLES = ("dev/trials.tsv", "dev/key.tsv", "dev/attributes.tsv", "eval/trials.tsv")


def refused(read: Callable[[], object]) -> bool:
    """Say whether a reader refused, in printable lines."""
    try:
        read()
    except UserError as error:
        problems = error.problems
    else:
        return False
    assert problems
    assert all(problem.isprintable() for problem in problems), problems
    return True


def entry(data: bytes, work: Path) -> bool:
    """Of a good entry: what is read is what is written, and a board can be made of it."""
    path = work / "entry.json"
    path.write_bytes(data)
    if refused(lambda: read_entry(path)):
        return False
    made = read_entry(path)
    assert not list(entry_problems(parse_json_object(data, name="x")))
    again = read_entry(write_entry(work / "entries", made))
    assert entry_digest(again) == entry_digest(made)
    kept, problems = comparable([made])  # as `rank` does
    assert len(kept) + len(problems) == 1
    assert all(line.isprintable() for text in (*problems, *map(board, kept)) for line in text.splitlines())
    return True


def board(made: Entry) -> str:
    """Return the board of one entry."""
    return leaderboard([made])


def log(data: bytes, work: Path) -> bool:
    """A log and its head: what is read is what stands there, and a repair loses no line."""
    folder = work / "record"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    lines, mark, head = data.partition(BETWEEN)
    (folder / LOG).write_bytes(lines)
    if mark:
        (folder / HEAD).write_bytes(head)
    good = not refused(lambda: read_log(folder))
    if good:
        events = read_log(folder)
        assert b"".join(event.line() for event in events) == lines
        assert [event.number for event in events] == list(range(1, len(events) + 1))
        texts = [value for event in events for value in vars(event).values() if isinstance(value, str)]
        assert all(text.isprintable() and ".." not in text for text in texts)
        assert all(event.bits >= 0 and datetime.fromisoformat(event.time) for event in events)
    assert not refused(lambda: repair(folder))
    repaired = read_log(folder)
    kept = [path.read_bytes() for path in folder.glob("broken-*.jsonl")]
    here = (folder / LOG).read_bytes()
    assert here.startswith(lines) or lines in kept
    append(folder, Event("refused", "synth/1"))
    assert read_log(folder)[:-1] == repaired
    return good


class Editions:
    """A small edition whose files are replaced by others."""

    def __init__(self, whole: Path, work: Path) -> None:
        self.root = work / "edition"
        shutil.copytree(whole, self.root, ignore=shutil.ignore_patterns("*.gz", "*.png"))
        self.edition: Edition = open_edition(self.root, images=False)
        self.good = {path: path.read_bytes() for path in self.root.rglob("*") if path.is_file()}

    def files(self, names: tuple[str, ...], folder: str) -> bytes:
        """Return the good files as one input."""
        return BETWEEN.join(self.good[self.root / folder / name] for name in names)

    def _put(self, names: tuple[str, ...], folder: str, data: bytes) -> None:
        for name, content in zip(names, data.split(BETWEEN), strict=False):
            (self.root / folder / name).write_bytes(content)

    def _restore(self) -> None:
        for path, content in self.good.items():
            path.write_bytes(content)

    def sealed(self, data: bytes) -> bool:
        """Sealed tables: labels follow from subjects, trials and probes are the public ones."""
        self._restore()
        self._put(SEALED, "sealed", data)
        if refused(lambda: open_sealed(self.root, images=False)):
            return False
        edition, sealed = self.edition, open_sealed(self.root, images=False)
        assert set(sealed.trials) == set(edition.eval.trials)
        for (probe, reference), trial in sealed.trials.items():
            assert trial.mated == (sealed.subjects[probe] == sealed.subjects[reference])
        assert set(sealed.attributes) == set(edition.eval.probes)
        values = edition.attribute_values
        for own in sealed.attributes.values():
            for name, value in zip(Attributes._fields, own, strict=True):
                assert value == NOT_AVAILABLE or value in values[name], (name, value)
        assert all(0 <= age <= 150 for age in sealed.ages.values())
        refused(lambda: edition_budget(edition, sealed, 2.8))
        return True

    def public(self, data: bytes) -> bool:
        """`edition.json`, then tables: paths stay inside, and what is shown is printable."""
        self._restore()
        self._put(("edition.json", *TABLES), "public", data)
        if refused(lambda: open_edition(self.root, images=False)):
            return False
        edition = open_edition(self.root, images=False)
        assert edition.name.isprintable()
        assert edition.tracks
        inside = (self.root / "public").resolve()
        for split in edition.splits.values():
            paths = [split.scan(probe) for probe in split.probes]
            paths += [split.reference(one, c) for one in split.references for c in edition.conditions]
            assert all(path.resolve().is_relative_to(inside) for path in paths)
            assert {probe for probe, _ in split.trials} == set(split.probes)
        values = edition.attribute_values
        for own in edition.dev.attributes.values():
            known = zip(Attributes._fields, own, strict=True)
            assert all(value == NOT_AVAILABLE or value in values[name] for name, value in known)
        refused(lambda: edition.superseded_by)
        refused(lambda: read_protocol(edition.description))
        refused(lambda: design(edition))
        counts = edition.description["counts"]["eval"]
        assert counts["trials"] == len(edition.eval.trials)
        assert json.loads(json.dumps(edition.description, allow_nan=False)) == edition.description
        return True
