"""Who is in a photograph: before one of real people is released, everybody else in it is cut away.

A photograph in which one face is found is taken whole. Where there are several, or none, the organizer says
in a table which face is meant (`data_prep.cohorts.face_table`); the photograph is cut to it, and looked at
again.
"""

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mriprivacy.baselines.face.all_faces import Box, FacesOverlapError, cut_around, find_faces
from mriprivacy.baselines.face.photo import read_photo, shrunk
from mriprivacy.challenge.compute.parallel import Compute, some
from mriprivacy.challenge.compute.parallel import run as work
from mriprivacy.data_prep.cohorts.cohort_files import FACES, CohortFiles
from mriprivacy.data_prep.cohorts.face_table import Face, read_faces
from mriprivacy.data_prep.editions.plan import Plan, photos_of_real_people
from mriprivacy.data_prep.editions.release import PhotoItem
from mriprivacy.scoring.errors import UserError

RAW = "raw"
HOW = "name it in a face table (docs/reference/files.md): a number from the left, or left,top,right,bottom"

Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class Shot:
    """A photograph to look at.

    Attributes
    ----------
    source : Path
        The photograph.
    face : int, (left, top, right, bottom) or None
        Which face is meant; None where it was not given.
    centred : bool
        Whether the person is the one in the middle: so the makers of LFW cut their photographs.
    others : tuple of (condition, Path)
        The same photograph in other conditions, from files of their own.
    """

    source: Path
    face: Face | None = None
    centred: bool = False
    others: tuple[tuple[str, Path], ...] = ()


@dataclass(frozen=True)
class Cuts:
    """What of a photograph is released.

    Attributes
    ----------
    boxes : mapping from condition to (left, top, right, bottom)
        Pixels of the upright picture, for every condition that has a file of its own.
    whole : bool
        Whether that is all of it.
    """

    boxes: Mapping[str, Box]
    whole: bool


def cut_photographs(
    plan: Plan,
    root: Path,
    files: CohortFiles,
    compute: Compute,
    decided: Mapping[Path, Face] | None = None,
) -> Plan:
    """Decide what of every photograph of real people is released.

    Parameters
    ----------
    plan : Plan
        What is to be released; `PhotoItem.cut` is filled in. Photographs of synthetic people are left
        as they are, unless the table names them.
    root, files : Path, CohortFiles
        Where the cohort is, and its table of faces.
    compute : Compute
        Who looks.
    decided : mapping from Path to Face, optional
        Which face is meant, by photograph, instead of a table.

    Raises
    ------
    UserError
        With every photograph in which not exactly one face can be meant, one line each, and every name in
        the table that no photograph has.
    """
    if not plan.photos:
        return plan
    raw = [photo.source for photo in plan.photos if photo.condition == RAW]
    if decided is None:
        table = _named(root / files.faces, required=files.faces != FACES)
        _check_names(table, raw, root / files.faces)
        decided = {path: table[path.name] for path in raw if path.name in table}
    asked = {photo.reference for photo in photos_of_real_people(plan)}
    asked |= {photo.reference for photo in plan.photos if photo.source in decided}
    shots = _shots(plan, asked, decided)
    cuts = dict(zip(shots, _looked(shots.values(), compute), strict=True))
    photos = tuple(
        replace(photo, cut=_of_condition(cuts[photo.reference], photo.condition))
        if photo.reference in cuts
        else photo
        for photo in plan.photos
    )
    return replace(plan, photos=photos, remarks=(*plan.remarks, *_remarks(shots, cuts)))


def cut_loose(photos: Mapping[str, Path], table: str, compute: Compute) -> Mapping[str, Box]:
    """Decide what of loose photographs is looked at further, by name; those that stay whole are left out.

    Parameters
    ----------
    photos : mapping from name to Path
        Of whom is not known, so that they are taken for real people.
    table : str
        A table of faces; empty for none.
    compute : Compute
        Who looks.

    Raises
    ------
    UserError
        As in `cut_photographs`.
    """
    named = _named(Path(table), required=True) if table else {}
    shots = [Shot(path, named.get(path.name)) for path in photos.values()]
    _check_names(named, photos.values(), Path(table))
    found = zip(photos, _looked(shots, compute), strict=True)
    return {name: cuts.boxes[RAW] for name, cuts in found if not cuts.whole}


def look(shot: Shot) -> Cuts:
    """Decide what of a photograph is released.

    Raises
    ------
    UserError
        If it is not clear which face is meant, or the cut holds another one.
    """
    picture = read_photo(shot.source, whole=True)
    cut = _cut(picture, shot)
    boxes, whole = {RAW: cut}, cut == _all_of(picture)
    if not whole or shot.face is not None:
        _check_alone(picture, cut, shot, shot.source)
    for condition, path in shot.others:
        other = read_photo(path, whole=True)
        boxes[condition] = _all_of(other) if whole else _same_cut(picture, cut, other, shot, path)
        _check_alone(other, boxes[condition], shot, path)
    return Cuts(boxes, whole)


def _cut(picture: Picture, shot: Shot) -> Box:
    rows, columns = picture.shape[:2]
    if isinstance(shot.face, tuple):
        if shot.face[2] > columns or shot.face[3] > rows:
            raise UserError(
                f"{shot.source}: the box {_shown(shot.face)} reaches out of the picture, which has "
                f"{columns} x {rows} pixels; expected a box within it"
            )
        return shot.face
    faces = find_faces(picture)
    if shot.face is None and len(faces) == 1:
        return _all_of(picture)
    chosen = _central(faces, columns, rows) if shot.centred and shot.face is None else shot.face
    if chosen is None:
        raise UserError(f"{shot.source}: {_counted(faces)}; expected one person: {HOW}")
    if chosen > len(faces):
        raise UserError(f"{shot.source}: {_counted(faces)}; the table of faces says {chosen}: {HOW}")
    try:
        return cut_around(faces, chosen - 1, rows, columns)
    except FacesOverlapError as error:
        raise UserError(
            f"{shot.source}: {_counted(faces)}; {error} to cut out face {chosen}: give a box "
            "left,top,right,bottom without the others, or leave the photograph out"
        ) from error


def _central(faces: tuple[Box, ...], columns: int, rows: int) -> int | None:
    """Return which face lies over the middle of the picture, from 1; None if none or several do."""
    over = [
        number
        for number, (left, top, right, bottom) in enumerate(faces, start=1)
        if left <= columns / 2 < right and top <= rows / 2 < bottom
    ]
    return over[0] if len(over) == 1 else None


def _check_alone(picture: Picture, cut: Box, shot: Shot, path: Path) -> None:
    """Look again, at what would be released: closer, and in files that were not looked at yet."""
    left, top, right, bottom = cut
    faces = find_faces(np.ascontiguousarray(picture[top:bottom, left:right]))
    if len(faces) == 1 or (not faces and isinstance(shot.face, tuple)):
        return  # who gave a box has seen whom the detectors miss
    raise UserError(
        f"{path}: {_counted(faces)} in what would be released ({_shown(cut)}); expected one person: "
        f"give a box left,top,right,bottom for {shot.source.name} that holds no other face, or leave the "
        "photograph out"
    )


def _same_cut(picture: Picture, cut: Box, other: Picture, shot: Shot, path: Path) -> Box:
    """Return the cut of the same photograph from another file: whole, made smaller, or cut already."""
    rows, columns = other.shape[:2]
    if other.shape in (picture.shape, shrunk(picture).shape):
        across, down = columns / picture.shape[1], rows / picture.shape[0]
        left, top = math.floor(cut[0] * across), math.floor(cut[1] * down)
        return left, top, math.ceil(cut[2] * across), math.ceil(cut[3] * down)
    inside = picture[cut[1] : cut[3], cut[0] : cut[2]]
    if other.shape in (inside.shape, shrunk(inside).shape):
        return _all_of(other)
    raise UserError(
        f"{path}: {columns} x {rows} pixels; expected {picture.shape[1]} x {picture.shape[0]} as "
        f"{shot.source}, or {inside.shape[1]} x {inside.shape[0]} as its cut ({_shown(cut)})"
    )


def _all_of(picture: Picture) -> Box:
    return 0, 0, picture.shape[1], picture.shape[0]


def _looked(shots: Collection[Shot], compute: Compute) -> list[Cuts]:
    return work(look, list(shots), "faces in photographs", compute) if shots else []


def _of_condition(cuts: Cuts, condition: str) -> Box:
    """Return the cut of a condition; what is made from the raw photograph is cut like it."""
    return cuts.boxes.get(condition, cuts.boxes[RAW])


def _named(path: Path, required: bool) -> Mapping[str, Face]:
    return read_faces(path) if required or path.exists() else {}


def _check_names(named: Mapping[str, Face], photos: Iterable[Path], table: Path) -> None:
    unknown = sorted(set(named) - {path.name for path in photos})
    if unknown:
        raise UserError(*(f"{table}: {name} is no photograph that is asked for" for name in unknown))


def _shots(plan: Plan, asked: set[str], decided: Mapping[Path, Face]) -> dict[str, Shot]:
    """Return what to look at, by reference: the raw photograph, and files of other conditions with it."""
    shown: dict[str, dict[str, PhotoItem]] = {}
    for photo in plan.photos:
        if photo.reference in asked:
            shown.setdefault(photo.reference, {})[photo.condition] = photo
    strangers = set(plan.distractors)
    return {
        reference: Shot(
            own[RAW].source,
            decided.get(own[RAW].source),
            reference in strangers,
            tuple((c, photo.source) for c, photo in own.items() if photo.source != own[RAW].source),
        )
        for reference, own in shown.items()
    }


def _remarks(shots: Mapping[str, Shot], cuts: Mapping[str, Cuts]) -> tuple[str, ...]:
    cut = [shot for reference, shot in shots.items() if not cuts[reference].whole]
    named = [shot for shot in cut if shot.face is not None]
    middle = [shot.source.name for shot in cut if shot.face is None]
    remarks = []
    if named:
        remarks.append(f"{len(named)} of {len(shots)} photographs are cut as the table of faces says")
    if middle:
        remarks.append(
            f"{len(middle)} photographs of distractors show several faces; cut to the one in the middle: "
            f"{some(middle)}"
        )
    return tuple(remarks)


def _counted(faces: tuple[Box, ...]) -> str:
    if not faces:
        return "no face found"
    where = ", ".join(f"{number} at {_shown(face)}" for number, face in enumerate(faces, start=1))
    return f"{len(faces)} face{'s' if len(faces) > 1 else ''} ({where})"


def _shown(box: Box) -> str:
    return ",".join(map(str, box))
