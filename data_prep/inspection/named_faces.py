"""Which face is meant in a photograph with several, as a plan says, and whether it still is that picture."""

from pathlib import Path

from mriprivacy.data_prep.cohorts.face_table import Face, parse_face
from mriprivacy.data_prep.formats.manifest import file_sha256
from mriprivacy.data_prep.inspection.plan_file import UNDECIDED, CohortPlan


def picture_digest(path: Path) -> str:
    """Return the first 16 digits of the SHA-256 of a photograph."""
    return file_sha256(path)[:16]


def replaced_pictures(plan: CohortPlan) -> tuple[str, ...]:
    """Return which photographs are others than those in which a person named a face, one line each."""
    return tuple(
        f"people.{person.subject}: {photo} is another picture than the one that was looked at; run inspect "
        "again with plan=, and say which face is meant"
        for person in plan.people
        if person.included
        for photo, digest in person.pictures.items()
        if photo in person.photos
        and photo in person.faces
        and (path := Path(plan.photos, photo)).is_file()
        and picture_digest(path) != digest
    )


def faces_of(plan: CohortPlan) -> dict[Path, Face]:
    """Return which face is meant, by photograph, where a plan says so."""
    return {
        Path(plan.photos, photo): parse_face(face)
        for person in plan.people
        if person.included
        for photo, face in person.faces.items()
        if face != UNDECIDED and photo in person.photos
    }
