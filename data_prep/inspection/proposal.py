"""From what was found to a plan: who is in and why not, which scan of several, which photographs."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from mriprivacy.data_prep.cohorts.people_table import VALUES, PeopleTable, missing_values
from mriprivacy.data_prep.formats.schema import NOT_AVAILABLE, SCAN_CONTRASTS
from mriprivacy.data_prep.inspection.dataset_files import Candidate, DatasetFiles, Portraits
from mriprivacy.data_prep.inspection.named_faces import picture_digest
from mriprivacy.data_prep.inspection.plan_file import UNDECIDED, CohortPlan, PlannedPerson

PHOTOGRAPHS = "photographs"
# More faces than this in one photograph are not listed one by one.
_SINCE = "since the earlier plan: "
_LISTED = 6


@dataclass(frozen=True)
class SeenImages:
    """What was seen in the images.

    Attributes
    ----------
    unusable : mapping from Path to str
        Scans and photographs that cannot be used, and why.
    remarks : mapping from Path to str
        What else is to be known of one that can.
    faces : mapping from Path to tuple of (left, top, right, bottom)
        The faces of each photograph, from the left.
    """

    unusable: Mapping[Path, str] = field(default_factory=dict)
    remarks: Mapping[Path, str] = field(default_factory=dict)
    faces: Mapping[Path, Sequence[tuple[int, int, int, int]]] = field(default_factory=dict)


def usual_contrast(files: DatasetFiles, unusable: Mapping[Path, str], besides: str = "") -> str:
    """Return the contrast in which most people have a scan that can be used; empty if there is none.

    Examples
    --------
    >>> usual_contrast(DatasetFiles((), (), ()), {})
    ''
    """
    counts = {
        contrast: len({s.subject for s in files.scans if s.contrast == contrast and s.path not in unusable})
        for contrast in SCAN_CONTRASTS
        if contrast != besides
    }
    most = max(counts, key=lambda contrast: counts[contrast])
    return most if counts[most] else ""


def propose(
    files: DatasetFiles,
    table: PeopleTable,
    portraits: Portraits | None,
    seen: SeenImages,
    folders: tuple[Path, Path | None],
    contrasts: tuple[str, str],
    synthetic: bool = False,
) -> CohortPlan:
    """Propose a plan; a person decides.

    Of several scans of a person the first session's is taken, the plainest name, the first run, and one that
    can be used before one that cannot. Everybody has one scan: people with more would stand out by it.

    Parameters
    ----------
    files, table, portraits : DatasetFiles, PeopleTable, Portraits or None
        What was found; without portraits scans are compared with scans of another contrast.
    seen : Seen
        What is in the images.
    folders : tuple of (root, photos)
        Where they are.
    contrasts : tuple of (probes, references)
        BIDS suffixes; the second is `photographs` with portraits.
    synthetic : bool
        Whether the dataset declares its people synthetic.
    """
    subjects = sorted({*files.subjects, *table.people})
    root, photos = folders
    people = tuple(
        _person(
            subject,
            [scan for scan in files.scans if scan.subject == subject],
            portraits.of.get(subject, ()) if portraits else None,
            table,
            seen,
            (root, photos),
            contrasts,
        )
        for subject in subjects
    )
    included = [person.subject for person in people if person.included]
    unknown = missing_values(table, included)
    remarks = [*files.remarks, *table.remarks, *table.doubts, *(portraits.remarks if portraits else ())]
    if included and unknown:
        remarks.append(f"{', '.join(unknown)} not known of any person: no track attributes, which needs it")
    return CohortPlan(
        root=str(root),
        photos=str(photos or ""),
        synthetic=synthetic,
        edition={
            **dict.fromkeys(("id", "version", "licence", "citation", "consent"), ""),
            "authors": [],
            "released": "",
            "supersedes": "",
            "contrast": contrasts[0],
            "references": contrasts[1],
            "hair_removal": "builtin" if portraits else "none",
            "tracks": ["defacing", "attack"] + ([] if unknown else ["attributes"]),
            "age_edges": _edges(table, included),
            "seed": str(secrets.randbits(128) | 1 << 127),
        },
        meaning={
            what: {
                value: meant for value, meant in table.meaning[what].items() if not _plain(what, value, meant)
            }
            for what in VALUES
        },
        people=people,
        remarks=tuple(remarks),
    )


def _plain(what: str, value: str, meant: str) -> bool:
    """Say whether a value means itself and need not be listed: an age in whole years."""
    return what == "age" and value == meant and value.isdecimal()


def _edges(table: PeopleTable, subjects: Sequence[str]) -> list[int]:
    """Return age groups that hold everybody: children have one of their own."""
    ages = {
        table.meaning["age"].get(table.people.get(one, {}).get("age", ""), NOT_AVAILABLE) for one in subjects
    }
    youngest = min((float(age.rstrip("+").split("-")[0]) for age in ages - {NOT_AVAILABLE}), default=18.0)
    return [18, 30, 45, 60] if youngest >= 18 else [0, 18, 30, 45, 60]


def _person(
    subject: str,
    scans: Sequence[Candidate],
    photos: Sequence[Path] | None,
    table: PeopleTable,
    seen: SeenImages,
    folders: tuple[Path, Path | None],
    contrasts: tuple[str, str],
) -> PlannedPerson:
    root, album = folders
    probe, why, notes = _chosen(scans, contrasts[0], "", seen, root)
    reference: Candidate | None = None
    kept: list[Path] = []
    if photos is None and probe is not None:
        reference, why_none, more = _chosen(scans, contrasts[1], probe.session, seen, root)
        why = why or why_none
        notes += more
    elif photos is not None:
        kept = [path for path in photos if path not in seen.unusable]
        notes += [
            f"not usable: {path.name}: {seen.unusable[path]}" for path in photos if path in seen.unusable
        ]
        if not why and not kept:
            why = f"{photos[0].name}: {seen.unusable[photos[0]]}" if photos else "no photograph"
    why = table.left_out.get(subject, "") or why
    several = [path for path in kept if len(seen.faces.get(path, ())) > 1]
    notes += [f"{path.name}: {_listed(seen.faces[path])}" for path in several]
    looked = [*(scan.path for scan in scans), *kept]
    notes += [f"{path.name}: {seen.remarks[path]}" for path in looked if path in seen.remarks]
    return PlannedPerson(
        subject,
        not why,
        why,
        table.people.get(subject, dict.fromkeys(VALUES, NOT_AVAILABLE)),
        (probe.path.relative_to(root).as_posix(),) if probe else (),
        (reference.path.relative_to(root).as_posix(),) if reference else (),
        tuple(path.relative_to(album).as_posix() for path in kept) if album else (),
        {path.relative_to(album).as_posix(): UNDECIDED for path in several} if album else {},
        tuple(notes),
        {path.relative_to(album).as_posix(): picture_digest(path) for path in several} if album else {},
    )


def _chosen(
    scans: Sequence[Candidate], contrast: str, session: str, seen: SeenImages, root: Path
) -> tuple[Candidate | None, str, list[str]]:
    """Return the scan taken, or why none is, and what is to be said of the others."""
    of_contrast = sorted(
        (scan for scan in scans if scan.contrast == contrast),
        key=lambda scan: (scan.path in seen.unusable, scan.session != session, scan.session, scan.order),
    )
    if not of_contrast:
        others = sorted({scan.contrast for scan in scans})
        has = f", has {', '.join(others)}" if others else ""
        return None, f"no {contrast} scan{has}" if contrast else "no scan", []
    first = of_contrast[0]
    notes = [
        f"not chosen: {scan.path.relative_to(root).as_posix()}{_reason(scan, seen)}"
        for scan in of_contrast[1:]
    ]
    if reason := seen.unusable.get(first.path, ""):
        return first, f"{first.path.name}: {reason}", notes
    return first, "", notes


def _reason(scan: Candidate, seen: SeenImages) -> str:
    reason = seen.unusable.get(scan.path, "")
    return f": {reason}" if reason else ""


def _listed(faces: Sequence[tuple[int, int, int, int]]) -> str:
    """Say where the faces of a photograph are."""
    where = [f"{number} at {','.join(map(str, box))}" for number, box in enumerate(faces, start=1)]
    more = ", ..." if len(where) > _LISTED else ""
    return f"{len(faces)} faces, from the left (left,top,right,bottom): {', '.join(where[:_LISTED])}{more}"


def carried_over(new: CohortPlan, old: CohortPlan) -> CohortPlan:
    """Return a plan in which what a person decided in an earlier one stands, but for version and sign-off.

    Who was left out stays out; which face is meant, which of several scans, and what values mean stay, as
    far as the files are there.

    Parameters
    ----------
    new : CohortPlan
        Proposed now.
    old : CohortPlan
        As it was signed off.
    """
    before = {person.subject: person for person in old.people}
    people = tuple(
        _carried(person, before[person.subject]) if person.subject in before else person
        for person in new.people
    )
    fresh = ("version", "released", "supersedes", "contrast", "references")
    return replace(
        new,
        smallest_group=old.smallest_group,
        edition={**new.edition, **{k: v for k, v in old.edition.items() if k not in fresh}},
        meaning={what: {**new.meaning[what], **old.meaning[what]} for what in VALUES},
        people=people,
    )


def _carried(new: PlannedPerson, old: PlannedPerson) -> PlannedPerson:
    notes = " ".join(new.notes)
    scans = (
        old.scans if all(one in new.scans or one in notes for one in old.scans) and old.scans else new.scans
    )
    photos = tuple(one for one in old.photos if one in new.photos) or new.photos
    other = [one for one in photos if one in old.pictures and old.pictures[one] != new.pictures.get(one, "")]
    out = not old.included and new.included
    fresh = [one for one in new.photos if one not in photos]
    since = [f"{_SINCE}{', '.join(fresh)} is there too; add it to photos to take it"] if fresh else []
    since += [
        f"{_SINCE}{one} is another picture"
        + ("; which face is meant has to be said again" if one in new.faces else "")
        for one in other
    ]
    if out:
        since.append("left out of the earlier plan; the files would let this person in")
    return replace(
        new,
        included=new.included and old.included,
        why=(old.why or "left out of the earlier plan") if out else new.why,
        scans=scans,
        photos=photos,
        faces={photo: face for photo, face in new.faces.items() if photo in photos}
        | {photo: face for photo, face in old.faces.items() if photo in photos and photo not in other},
        notes=(*since, *new.notes),
    )


def differences(new: CohortPlan, old: CohortPlan) -> tuple[str, ...]:
    """Say what changed between two plans, one line a kind and person.

    Examples
    --------
    >>> plan = CohortPlan("a", "", False, {}, {}, (PlannedPerson("sub-1", True),))
    >>> differences(replace(plan, people=(PlannedPerson("sub-1", False, "no scan"),)), plan)
    ('sub-1: no longer included (no scan)',)
    """
    lines = [
        f"edition.{name}: {old.edition.get(name)!r}, now {value!r}"
        for name, value in new.edition.items()
        if name not in ("version", "released", "supersedes") and old.edition.get(name, value) != value
    ]
    before = {person.subject: person for person in old.people}
    now = {person.subject: person for person in new.people}
    lines += [f"{subject}: gone" for subject in before if subject not in now]
    for subject, person in now.items():
        was = before.get(subject)
        if was is None:
            lines.append(f"{subject}: new, {'included' if person.included else person.why}")
            continue
        if was.included != person.included:
            lines.append(
                f"{subject}: {'included now' if person.included else f'no longer included ({person.why})'}"
            )
        lines += [
            f"{subject}: {name} {', '.join(getattr(was, name)) or 'none'}, "
            f"now {', '.join(getattr(person, name)) or 'none'}"
            for name in ("scans", "references", "photos")
            if getattr(was, name) != getattr(person, name)
        ]
        lines += [f"{subject}: {note}" for note in person.notes if note.startswith(_SINCE)]
        lines += [
            f"{subject}: {what} {was.values[what]}, now {person.values[what]}"
            for what in VALUES
            if was.values[what] != person.values[what]
        ]
    return tuple(lines)
