"""The scans of a folder, and which scan before defacing belongs to which scan after it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mriprivacy.challenge.compute.parallel import some
from mriprivacy.data_prep.cohorts.cohort_files import PHOTO_ENDINGS
from mriprivacy.scans.foreign_files import left_by_system
from mriprivacy.scoring.errors import UserError

ENDINGS = (".nii", ".nii.gz")
FEWEST_PEOPLE = 4
_ENTITY = re.compile(r"([a-z]+)-([A-Za-z0-9+]+)", re.ASCII)
# What programs add to a name; what is left says which scan it was.
_ADDED = re.compile(r"[._-]?(defaced?|refaced?|anon(ymi[sz]ed)?|quickshear|mideface|facemasked)$", re.I)
_OF_PROCESSING = ("desc", "space", "rec")


@dataclass(frozen=True)
class ScanPair:
    """One scan before and after defacing.

    Attributes
    ----------
    subject, session, kind : str
        `sub-01`, `ses-1` or empty, and the rest of the name, such as `T1w` or `acq-mprage_T1w`.
    original, released : Path
        The two files.
    """

    subject: str
    session: str
    kind: str
    original: Path
    released: Path

    @property
    def name(self) -> str:
        """Subject, session and kind: how the report calls the scan."""
        return "_".join(part for part in (self.subject, self.session, self.kind) if part)


@dataclass(frozen=True)
class Pairing:
    """What two folders have in common.

    Attributes
    ----------
    pairs : tuple of ScanPair
        Sorted by name.
    withheld : tuple of str
        Names of originals that were not released.
    passed_over : int
        NIfTI files of both folders that are no anatomy (`find_scans`).
    """

    pairs: tuple[ScanPair, ...]
    withheld: tuple[str, ...]
    passed_over: int

    @property
    def subjects(self) -> tuple[str, ...]:
        """People with a released scan."""
        return tuple(sorted({pair.subject for pair in self.pairs}))


def find_scans(root: Path, key: str = "root") -> tuple[list[str], int]:
    """Return the NIfTI files below a folder, relative to it, and how many more were passed over.

    Where there are folders `anat`, only those in them are asked; `derivatives` and hidden folders are not.

    Parameters
    ----------
    root : Path
        The folder.
    key : str
        The setting that named it, for messages.

    Raises
    ------
    UserError
        If the folder is missing, or has none.
    """
    if not root.is_dir():
        raise UserError(f"{root}: no such folder; {key}=DIR is a folder of NIfTI scans")
    # A link whose target was not fetched is a scan, too.
    files = (p for p in root.rglob("*") if p.is_file() or p.is_symlink())
    paths = sorted(p for p in files if p.name.lower().endswith(ENDINGS))
    shown = [p.relative_to(root) for p in paths]
    kept = [
        p for p in shown if not any(part.startswith(".") for part in p.parts) and "derivatives" not in p.parts
    ]
    if not kept:
        raise UserError(f"{root}: no scan in it; expected files ending in {' or '.join(ENDINGS)}")
    anatomy = [p for p in kept if p.parent.name == "anat"]
    asked = anatomy or kept
    return [p.as_posix() for p in asked], len(shown) - len(asked)


def name_parts(path: Path) -> tuple[str, str, str]:
    """Return subject, session and kind of a scan by its name, in BIDS or not.

    Examples
    --------
    >>> name_parts(Path("sub-01_ses-2_acq-mprage_desc-defaced_T1w.nii.gz"))
    ('sub-01', 'ses-2', 'acq-mprage_T1w')
    >>> name_parts(Path("patient7_defaced.nii")), name_parts(Path("sub-01_T1w_defaced.nii.gz"))
    (('patient7', '', ''), ('sub-01', '', 'T1w'))
    """
    stem = re.sub(r"\.nii(\.gz)?$", "", path.name, flags=re.I)
    stem = _ADDED.sub("", stem)
    if not stem.startswith("sub-"):
        return stem, "", ""
    subject, *rest = stem.split("_")
    entities = {found[1]: part for part in rest if (found := _ENTITY.fullmatch(part))}
    session = entities.get("ses", "")
    kind = [part for part in rest if part != session and part.partition("-")[0] not in _OF_PROCESSING]
    return subject, session, "_".join(kind)


def pair_scans(original: Path, released: Path) -> Pairing:
    """Find scans of two folders and pair them by subject, session and kind.

    Parameters
    ----------
    original, released : Path
        Folders, BIDS or loose, of scans before and after defacing.

    Raises
    ------
    UserError
        If a folder has no scan, two scans of one have the same name, a released scan has no original, or
        fewer than four people have both.
    """
    if original.is_dir() and released.is_dir() and original.samefile(released):
        raise UserError(
            f"{released}: original= and released= are one folder; expected scans before and after defacing"
        )
    problems: list[str] = []
    sides, over = [], 0
    for key, root in (("original", original), ("released", released)):
        names, more = find_scans(root, key)
        over += more
        sides.append(_by_parts(root, names, problems))
    before, after = sides
    lost = sorted(after.keys() - before.keys())
    if lost:
        problems.append(
            f"{released}: {len(lost)} of {len(after)} released scans have no original in {original} "
            f"({some([after[one].name for one in lost])}); expected one of the same subject, session and "
            "contrast: add it, or take these scans out"
        )
    if problems:
        raise UserError(*problems)
    pairs = tuple(ScanPair(*parts, before[parts], after[parts]) for parts in sorted(after))
    people = {pair.subject for pair in pairs}
    if len(people) < FEWEST_PEOPLE:
        raise UserError(
            f"{released}: {len(people)} {'person' if len(people) == 1 else 'people'}; a risk needs at least "
            f"{FEWEST_PEOPLE}, whom an attack could take for each other; for one scan run mriprivacy qc "
            f"root={released} originals={original}"
        )
    withheld = tuple("_".join(filter(None, parts)) for parts in sorted(before.keys() - after.keys()))
    return Pairing(pairs, withheld, over)


def _by_parts(root: Path, names: Sequence[str], problems: list[str]) -> dict[tuple[str, str, str], Path]:
    found: dict[tuple[str, str, str], Path] = {}
    for name in names:
        parts = name_parts(Path(name))
        if parts in found:
            first = found[parts].relative_to(root)
            problems.append(
                f"{root / name}: the same subject, session and contrast as {first}; expected one scan "
                "of each: "
                "remove or rename one"
            )
        found[parts] = root / name
    return found


def pair_photos(folder: Path, subjects: Sequence[str]) -> Mapping[str, tuple[str, Path]]:
    """Return the photographs of people by file name, each with its person.

    Parameters
    ----------
    folder : Path
        Files named after the person: `sub-01.png`, `sub-01_2.jpg`, or `01.png` for `sub-01`.
    subjects : sequence of str
        People of the release.

    Raises
    ------
    UserError
        If the folder is missing, or no photograph is of one of these people.

    Notes
    -----
    Photographs of people who are not in the release are left out.
    """
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder; photos=DIR is a folder of photographs")
    known, found, others = set(subjects), dict[str, tuple[str, Path]](), []
    paths = [p for p in sorted(folder.rglob("*")) if p.is_file() and not left_by_system(p.name)]
    for path in paths:
        if path.suffix.lower() not in PHOTO_ENDINGS:
            continue
        first = path.stem.split("_")[0]
        whose = next((name for name in (path.stem, first, f"sub-{first}") if name in known), None)
        if whose is None:
            others.append(path.name)
        else:
            found[path.relative_to(folder).as_posix()] = (whose, path)
    if not found:
        seen = f"{len(others)} photographs of other names ({some(others)})" if others else "no photograph"
        raise UserError(
            f"{folder}: {seen}; expected PNG or JPEG files named after people of the release, such as "
            f"{subjects[0]}.jpg"
        )
    return found
