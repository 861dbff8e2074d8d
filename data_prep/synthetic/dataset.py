"""A synthetic cohort on disk: scans, photographs and truth of synthetic people, as a BIDS dataset."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from mriprivacy.data_prep.synthetic import bids_files as bids
from mriprivacy.data_prep.synthetic.cohort_settings import SyntheticCohort
from mriprivacy.data_prep.synthetic.head.inside import Inside, draw_inside
from mriprivacy.data_prep.synthetic.head.mesh import head_mesh
from mriprivacy.data_prep.synthetic.head.scanning.scanner import scan_head
from mriprivacy.data_prep.synthetic.head.voxels import turned
from mriprivacy.data_prep.synthetic.people.doppelganger import doppelganger
from mriprivacy.data_prep.synthetic.people.person import Person, drifted, random_for
from mriprivacy.data_prep.synthetic.people.traits import ETHNICITIES, subject_number
from mriprivacy.data_prep.synthetic.portrait.photograph import photograph

CLOSED_EYES = ("eye-left-closure", "eye-right-closure")
# How scans are stored; sagittal slices as DICOM converters leave them, rows and columns of a slice first.
STORED_AXES = {"isotropic": "RAS", "sagittal": "PSR"}


def sessions_of(config: SyntheticCohort, subject: str) -> tuple[str, ...]:
    """Name the sessions of a person: the first `scans.second_sessions` people have two.

    A cohort without second sessions has no sessions at all.

    Examples
    --------
    >>> config = SyntheticCohort()
    >>> sessions_of(config, "sub-0001")
    ('',)
    >>> config.scans.second_sessions = 1
    >>> sessions_of(config, "sub-0001"), sessions_of(config, "sub-0002")
    (('ses-1', 'ses-2'), ('ses-1',))
    """
    if not config.scans.second_sessions:
        return ("",)
    twice = subject_number(subject) <= config.scans.second_sessions
    return ("ses-1", "ses-2") if twice else ("ses-1",)


def write_person(config: SyntheticCohort, person: Person, folder: Path) -> dict[str, str]:
    """Scan and photograph one person, and write scans, sidecars, truth and photographs.

    Photographs of the person's doppelganger are part of the truth.

    Depends on nothing but its arguments: people can be written in any order and in parallel.

    Parameters
    ----------
    config : SyntheticCohort
        The distribution.
    person : Person
        From `draw_people`.
    folder : Path
        Root of the dataset.

    Returns
    -------
    dict of str to str
        The person's row of participants.tsv.
    """
    for session in sessions_of(config, person.subject):
        _write_scans(config, person, session, folder)
    for number in range(1, config.photos.count + 1):
        pictures = photograph(person, config.seed, config, number)
        bids.write_picture(bids.photo_path(folder, person.subject, "raw", number), pictures["raw"])
        bids.write_picture(bids.true_bald_path(folder, person.subject, number), pictures["bald"])
    if config.photos.doppelgangers:
        _write_doppelganger(config, person, folder)
    return participant_row(person)


def _write_doppelganger(config: SyntheticCohort, person: Person, folder: Path) -> None:
    """Photograph a person's doppelganger as often as the person; it is not scanned."""
    other = doppelganger(person, config.seed, config)
    for number in range(1, config.photos.count + 1):
        pictures = photograph(other, config.seed, config, number)
        for condition, picture in (("raw", pictures["raw"]), ("true_bald", pictures["bald"])):
            path = bids.doppelganger_path(folder, person.subject, condition, number)
            bids.write_picture(path, picture)


def _write_scans(config: SyntheticCohort, person: Person, session: str, folder: Path) -> None:
    settings = config.scans
    first = session in ("", "ses-1")
    rng = random_for(config.seed, person.subject, "scan" if first else f"scan-{session}")
    mesh = head_mesh(
        person.weights if first else _on_another_day(person, session, config), scan_expression(rng, config)
    )
    site = int(random_for(config.seed, person.subject, "site").integers(settings.sites))
    scan = scan_head(mesh, rng, settings, inside_of(config, person), site)
    stored = partial(turned, affine=scan.affine, axes=STORED_AXES[settings.acquisition])
    truth = {"brain_masks": scan.brain, "face_masks": scan.face, "labels": scan.labels}
    for contrast, image in scan.images.items():
        path = bids.scan_path(folder, person.subject, contrast, session)
        data, affine = stored(image)
        bids.write_scan(path, data, affine, bids.scan_sidecar(contrast, settings))
        volumes = {name: stored(volume)[0] for name, volume in truth.items()}
        bids.write_truth(folder, path, volumes, affine, scan.landmarks)


def inside_of(config: SyntheticCohort, person: Person) -> Inside:
    """Return the inside of a person's head: the same in every session, whatever the face."""
    brain, skull = (random_for(config.seed, person.subject, purpose) for purpose in ("brain", "skull"))
    return draw_inside(brain, skull, person.sex, person.age, config.people.brain_individuality)


def _on_another_day(person: Person, session: str, config: SyntheticCohort) -> dict[str, float]:
    """Return the shape of a person in a later session: a little other than in the first one."""
    days = replace(config, photos=replace(config.photos, drift=config.scans.drift))
    return drifted(person.weights, random_for(config.seed, person.subject, f"shape-{session}"), days)


def scan_expression(rng: np.random.Generator, config: SyntheticCohort) -> dict[str, float]:
    """Return the face of a person in a scanner: eyes mostly closed, hardly any expression."""
    eyes_open = rng.random() < config.scans.open_eyes
    units = dict.fromkeys(CLOSED_EYES, 0.0 if eyes_open else 1.0)
    for name in (
        "mouth-corner-puller",
        "mouth-depression",
        "mouth-compression",
        "eyebrows-left-up",
        "mouth-parling",
    ):
        units[name] = config.scans.expression * float(rng.random())
    units["eyebrows-right-up"] = units["eyebrows-left-up"]
    return {f"expression/units/caucasian/{name}": weight for name, weight in units.items()}


def participant_row(person: Person) -> dict[str, str]:
    """Return what participants.tsv says of a person."""
    return {
        "participant_id": person.subject,
        "sex": person.sex,
        "age": str(person.age),
        "ethnicity": person.ethnicity,
        **{name: f"{share:.3f}" for name, share in zip(ETHNICITIES, person.components, strict=True)},
    }


def write_dataset(config: SyntheticCohort, rows: Sequence[dict[str, str]], folder: Path) -> None:
    """Write what the dataset has as a whole: descriptions, README, participants.

    Parameters
    ----------
    config : SyntheticCohort
        The distribution, which goes into the description.
    rows : sequence of dict
        What `write_person` returned, in any order.
    folder : Path
        Root of the dataset.
    """
    bids.write_descriptions(folder, config, len(rows))
    bids.write_participants(folder, sorted(rows, key=lambda row: row["participant_id"]))
