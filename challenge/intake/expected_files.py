"""The files of a submission: what each track asks for, what is tolerated, how large each may be."""

import hashlib
import os
import stat
from collections.abc import Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path

from mriprivacy.challenge.edition.public import Edition
from mriprivacy.challenge.intake.description import DESCRIPTION
from mriprivacy.challenge.intake.volumes import largest_file
from mriprivacy.data_prep.formats.problems import Findings, shown
from mriprivacy.data_prep.formats.schema import CONTRASTS, DISTRACTORS

TABLES = {"attack": "scores.tsv", "attributes": "attributes.tsv"}

# Written by BIDS tools beside the scans; never read.
TOLERATED = (
    *(f"{contrast}.json" for contrast in CONTRASTS),
    "dataset_description.json", "participants.tsv", "participants.json", "README", "README.md", "README.txt",
    "CHANGES", "LICENSE", ".bidsignore",
)  # fmt: skip
# At the top, never read: the participant's own, a note of Codabench's worker, grand-challenge's list.
NEVER_READ = ("README.md", "README.txt", "README", "metadata", "inputs.json")

_LARGEST_DESCRIPTION = 16_384
_LARGEST_COMPANION = 1 << 20
_LONGEST_ROW = 128
_SPARE_ROWS = 10_000
_MOST_ENTRIES = 100_000
_MOST_NAMED = 1000
_LINKS = "has links; expected plain files and folders"
_SURPLUS = "has files or folders that do not belong there; remove them"
_LARGE = "has files larger than such a file can be"


def tables(edition: Edition, track: str) -> list[str]:
    """Names of the tables that a track asks for."""
    strangers = [DISTRACTORS] if track == "attack" and edition.eval.distractor_trials else []
    return [TABLES[track], *strangers] if track in TABLES else []


def scan_files(edition: Edition) -> dict[tuple[str, str], str]:
    """Names of the scans of a defacing submission, by split and id."""
    return {
        (split.name, name): f"{split.name}/mri/{split.scan_name(name)}"
        for split in edition.splits.values()
        for name in split.scans
    }


def most_rows(edition: Edition) -> int:
    """Rows that are read of a table at most: those of the list, and some more so that they can be named."""
    return max(len(edition.eval.trials), len(edition.eval.distractor_trials)) + _SPARE_ROWS


def largest_table(edition: Edition) -> int:
    """Bytes a table of a submission has at most."""
    return (most_rows(edition) + 1) * _LONGEST_ROW


def largest_sizes(edition: Edition, track: str = "") -> dict[str, int]:
    """Every name that may stand in a submission of a track, or of any, and the most bytes of the file.

    Scans of the edition are opened only if a submission may have some: a platform of tables has none.

    Examples
    --------
    >>> largest_sizes(edition)["submission.json"]  # doctest: +SKIP
    16384
    """
    sizes = dict.fromkeys(NEVER_READ, _LARGEST_COMPANION)
    tracks = (track,) if track else edition.tracks
    for one in tracks:
        sizes |= dict.fromkeys(tables(edition, one), largest_table(edition))
    if "defacing" in tracks:
        for (split, probe), name in scan_files(edition).items():
            sizes[name] = largest_file(edition.splits[split].scan(probe))
        for split in edition.splits:
            sizes |= dict.fromkeys([f"{split}/mri/{name}" for name in TOLERATED], _LARGEST_COMPANION)
    return sizes | {DESCRIPTION: _LARGEST_DESCRIPTION}


def match_files(
    folder: Path, needed: Sequence[str], left_out: Sequence[str] = (), links: Sequence[str] = ()
) -> tuple[set[str], list[str]]:
    """Compare a submission with the list of what must be in it.

    Parameters
    ----------
    folder : Path
        Where it lies.
    needed : sequence of str
        What must be in it.
    left_out, links : sequence of str
        What its zip had besides, as in `challenge.intake.archive.Unpacked`.

    Returns
    -------
    present : set of str
        The needed files that are there.
    problems : list of str
        What else is there that must not be, and what is missing.
    """
    wanted = set(needed)
    folders = {parent.as_posix() for name in needed for parent in Path(name).parents}
    tolerated = set(NEVER_READ)
    for name in needed:
        parts = Path(name).parts
        if len(parts) > 2:
            tolerated |= {f"{parts[0]}/{parts[1]}/{extra}" for extra in TOLERATED}
    found: set[str] = set()
    wrong = {_LINKS: {_top(name, folders) for name in links}, _SURPLUS: {_top(n, folders) for n in left_out}}
    wrong |= {_LARGE: set()}
    findings = Findings("the submission")
    pending = [""]
    while pending:
        prefix = pending.pop()
        try:
            entries = list(islice(os.scandir(folder / prefix), _MOST_ENTRIES + 1))
        except OSError as error:
            findings.add(f"has a folder that cannot be read ({error.strerror})", shown(prefix, 100))
            continue
        if len(entries) > _MOST_ENTRIES:
            findings.add(f"has a folder with more than {_MOST_ENTRIES} entries", shown(prefix, 100))
        for entry in entries[:_MOST_ENTRIES]:
            name = prefix + entry.name
            about = entry.stat(follow_symlinks=False)
            if stat.S_ISLNK(about.st_mode):
                wrong[_LINKS].add(name)
            elif stat.S_ISDIR(about.st_mode) and name in folders:
                pending.append(name + "/")
            elif not stat.S_ISREG(about.st_mode) or name not in wanted | tolerated:
                wrong[_SURPLUS].add(name)
            elif name not in wanted and about.st_size > _LARGEST_COMPANION:
                wrong[_LARGE].add(name)
            else:
                found.add(name)
    # In an order that does not depend on the door through which it came.
    for kind, names in wrong.items():
        for name in sorted(names):
            findings.add(kind, shown(name, 100))
    for name in needed:
        if name not in found:
            findings.add("lacks files", name)
    return found & wanted, list(findings.problems())


def outer_folder(folder: Path, left_out: Sequence[str] = ()) -> str | None:
    """Return the one folder in which a submission lies, in place of at the top; None if there is none."""
    inside = f"/{DESCRIPTION}"
    tops = {name.removesuffix(inside) for name in left_out if name.endswith(inside) and name.count("/") == 1}
    if folder.is_dir() and not (folder / DESCRIPTION).exists():
        entries = islice(os.scandir(folder), _MOST_ENTRIES)
        tops |= {
            e.name
            for e in entries
            if e.is_dir(follow_symlinks=False) and (folder / e.name / DESCRIPTION).is_file()
        }
        return tops.pop() if len(tops) == 1 else None
    return None


def _top(name: str, folders: set[str]) -> str:
    """Return the part of a name at which a folder is left that may be there: the rest says nothing new."""
    parts = name.removesuffix("/").split("/")
    if {"", ".", ".."} & set(parts):
        return name
    heads = ["/".join(parts[: n + 1]) for n in range(len(parts))]
    return next((head for head in heads if head not in folders), name)


def bounded_digest(folder: Path) -> str:
    """Return a SHA-256 by which a refused folder is known again, whatever is in it.

    Over names and sizes of its first thousand plain files, and the first MB of each; nothing else is opened.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "a").write_text("x"), (folder / "b").symlink_to("/dev/zero")
    >>> before = bounded_digest(folder)
    >>> _ = (folder / "a").write_text("y")
    >>> before == bounded_digest(folder)
    False
    """
    digest = hashlib.sha256()
    files = (Path(home, name) for home, _, names in os.walk(folder) for name in sorted(names))
    for path in islice(files, _MOST_NAMED):
        with suppress(OSError):  # gone, a link, or not to be read: the digest is of the rest
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(handle, "rb") as stream:
                found = os.fstat(handle)
                if stat.S_ISREG(found.st_mode):
                    name = os.fsencode(path.relative_to(folder))
                    digest.update(b"%s\0%d\0" % (name, found.st_size) + stream.read(_LARGEST_COMPANION))
    return digest.hexdigest()
