"""A synthetic cohort on disk: scans, photographs and truth of people who do not exist, as a BIDS dataset."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageOps

from data_prep.files import whole_file
from data_prep.synthetic import bids
from data_prep.synthetic.head_mesh import head_mesh
from data_prep.synthetic.people import Person, draw_person, random_for
from data_prep.synthetic.scanner import scan_head
from data_prep.synthetic.settings import SyntheticCohort, check_settings

CONTRAST = "T2w"
CLOSED_EYES = {"eye-left-closure": 1.0, "eye-right-closure": 1.0}


def subject_ids(config: SyntheticCohort) -> list[str]:
    """Name the people of a cohort.

    Examples
    --------
    >>> subject_ids(SyntheticCohort(subjects=2))
    ['sub-0001', 'sub-0002']
    """
    check_settings(config)
    digits = max(4, len(str(config.subjects)))
    return [f"sub-{number:0{digits}d}" for number in range(1, config.subjects + 1)]


def write_person(config: SyntheticCohort, subject: str, folder: Path) -> dict[str, str]:
    """Make one person and write scan, sidecar, brain mask and photographs.

    Depends on nothing but its arguments: people can be written in any order and in parallel.

    Parameters
    ----------
    config : SyntheticCohort
        The distribution.
    subject : str
        BIDS name, `sub-<id>`; with the seed it decides everything.
    folder : Path
        Root of the dataset.

    Returns
    -------
    dict of str to str
        The person's row of participants.tsv.
    """
    from data_prep.synthetic.photograph import photograph  # needs GL, which only this step does

    person = draw_person(subject, config.seed, config)
    rng = random_for(config.seed, subject, "scan")
    scan = scan_head(
        head_mesh(person.weights, scan_expression(rng, config)),
        rng,
        spacing_mm=config.scans.spacing_mm,
        noise=config.scans.noise,
        pose_degrees=config.scans.pose_degrees,
    )
    bids.write_scan(
        folder, subject, CONTRAST, scan.data, scan.affine, bids.t2w_sidecar(config.scans.spacing_mm)
    )
    bids.write_brain_mask(folder, subject, CONTRAST, scan.brain, scan.affine)
    for condition, picture in photograph(person, config.seed, config).items():
        bids.write_photo(folder, subject, condition, 1, picture)
    return participant_row(person)


def scan_expression(rng: np.random.Generator, config: SyntheticCohort) -> dict[str, float]:
    """Return the face of somebody who lies in a scanner: eyes closed, hardly any expression."""
    units = dict(CLOSED_EYES)
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


def contact_sheet(folder: Path, columns: int = 4, size: int = 200) -> Path:
    """Draw every person's scan (mid-sagittal) and photographs (raw, bald) in a grid, for people to look at.

    Parameters
    ----------
    folder : Path
        Root of a dataset written by this module.
    columns : int
        People side by side.
    size : int
        Edge of one picture, pixels.

    Returns
    -------
    Path
        `sourcedata/contact_sheet.png`.
    """
    subjects = sorted(path.name for path in folder.glob("sub-*") if path.is_dir())
    rows = -(-len(subjects) // columns)
    sheet = Image.new("RGB", (columns * (3 * size + 12), rows * (size + 22)), (24, 24, 26))
    draw = ImageDraw.Draw(sheet)
    for number, subject in enumerate(subjects):
        left, top = (number % columns) * (3 * size + 12), (number // columns) * (size + 22)
        draw.text((left + 4, top + 3), subject, fill=(200, 200, 200))
        pictures = [Image.fromarray(mid_sagittal(bids.scan_path(folder, subject, CONTRAST)))]
        for condition in ("raw", "bald"):
            with Image.open(bids.photo_path(folder, subject, condition, 1)) as photo:
                pictures.append(photo.convert("RGB"))
        for place, picture in enumerate(pictures):
            sheet.paste(ImageOps.fit(picture, (size, size)), (left + place * size, top + 18))
    path = folder / "sourcedata" / "contact_sheet.png"
    with whole_file(path) as temporary:
        sheet.save(temporary, format="PNG")
    return path


def mid_sagittal(path: Path) -> NDArray[np.uint8]:
    """Return the middle sagittal slice of a scan as a picture, nose to the right, 0 to 255."""
    data, affine = bids.read_scan(path)
    spacing = np.diag(affine)
    if (spacing[:3] <= 0).any():
        raise ValueError(f"{path}: expected a scan in RAS+ order, found the affine {affine.tolist()}")
    middle = data[data.shape[0] // 2]
    scaled = np.clip(middle / max(np.percentile(data, 99.5), 1) * 255, 0, 255)
    return np.rot90(scaled).astype(np.uint8)
