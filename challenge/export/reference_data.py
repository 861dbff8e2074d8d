"""What a platform needs of an edition to score one track, and nothing that it does not need."""

import shutil
from pathlib import Path

from mriprivacy.challenge.edition.public import public_folder
from mriprivacy.challenge.edition.sealed import open_sealed, sealed_folder
from mriprivacy.challenge.intake.submission import TABLES
from mriprivacy.data_prep.formats.manifest import COMMITMENT, MANIFEST
from mriprivacy.data_prep.formats.schema import DISTRACTORS, SEALED_DOPPELGANGERS, SUBJECT_COLUMNS
from mriprivacy.data_prep.formats.tables.tsv import read_table, write_table
from mriprivacy.scoring.errors import UserError

_PUBLIC = ("edition.json", MANIFEST, COMMITMENT)
_SPLIT = ("trials.tsv", DISTRACTORS, "key.tsv", "attributes.tsv", "mri/participants.tsv")


def write_reference(edition: Path, track: str, folder: Path) -> None:
    """Write the reference data of a track: for a track of tables, tables alone.

    The people's names in `subjects.tsv` are replaced by numbers in the same order, so that the identity of
    the trials, and with it every draw of subjects, is kept while no name of the cohort leaves the house.
    The nonce stays at home as well: no evaluation asks for it.

    Parameters
    ----------
    edition : Path
        With `public/` and `sealed/`.
    track : str
        `defacing` needs scans, photographs, masks and doppelgangers; the others do not.
    folder : Path
        Gets `public/` and `sealed/`.

    Raises
    ------
    UserError
        If there is nothing sealed, or the edition does not ask for the track.
    """
    sealed = open_sealed(edition)
    root = sealed_folder(edition)
    assert root is not None
    public = public_folder(root.parent)
    if track in TABLES:
        for name in (*_PUBLIC, *(f"{split}/{table}" for split in ("dev", "eval") for table in _SPLIT)):
            if (public / name).is_file():
                _copy(public / name, folder / "public" / name)
    else:
        shutil.copytree(public, folder / "public")
        for images in ("brain_masks", "face_masks", SEALED_DOPPELGANGERS):
            if (root / images).is_dir():
                shutil.copytree(root / images, folder / "sealed" / images)
    for name in ("key.tsv", "attributes.tsv"):
        _copy(root / name, folder / "sealed" / name)
    ordered = sorted(set(sealed.subjects.values()))
    number = {subject: f"person-{index:06d}" for index, subject in enumerate(ordered)}
    rows = read_table(root / "subjects.tsv", SUBJECT_COLUMNS, {}, name="sealed/subjects.tsv").rows
    write_table(
        folder / "sealed" / "subjects.tsv",
        SUBJECT_COLUMNS,
        [(name, number[subject], split) for name, subject, split in rows],
    )


def check_track(tracks: tuple[str, ...], track: str) -> None:
    """Raise UserError unless the edition asks for the track."""
    if track not in tracks:
        raise UserError(f"export: track is {track!r}; this edition asks for {', '.join(tracks)}")


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(source.read_bytes())
