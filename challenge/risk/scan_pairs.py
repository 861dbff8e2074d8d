"""The scans of a folder, and which scan before defacing belongs to which scan after it."""

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mriprivacy.challenge.compute.parallel import some
from mriprivacy.data_prep.cohorts.cohort_files import HEIC_ENDINGS, PHOTO_ENDINGS
from mriprivacy.scans.foreign_files import left_by_system
from mriprivacy.scoring.errors import UserError

ENDINGS = (".nii", ".nii.gz")
PASSED_OVER = "not in anat/, in derivatives/, a mask or labels, or hidden"
_NO_SCAN = re.compile(r"_(mask|defacemask|dseg|probseg)\.nii(\.gz)?$", re.I)
FEWEST_PEOPLE = 4
# What programs add to a name; what is left says which scan it was.
_ADDED = re.compile(
    r"(?<=.)[._-]?(py|fsl_?|spm_?)?(defaced?|refaced?|anon(ymi[sz]ed)?|quickshear|mideface|facemasked)$",
    re.I,
)
# The same in front of a name, as SPM does it.
_ADDED_IN_FRONT = re.compile(r"^(defaced?|refaced?|anon(ymi[sz]ed)?)[._-](?=.)", re.I)
# The same in BIDS: rec-norm is a scan of its own, rec-defaced is not.
_OF_PROCESSING = re.compile(r"(desc|space)-.*|rec-(defaced?|refaced?|anon(ymi[sz]ed)?)", re.I)


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
        NIfTI files of the released folder that are no anatomy (`find_scans`), so were not looked at.
    """

    pairs: tuple[ScanPair, ...]
    withheld: tuple[str, ...]
    passed_over: int

    @property
    def subjects(self) -> tuple[str, ...]:
        """People with a released scan."""
        return tuple(sorted({pair.subject for pair in self.pairs}))

    @property
    def loose(self) -> tuple[str, ...]:
        """Names of scans that do not begin with sub-: the whole name stands for the person."""
        return tuple(pair.name for pair in self.pairs if not pair.subject.startswith("sub-"))


def find_scans(root: Path, key: str = "root") -> tuple[list[str], int]:
    """Return the NIfTI files below a folder, relative to it, and how many more were passed over.

    Where there are folders `anat`, only those in them are taken. Masks, labels, and what is hidden or in
    `derivatives` are not.

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
    if root.is_file():
        raise UserError(f"{root}: a file; {key}=DIR is a folder of NIfTI scans: unpack an archive first")
    if not root.is_dir():
        raise UserError(f"{root}: no such folder; {key}=DIR is a folder of NIfTI scans")
    # A link whose target was not fetched is a scan, too.
    files = (p for p in root.rglob("*") if p.is_file() or p.is_symlink())
    paths = sorted(p for p in files if p.name.lower().endswith(ENDINGS))
    shown = [p.relative_to(root) for p in paths]
    kept = [
        p
        for p in shown
        if not any(part.startswith(".") for part in p.parts)
        and "derivatives" not in p.parts
        and not _NO_SCAN.search(p.name)
    ]
    if not kept:
        raise UserError(f"{root}: no scan in it; expected files ending in {' or '.join(ENDINGS)}")
    anatomy = [p for p in kept if p.parent.name == "anat"]
    asked = anatomy or kept
    return [p.as_posix() for p in asked], len(shown) - len(asked)


def name_parts(path: Path) -> tuple[str, str, str]:
    """Return subject, session and kind of a scan by its name, in BIDS or not.

    Letters with accents are composed (NFC): some systems keep them in two characters, others in one.

    Examples
    --------
    >>> name_parts(Path("sub-01_ses-2_acq-mprage_desc-defaced_T1w.nii.gz"))
    ('sub-01', 'ses-2', 'acq-mprage_T1w')
    >>> name_parts(Path("patient7_defaced.nii")), name_parts(Path("sub-01_T1w_defaced.nii.gz"))
    (('patient7', '', ''), ('sub-01', '', 'T1w'))
    """
    stem = re.sub(r"\.nii(\.gz)?$", "", _composed(path.name), flags=re.I)
    stem = _ADDED.sub("", stem)
    if not stem.startswith("sub-"):
        return stem, "", ""
    subject, *rest = stem.split("_")
    session = next((part for part in rest if part.startswith("ses-")), "")
    kind = [part for part in rest if part != session and not _OF_PROCESSING.fullmatch(part)]
    return subject, session, "_".join(kind)


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def pair_scans(original: Path, released: Path) -> Pairing:
    """Find scans of two folders and pair them by subject, session and kind.

    Parameters
    ----------
    original, released : Path
        Folders, BIDS or loose, of scans before and after defacing.

    Raises
    ------
    UserError
        If a folder has no scan, two scans of one have the same name, a released scan has no original, the
        originals lie in the released folder, or fewer than four people have both.

    Notes
    -----
    A released folder may lie in that of the originals; its scans are then no originals.
    """
    if original.is_dir() and released.is_dir() and original.samefile(released):
        raise UserError(
            f"{released}: original= and released= are one folder; expected scans before and after defacing"
        )
    if original.resolve().is_relative_to(released.resolve()):
        raise UserError(
            f"{original}: original= lies in released=, so the originals are part of the release; expected "
            f"them outside of {released}: move them"
        )
    problems: list[str] = []
    inner = released.resolve()
    names = [
        name
        for name in find_scans(original, "original")[0]
        if not (original / name).parent.resolve().is_relative_to(inner)
    ]
    before = _by_parts(original, names, problems)
    names, over = find_scans(released, "released")
    after = _by_parts(released, names, problems, before)
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


def _by_parts(
    root: Path,
    names: Sequence[str],
    problems: list[str],
    originals: Collection[tuple[str, str, str]] | None = None,
) -> dict[tuple[str, str, str], Path]:
    found: dict[tuple[str, str, str], Path] = {}
    twice = []
    for name in names:
        parts = name_parts(Path(name))
        if originals is not None and parts not in originals:
            bare = name_parts(Path(_ADDED_IN_FRONT.sub("", Path(name).name)))
            parts = bare if bare in originals else parts
        if parts in found:
            twice.append(f"{name} and {found[parts].relative_to(root).as_posix()}")
        found.setdefault(parts, root / name)
    if twice:
        problems.append(
            f"{root}: {len(twice)} scans have the subject, session and contrast of another ({some(twice)}); "
            "expected one scan of each, the subject in the file's name: remove or rename them"
        )
    return found


@dataclass(frozen=True)
class Photos:
    """Photographs of people of the release.

    Attributes
    ----------
    of_people : mapping from file name to (str, Path)
        Each with its person.
    left_out : tuple of str
        Names of images that are of no person of the release by their name, or in no format that is read.
    """

    of_people: Mapping[str, tuple[str, Path]] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()


def pair_photos(folder: Path, subjects: Sequence[str]) -> Photos:
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
    """
    if folder.is_file():
        raise UserError(
            f"{folder}: a file; photos=DIR is a folder of photographs named after people, such as "
            f"{subjects[0]}.jpg"
        )
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder; photos=DIR is a folder of photographs")
    known, found, others = set(subjects), dict[str, tuple[str, Path]](), []
    # A link whose target was not fetched is a photograph, too.
    files = (p for p in sorted(folder.rglob("*")) if p.is_file() or p.is_symlink())
    for path in files:
        suffix = path.suffix.lower()
        if left_by_system(path.name) or suffix not in (*PHOTO_ENDINGS, *HEIC_ENDINGS):
            continue
        whose = _whose_photo(_composed(path.stem), known) if suffix in PHOTO_ENDINGS else None
        if whose is None:
            others.append(path.relative_to(folder).as_posix())
        else:
            found[path.relative_to(folder).as_posix()] = (whose, path)
    if not found:
        seen = (
            f"{len(others)} photographs of other names or formats ({some(others)})"
            if others
            else "no photograph"
        )
        raise UserError(
            f"{folder}: {seen}; expected PNG or JPEG files named after people of the release, such as "
            f"{subjects[0]}.jpg"
        )
    return Photos(found, tuple(others))


def _whose_photo(stem: str, known: Collection[str]) -> str | None:
    """Return the person whose name the file's begins with, up to an underscore; the longest such name."""
    parts = stem.split("_")
    starts = ["_".join(parts[:count]) for count in range(len(parts), 0, -1)]
    return next((name for start in starts for name in (start, f"sub-{start}") if name in known), None)
