"""What `inspect` says of scans as originals: with a face, cut, defaced already, a brain, unknown."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from mriprivacy.baselines.alignment.presence import CANNOT_TELL, CUT, DEFACED, NO_HEAD, WHOLE, Presence
from mriprivacy.baselines.alignment.template import average_brain, average_head
from mriprivacy.challenge.attackers.features import Extraction
from mriprivacy.challenge.compute.parallel import Compute
from mriprivacy.challenge.edition.protocol import Rendering
from mriprivacy.challenge.release.seen_images import look_at_all, why_no_original, with_faces_of
from mriprivacy.data_prep.inspection.proposal import SeenImages

HERE = Compute("sequential")


def write(folder: Path, name: str, data: np.ndarray) -> Path:
    path = folder / f"{name}.nii.gz"
    nib.save(nib.Nifti1Image(data.astype(np.float32), average_head().affine), path)
    return path


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("scans")
    head = np.pad(average_head().data, [(0, 0), (0, 20), (0, 0)])  # the average head ends in its nose
    brain = np.pad(average_brain().data, [(0, 0), (0, 20), (0, 0)], constant_values=-100)
    y, z = (average_head().affine[axis, 3] + 2.0 * np.arange(head.shape[axis]) for axis in (1, 2))
    face = (y[:, None] > 60) & (z < 5)
    noise = np.random.default_rng(1).uniform(0, 1000, head.shape)
    return {
        "whole": write(folder, "whole", head),
        "chinless": write(folder, "chinless", head * ~((y[:, None] > -40) & (z < -80))),
        "defaced": write(folder, "defaced", head * ~face),
        "stripped": write(folder, "stripped", head * (brain > -3)),
        "noise": write(folder, "noise", noise),
    }


@pytest.fixture(scope="module")
def seen(scans: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> SeenImages:
    cache = tmp_path_factory.mktemp("cache")
    extraction = Extraction(attacks=(), camera=Rendering(spacing_mm=3.0), cache=cache)
    return with_faces_of(list(scans.values()), look_at_all(list(scans.values()), (), HERE), extraction, HERE)


@pytest.mark.long
def test_what_is_no_original_is_said(scans: dict[str, Path], seen: SeenImages) -> None:
    why = {name: seen.unusable.get(path, "") for name, path in scans.items()}
    assert why["whole"] == ""
    assert why["defaced"] == "defaced already"
    assert why["stripped"] == "a brain without a head"
    assert why["noise"].startswith("cannot tell whether a face is in it: ")


@pytest.mark.long
def test_what_is_cut_is_named_whether_or_not_a_face_is_found(
    scans: dict[str, Path], seen: SeenImages
) -> None:
    path = scans["chinless"]
    assert "cut: chin" in seen.unusable.get(path, "") + seen.remarks.get(path, "")


@pytest.mark.parametrize(
    ("seen_as", "usable"),
    [(WHOLE, True), (CUT, True), (DEFACED, False), (NO_HEAD, False), (CANNOT_TELL, False)],
)
def test_only_what_has_a_face_or_a_part_of_one_can_be_protected(seen_as: str, usable: bool) -> None:
    assert (why_no_original(Presence(seen_as, ("chin",), "why")) == "") is usable
