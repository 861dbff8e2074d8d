"""Files like those of too few people give them away: each person counts, not the mean, in any cohort."""

from collections import Counter

import nibabel as nib
import numpy as np
import pytest
from PIL import Image

from mriprivacy.challenge.edition.public import Edition, open_edition
from mriprivacy.challenge.edition.sealed import SealedKey, open_sealed
from mriprivacy.challenge.evaluation.checks.rare_people import rare_people


@pytest.fixture
def both(own_edition_folder) -> tuple[Edition, SealedKey]:
    return open_edition(own_edition_folder), open_sealed(own_edition_folder)


def images_of(edition: Edition, sealed: SealedKey, subject: str) -> tuple[list[str], list[str]]:
    own = {name for name, whose in sealed.subjects.items() if whose == subject}
    return [p for p in edition.eval.probes if p in own], [r for r in edition.eval.references if r in own]


def ordinary(edition: Edition, sealed: SealedKey) -> list[str]:
    """People of one scan and one photograph, of the size that most photographs have."""
    size = {r: Image.open(edition.eval.photo(r, "raw")).size for r in edition.eval.references}
    usual = Counter(size.values()).most_common(1)[0][0]
    people = {s: images_of(edition, sealed, s) for s in {sealed.subjects[p] for p in edition.eval.probes}}
    return sorted(
        s for s, (own, photos) in people.items() if len(own) == 1 and [size[p] for p in photos] == [usual]
    )


def change_scan(edition: Edition, probe: str, voxel: float = 1.0, dtype: type | None = None) -> None:
    path = edition.eval.scan(probe)
    image = nib.load(path)
    data = np.asanyarray(image.dataobj)
    nib.save(
        nib.Nifti1Image(data.astype(dtype or data.dtype), image.affine @ np.diag([voxel, 1, 1, 1])), path
    )


def change_photo(edition: Edition, reference: str) -> None:
    path = edition.eval.photo(reference, "raw")
    with Image.open(path) as picture:
        picture.resize((picture.width + 1, picture.height)).save(path)


def test_people_who_are_alike_are_not_rare(both: tuple[Edition, SealedKey]) -> None:
    assert rare_people(*both, smallest=2) == ()


@pytest.mark.parametrize("change", [{"voxel": 1.1}, {"dtype": np.float32}])
def test_a_grid_and_a_size_of_their_own(both: tuple[Edition, SealedKey], change: dict) -> None:
    """As 2 of 16 were given away while the mean of the leak test passed."""
    edition, sealed = both
    subject = ordinary(edition, sealed)[0]
    (probe,), (reference,) = images_of(edition, sealed, subject)
    change_scan(edition, probe, **change)
    assert rare_people(*both, smallest=2) == ()  # one side alone does not say who the other is
    change_photo(edition, reference)
    (rare,) = rare_people(*both, smallest=2)
    assert (rare.split, rare.subject, rare.scans, rare.references) == ("eval", subject, 1, 1)
    assert rare.facts.startswith("1 scans, 32 x 30 x 28 voxels, ")
    assert rare_people(*both, smallest=1) == ()


def test_a_shift_of_a_hundredth_of_a_voxel_is_no_grid_of_its_own(both: tuple[Edition, SealedKey]) -> None:
    edition, sealed = both
    probes, references = images_of(edition, sealed, ordinary(edition, sealed)[0])
    change_scan(edition, probes[0], voxel=1.0005)
    change_photo(edition, references[0])
    assert rare_people(*both, smallest=2) == ()
