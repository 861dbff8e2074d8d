"""The attack that undoes what defacers do, on a synthetic head."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mriprivacy.baselines.attacks.face_network import embed, unit
from mriprivacy.baselines.attacks.networks import AFTER_UNDOING, on_networks
from mriprivacy.baselines.attacks.registry import make_attack
from mriprivacy.baselines.defacers import deface
from mriprivacy.baselines.face.appearance import Look, appearance_of_scan
from mriprivacy.baselines.face.scan import Scan
from mriprivacy.baselines.face.surface import isotropic
from mriprivacy.baselines.face.undo import UNDOINGS
from mriprivacy.baselines.face.views import make_views
from mriprivacy.data_prep.synthetic.cohort_settings import ScanSettings, SyntheticCohort
from mriprivacy.data_prep.synthetic.head.mesh import head_mesh
from mriprivacy.data_prep.synthetic.head.scanning.scanner import scan_head
from mriprivacy.data_prep.synthetic.people.person import draw_person


@pytest.fixture(scope="module")
def head() -> Scan:
    person = draw_person("sub-0003", 7, SyntheticCohort())
    made = scan_head(head_mesh(person.weights), np.random.default_rng(3), ScanSettings(spacing_mm=2))
    return Scan(made.images["T2w"], made.affine)


def given(scan: Scan) -> Callable[[], Scan]:
    return lambda: scan


@pytest.mark.long
@pytest.mark.parametrize("name", UNDOINGS)
def test_it_is_what_the_network_makes_of_the_undone_head(name: str, head: Scan, tmp_path: Path) -> None:
    blocks = deface("voxelize", head, tmp_path)
    found = make_attack(f"{name}(SFace)").embed(Look("scan", (), given(blocks)))
    views = make_views([(0, 0), (-12, 0), (12, 0)])
    faces = appearance_of_scan(UNDOINGS[name](isotropic(blocks, 2.0)), 2.0, views).found
    assert faces
    assert found is not None
    np.testing.assert_allclose(found, unit(embed(faces, "SFace").mean(axis=0)), atol=1e-6)


@pytest.mark.long
def test_both_networks_look_at_one_set_of_pictures(head: Scan, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = []
    draw = appearance_of_scan
    monkeypatch.setattr(
        "mriprivacy.baselines.attacks.undone.appearance_of_scan",
        lambda *args: drawn.append(1) or draw(*args),
    )
    seen = Look("scan", (), given(head))
    for name in on_networks(UNDOINGS, ["Dlib", "SFace"]):
        assert make_attack(name).embed(seen) is not None
    assert len(drawn) == len(UNDOINGS)


@pytest.mark.parametrize("name", UNDOINGS)
def test_no_face_is_none_and_a_photograph_is_as_deepface_sees_it(name: str) -> None:
    attack = make_attack(f"{name}(SFace)")
    nothing = Scan(np.zeros((20, 20, 20), np.float32), np.diag([8.0, 8, 8, 1]))
    assert attack.embed(Look("photo", (), given(nothing))) is None
    assert attack.embed(Look("scan", (), given(nothing))) is None
    assert attack.comparable
    assert attack.settings == make_attack("deepface(SFace)").settings


def test_there_is_one_for_each_undoing_and_network() -> None:
    assert tuple(UNDOINGS) == AFTER_UNDOING
    names = ("smoothed(Dlib)", "smoothed(SFace)", "lowered(Dlib)", "lowered(SFace)")
    assert on_networks(AFTER_UNDOING, ["Dlib", "SFace"]) == names
