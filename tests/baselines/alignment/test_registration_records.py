"""What is kept of a registration is what would be found."""

import json
from pathlib import Path

import numpy as np
import pytest

from mriprivacy.baselines.alignment import registration
from mriprivacy.baselines.alignment.registration import CLEAR_SIMILARITY, DOUBTFUL_SIMILARITY, register
from mriprivacy.baselines.face.scan import Scan

BALL = np.mgrid[-20:20, -20:20, -20:20]
HEAD = Scan(((BALL**2).sum(axis=0) < 300).astype(np.float32) * (100 + BALL[0]), np.diag([4.0, 4, 4, 1]))
FORWARD, BACKWARD = np.diag([1.0, 1, 1.1, 1]), np.diag([1.0, 1.2, 1, 1])


@pytest.mark.parametrize("first", [True, False], ids=["strict first", "lax first"])
@pytest.mark.parametrize(
    ("likeness", "shared"),
    [
        ({"forward": CLEAR_SIMILARITY + 0.01, "backward": 1.3}, True),
        ({"forward": CLEAR_SIMILARITY - 0.001, "backward": 1.3}, False),
        ({"forward": DOUBTFUL_SIMILARITY - 0.001, "backward": 1.0}, False),
    ],
    ids=["clear", "not clear", "doubtful"],
)
def test_strict_or_not_shares_a_registration_only_where_it_is_the_same(
    likeness: dict[str, float], shared: bool, first: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With or without what was kept before, the same is found; and where it can be, it is found once."""
    fits: list[str] = []

    def fitted(binary: Path, moving: Scan, fixed: Scan) -> np.ndarray:
        fits.append("fit")
        return FORWARD if fixed.data.shape == HEAD.data.shape else np.linalg.inv(BACKWARD)

    monkeypatch.setattr(registration, "_allineate", fitted)
    monkeypatch.setattr(registration, "_again", lambda *_: [])
    monkeypatch.setattr(registration, "_about_the_brain", lambda _binary, _small, found: found)
    monkeypatch.setattr(
        registration,
        "similarity",
        lambda _, matrix: likeness["forward" if np.array_equal(matrix, FORWARD) else "backward"],
    )
    alone = {strict: found(strict, None) for strict in (True, False)}
    fits.clear()
    kept = {strict: found(strict, tmp_path) for strict in (first, not first)}
    assert kept == alone
    assert kept == {strict: found(strict, tmp_path) for strict in (True, False)}
    assert len(list(tmp_path.glob("*.json"))) == 2
    assert len(fits) == (2 if shared else 6)
    records = [json.loads(path.read_text()) for path in tmp_path.glob("*.json")]
    assert (records[0] == records[1]) == (alone[True] == alone[False])


def found(strict: bool, cache: Path | None) -> tuple[list[list[float]], float]:
    one = register(HEAD, cache, strict)
    return one.scan_to_head.tolist(), one.similarity
