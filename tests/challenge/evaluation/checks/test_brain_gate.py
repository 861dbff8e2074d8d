"""The brain of a real head is estimated where the head is, and nowhere else."""

from types import SimpleNamespace

import numpy as np
import pytest

from mriprivacy.baselines.alignment.template import average_brain, average_head
from mriprivacy.baselines.face.scan import Scan
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
