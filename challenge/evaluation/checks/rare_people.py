"""People whose files are like those of few others: their files give them away without a face.

A leak test looks at a mean, and a mean hides two people of sixteen that are given away with certainty. Here
every person counts, at any size of cohort.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
from PIL import Image

from mriprivacy.challenge.edition.public import Edition, Split
from mriprivacy.challenge.edition.sealed import SealedKey

Signature = tuple[object, ...]


@dataclass(frozen=True)
class Rare:
    """A person whose scans, and whose references, are like those of too few others in the split.

    Attributes
    ----------
    split : str
        `dev` or `eval`.
    subject : str
        As the sealed side calls it.
    scans, references : int
        How many people of the split, this one included, have scans or references like these.
    facts : str
        What is rare of the scans: grid, voxel type and how many.
    """

    split: str
    subject: str
    scans: int
    references: int
    facts: str


def rare_people(edition: Edition, sealed: SealedKey, smallest: int) -> tuple[Rare, ...]:
    """Return everybody whose files are like those of fewer people than `smallest`, on both sides of a trial.

    Compared are, for all images of a person: shape, voxel sizes and directions (to .01), type of a voxel, or
    width and height of a photograph; and how many images there are. Where one side is alike for enough
    people, it does not say who the other side is.

    Parameters
    ----------
    edition, sealed : Edition, SealedKey
        Both sides, which only the organizer has.
    smallest : int
        The k of k-anonymity.
    """
    found = []
    for split in edition.splits.values():
        scans = _by_person({probe: _grid(split.scan(probe)) for probe in split.probes}, sealed)
        references = _by_person(_references(split), sealed)
        common, other = Counter(scans.values()), Counter(references.values())
        for subject, own in sorted(scans.items()):
            alike, others = common[own], other[references.get(subject, ())]
            if max(alike, others) < smallest:
                found.append(Rare(split.name, subject, alike, others, _facts(own)))
    return tuple(found)


def _references(split: Split) -> dict[str, Signature]:
    if split.reference_contrast:
        return {name: _grid(split.scan(name)) for name in split.references}
    return {name: _size(split.photo(name, "raw")) for name in split.references}


def _by_person(images: Mapping[str, Signature], sealed: SealedKey) -> dict[str, tuple[Signature, ...]]:
    people: dict[str, list[Signature]] = {}
    for name, signature in images.items():
        people.setdefault(sealed.subjects[name], []).append(signature)
    return {subject: tuple(sorted(own, key=str)) for subject, own in people.items()}


def _grid(path: Path) -> Signature:
    image = nib.load(path)
    directions = tuple(round(float(value), 2) + 0.0 for value in image.affine[:3, :3].ravel())
    return (*image.shape, image.get_data_dtype().name, *directions)


def _size(path: Path) -> Signature:
    with Image.open(path) as picture:
        return picture.size


def _facts(own: tuple[Signature, ...]) -> str:
    (first, *_) = own
    shape = " x ".join(str(extent) for extent in first[:3])
    return f"{len(own)} scans, {shape} voxels, {first[3]}"
