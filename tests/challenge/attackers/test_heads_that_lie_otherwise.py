"""A head that nods far is turned upright before a face is looked for; one that stands as usual is not."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from mriprivacy.baselines.face.scan import Scan
from mriprivacy.challenge.attackers.features import Extraction, ImageFeatures, extract
from mriprivacy.challenge.compute.parallel import Compute
from mriprivacy.challenge.edition.protocol import Rendering
from tests.helpers.degraded import halved

pytestmark = pytest.mark.long


def look(scan: Scan, degrees: tuple[float, float, float], folder: Path) -> ImageFeatures:
    turn = np.eye(4)
    turn[:3, :3] = Rotation.from_euler("xyz", degrees, degrees=True).as_matrix()
    path = folder / "scan.nii.gz"
    nib.Nifti1Image(np.asarray(scan.data, np.float32), turn @ scan.affine).to_filename(path)
    extraction = Extraction(("deepface",), Rendering(spacing_mm=1.5), folder / "cache")
    return extract({"a": path}, "scan", extraction, "scans", Compute("sequential"))["a"]


@pytest.mark.parametrize("degrees", [(35, 0, 0), (-40, 0, 0)], ids=["chin up", "chin down"])
def test_a_head_that_lies_otherwise_is_acquired(
    degrees: tuple[float, float, float], real_head: Scan, tmp_path: Path
) -> None:
    head = halved(real_head)
    (tmp_path / "as-usual").mkdir()
    usual = look(head, (0, 0, 0), tmp_path / "as-usual")
    found = look(head, degrees, tmp_path)
    assert "turned_degrees" not in usual.checks
    assert usual.checks["views_with_face"] == found.checks["views_with_face"] == 5
    assert found.acquired
    assert found.checks["turned_degrees"] == pytest.approx(np.abs(degrees).max(), abs=15)
    # Two real people are .31 and more apart.
    assert np.linalg.norm(found.vectors["deepface"] - usual.vectors["deepface"]) < 0.3
