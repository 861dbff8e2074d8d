"""Files like those of too few people give them away: each person counts, not the mean, in any cohort."""

from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import nibabel as nib
import numpy as np
import pytest
from PIL import Image

from mriprivacy.challenge.edition.public import Edition, open_edition
from mriprivacy.challenge.edition.sealed import SealedKey, open_sealed
from mriprivacy.challenge.evaluation.checks import rare_people as module
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


def test_a_grid_is_its_shape_type_and_directions_to_a_hundredth(tmp_path: Path) -> None:
    """Where the head lies is no part of it."""

    def grid(step: float, move: float = 0.0, kind: type = np.int16) -> tuple[object, ...]:
        affine = np.array([[0, -2, 0, move], [1 + step, 0, 0, move], [0, 0, 3, move], [0, 0, 0, 1.0]])
        nib.save(nib.Nifti1Image(np.zeros((4, 5, 6), kind), affine), tmp_path / "a.nii.gz")
        return module._grid(tmp_path / "a.nii.gz")

    assert grid(0) == (4, 5, 6, "int16", 0, -2, 0, 1, 0, 0, 0, 0, 3)
    assert grid(0.004, 70) == grid(-0.004) == grid(0)
    assert grid(0.006) == (4, 5, 6, "int16", 0, -2, 0, 1.01, 0, 0, 0, 0, 3)
    assert grid(0, kind=np.float32)[3] == "float32"


def test_rare_people_are_those_whose_images_are_like_those_of_too_few_on_both_sides(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of six, a and b are alike in all; c has a size of its own, d a grid, e both; f has no photograph."""
    grids = dict.fromkeys("abcf", (8, 9, 10, "int16", 1.0)) | dict.fromkeys("de", (8, 9, 11, "float32", 1.0))
    grids["e"] = (8, 9, 12, "uint8", 1.0)
    sizes = dict.fromkeys("abd", (3, 4)) | {"c": (5, 4), "e": (6, 4)}
    monkeypatch.setattr(module, "_grid", lambda path: grids[path])
    monkeypatch.setattr(module, "_size", lambda path: sizes[path])
    split = SimpleNamespace(
        name="eval", probes=list(grids), references=[name.upper() for name in sizes], reference_contrast="",
        scan=lambda name: name, photo=lambda name, condition: name.lower() if condition == "raw" else None,
    )  # fmt: skip
    subjects = {name: name.lower() for name in (*split.probes, *split.references)}
    edition = SimpleNamespace(splits={"eval": split})

    def found(smallest: int) -> list[tuple[str, int, int]]:
        return [(r.subject, r.scans, r.references) for r in rare_people(edition, sealed, smallest)]  # type: ignore[arg-type]

    sealed = SimpleNamespace(subjects=subjects)
    assert found(2) == [("e", 1, 1)]
    assert found(4) == [("d", 1, 3), ("e", 1, 1)]
    assert found(5) == [("a", 4, 3), ("b", 4, 3), ("c", 4, 1), ("d", 1, 3), ("e", 1, 1), ("f", 4, 0)]
    (rare,) = rare_people(edition, sealed, 2)  # type: ignore[arg-type]
    assert (rare.split, rare.facts) == ("eval", "1 scans, 8 x 9 x 12 voxels, uint8")
    split.reference_contrast, split.references = "T2w", ["a", "e"]
    assert found(2) == [("d", 1, 0), ("e", 1, 1)]
