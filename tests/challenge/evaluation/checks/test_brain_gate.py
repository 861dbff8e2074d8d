"""The brain of a real head is estimated where the head is, and nowhere else."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from mriprivacy.baselines.alignment.template import average_brain, average_head
from mriprivacy.baselines.face.scan import Scan
from mriprivacy.challenge.compute.parallel import Lost
from mriprivacy.challenge.evaluation.checks import brain_gate


def test_an_estimated_brain_ends_where_the_average_head_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """A field of view 200 mm wider than the template on every side: no brain out there."""
    head = average_head()
    step, extent = 4.0, np.array(head.data.shape) * head.spacing
    shape = np.ceil((extent + 400) / step).astype(int)
    affine = np.diag([step, step, step, 1.0])
    affine[:3, 3] = (head.affine @ [*(np.array(head.data.shape) / 2), 1])[:3] - shape / 2 * step
    monkeypatch.setattr(brain_gate, "register", lambda scan, cache: SimpleNamespace(scan_to_head=np.eye(4)))
    brain = brain_gate.estimate_brain(Scan(np.zeros(shape, np.float32), affine))
    litres = brain.sum() * step**3 / 1e6
    truth = (average_brain().data > 0).sum() * np.prod(head.spacing) / 1e6
    assert litres == pytest.approx(truth, rel=0.03)
    for side in (0, -1):
        assert not any(np.take(brain, side, axis=axis).any() for axis in range(3))


def test_a_lost_scan_failed_as_one_of_which_all_was_changed() -> None:
    """On its grid, finite and of its scale, so that the one problem is why it was lost."""
    report = brain_gate._lost(Lost("it ended its worker"))
    assert report.problems == ("it ended its worker",)
    assert not report.passed
    facts = (report.same_grid, report.same_affine, report.finite, report.differs)
    assert (*facts, report.same_kind, report.same_scale) == (True,) * 6
    assert (report.changed_share, report.relative_change, report.added_share) == (1, 1, 1)


@pytest.mark.parametrize(
    ("differs", "head", "undefaced"), [(True, 0.991, True), (True, 0.99, False), (False, 1.0, False)]
)
def test_a_voxel_here_and_there_is_no_defacing(differs: bool, head: float, undefaced: bool) -> None:
    report = replace(brain_gate._lost(Lost("x")), differs=differs)
    kept = SimpleNamespace(head=head)
    assert brain_gate._undefaced(report, kept) == undefaced  # type: ignore[arg-type]
    assert not brain_gate._undefaced(report, None)
    same = brain_gate._nothing_changed(report)
    assert not same.differs
    assert same.problems[-1] == "the scan is the original but for less than 1% of the head's voxels"


def test_air_of_just_so_many_millimetres_is_not_far() -> None:
    data = np.zeros((60, 8, 8), np.float32)
    data[:8] = 100
    for mm, first in ((2.5, 28), (2.4, 28)):  # 20 voxels are 50 mm, or 48
        far = brain_gate.far_from_head(Scan(data, np.diag([mm, mm, mm, 1.0])))
        assert np.flatnonzero(far.any(axis=(1, 2)))[0] == first
