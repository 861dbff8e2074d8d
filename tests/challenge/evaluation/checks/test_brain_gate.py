"""The brain of a real head is estimated where the head is, and nowhere else."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from mriprivacy.baselines.alignment.template import AlignmentError, average_brain, average_head
from mriprivacy.baselines.face.scan import Scan
from mriprivacy.challenge.compute.parallel import Lost
from mriprivacy.challenge.entry.entry import Gate
from mriprivacy.challenge.evaluation.checks import brain_gate
from mriprivacy.challenge.evaluation.checks.brain_gate import apply_gate
from mriprivacy.scoring.metrics.utility import GateReport


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


def report(*problems: str, differs: bool = True, changed: float = 0.0) -> GateReport:
    return GateReport(True, True, True, differs, changed, changed, True, True, 0.0, problems)


def test_scans_are_counted_by_what_they_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    """One passed; one is the original, one has another brain, one is both; one lost; one of no brain."""
    original = "the scan is the original, voxel for voxel"
    found = [
        (report(changed=0.01), "kept a"),
        (report(original, differs=False), "kept b"),
        (report("more than 5% of the brain's voxels changed", changed=0.4), None),
        (report(original, "another", differs=False), "kept d"),
        Lost("took too long"),
        (None, "kept f"),
    ]
    asked = []
    monkeypatch.setattr(
        brain_gate, "run_untrusted", lambda f, jobs, *more: asked.append((jobs, more)) or found
    )
    names = "abcdef"
    splits = {name: SimpleNamespace(scan=lambda p, name=name: Path(name, p)) for name in ("dev", "eval")}
    sealed = SimpleNamespace(
        brain_mask=lambda p: None if p == "c" else Path("brain", p), face_mask=lambda p: Path("face", p)
    )
    scans = {("dev" if name < "c" else "eval", name): Path("sent", name) for name in reversed(names)}
    gated = apply_gate(SimpleNamespace(splits=splits), sealed, scans, 0.07, Path("cache"), "compute")  # type: ignore[arg-type]
    ((jobs, more),) = asked
    assert more == ("brain gate", "compute")
    assert [job.original for job in jobs] == [Path("dev" if name < "c" else "eval", name) for name in names]
    assert [job.defaced for job in jobs] == [Path("sent", name) for name in names]
    assert [job.mask for job in jobs] == [None if name == "c" else Path("brain", name) for name in names]
    assert [job.face for job in jobs] == [Path("face", name) for name in names]
    assert {(job.limit, job.cache) for job in jobs} == {(0.07, Path("cache"))}
    assert gated.gate == Gate(1, 5, 2, 1.0, ("c", "d", "e"), 1)
    assert gated.kept == {name: f"kept {name}" for name in "abdf"}
    assert gated.in_place == {"a", "b"}
    assert gated.remarks == (
        "brain gate: not applied, for no brain is found in the original (1 scan: f)",
        "brain gate: no true brain is sealed; it was estimated, by registering an average head to the "
        "original (scans: 1)",
        f"brain gate: {original} (2 scans: b, d)",
        "brain gate: more than 5% of the brain's voxels changed (1 scan: c)",
        "brain gate: another (1 scan: d)",
        "brain gate: took too long (1 scan: e)",
    )


@pytest.mark.parametrize("brain", ["true", "estimated", "none"])
def test_a_scan_is_compared_where_the_brain_is_known_and_on_one_grid(
    brain: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mask is what is more than 0 of its file. All but 5 of 1000 voxels are the original's."""
    data = np.random.default_rng(0).uniform(50, 100, size=(10, 10, 10))
    mask = np.where(np.arange(1000).reshape(10, 10, 10) < 500, 1.0, 0.0)
    sent = data.copy()
    sent.flat[995:] = 0
    files = {"original": data, "brain": mask, "face": 1 - mask, "sent": sent, "cut": data[1:]}
    monkeypatch.setattr(brain_gate, "read_scan", lambda path: Scan(files[path.name], np.eye(4)))

    def estimated(scan: Scan, cache: Path) -> np.ndarray:
        assert (scan.data is data, cache) == (True, Path("cache"))
        if brain == "none":
            raise AlignmentError("no head")
        return mask > 0

    monkeypatch.setattr(brain_gate, "estimate_brain", estimated)
    paths = [Path(name) for name in ("original", "sent", "brain", "face", "cut")]
    where = paths[2] if brain == "true" else None
    found, kept = brain_gate._gate(
        brain_gate._GateJob(paths[0], paths[1], where, paths[3], 0.05, Path("cache"))
    )
    assert kept is not None
    assert 0.99 < kept.head < 1
    assert kept.face == pytest.approx(1 - 5 / 500)
    if brain == "none":
        assert found is None
    else:
        assert found is not None
        assert (found.differs, found.changed_share) == (False, 0)
        assert len(found.problems) == 1
    cut, nothing = brain_gate._gate(brain_gate._GateJob(paths[0], paths[4], where, None, 0.05, Path("cache")))
    assert nothing is None
    assert (cut is None) == (brain == "none")
    if cut:
        assert not cut.same_grid


def test_a_brain_outside_of_the_field_of_view_is_no_brain(monkeypatch: pytest.MonkeyPatch) -> None:
    far = np.eye(4)
    far[0, 3] = 10_000
    monkeypatch.setattr(brain_gate, "register", lambda scan, cache: SimpleNamespace(scan_to_head=far))
    with pytest.raises(AlignmentError, match="outside of the field of view"):
        brain_gate.estimate_brain(Scan(np.zeros((5, 5, 5), np.float32), np.eye(4)))


@pytest.mark.parametrize(("mm", "first"), [(3.0, 23), (3.5, 21), (2.0, 32)])
def test_voxels_are_thinned_to_four_millimetres_at_most(mm: float, first: int) -> None:
    """Of a head that ends at the seventh voxel: 51 mm away, 52.5, and by every second voxel 52."""
    data = np.zeros((60, 8, 8), np.float32)
    data[:7] = 100
    far = brain_gate.far_from_head(Scan(data, np.diag([mm, mm, mm, 1.0])))
    assert np.flatnonzero(far.any(axis=(1, 2)))[0] == first
