"""Planted failures of defacing are found scan by scan; registrations of toy heads are put in their place."""

from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from mriprivacy.baselines.alignment.presence import CUT, DEFACED, WHOLE, Presence
from mriprivacy.baselines.alignment.registration import Registration
from mriprivacy.baselines.face.scan import Scan
from mriprivacy.challenge.compute.parallel import Compute
from mriprivacy.challenge.risk import scan_checks
from mriprivacy.challenge.risk.scan_checks import CUT_BRAIN, FACE_LEFT, NOT_DEFACED, OTHERWISE, SWAPPED
from mriprivacy.challenge.risk.scan_pairs import ScanPair
from mriprivacy.scoring.errors import UserError
from tests.helpers.toy_heads import AFFINE, BRAIN, FRONT, toy_head

PEOPLE = 6


@pytest.fixture
def pairs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[ScanPair]:
    """Six heads, defaced; a scan whose nose is there is whole."""
    monkeypatch.setattr(scan_checks, "register", lambda scan, cache: Registration(np.eye(4), 1.2))
    monkeypatch.setattr(scan_checks, "estimate_brain", lambda scan, cache: BRAIN)
    monkeypatch.setattr(scan_checks, "coarse", lambda scan: scan)
    monkeypatch.setattr(scan_checks, "judge", lambda scan, *rest: verdict(scan))
    monkeypatch.setattr(scan_checks, "presence", lambda scan, cache: verdict(scan))
    found = []
    for number in range(PEOPLE):
        pair = ScanPair(f"sub-{number}", "", "T1w", tmp_path / f"a{number}.nii", tmp_path / f"b{number}.nii")
        write(pair.original, toy_head(number))
        write(pair.released, np.where(FRONT, 0, toy_head(number)))
        found.append(pair)
    return found


def verdict(scan: Scan) -> Presence:
    place = np.eye(4)
    front = scan.data[20:28, 40:46, 20:28]
    if not (front > 60).any():
        return Presence(DEFACED, ("nose",), scan_to_head=place)
    half = not (scan.data[:24] > 60)[:, 44:].any()
    return Presence(CUT, ("chin",), scan_to_head=place) if half else Presence(WHOLE, scan_to_head=place)


def write(path: Path, data: np.ndarray, affine: np.ndarray = AFFINE) -> None:
    nib.save(nib.Nifti1Image(np.asarray(data, np.int16), affine), path)


def kinds(pairs: list[ScanPair], tmp_path: Path) -> dict[str, list[str]]:
    found = scan_checks.check_scans(pairs, tmp_path, Compute("sequential"))
    return {one.subject: [kind for kind, _ in one.failures] for one in found}


def test_well_defaced_scans_pass(pairs: list[ScanPair], tmp_path: Path) -> None:
    assert kinds(pairs, tmp_path) == {f"sub-{i}": [] for i in range(PEOPLE)}


def original(head: np.ndarray) -> np.ndarray:
    return head


def half_a_face(head: np.ndarray) -> np.ndarray:
    return np.where(FRONT & (np.arange(48) < 24)[:, None, None], 0, head)


def without_a_lobe(head: np.ndarray) -> np.ndarray:
    cut = FRONT | (BRAIN & (np.arange(48) < 20)[:, None, None])
    return np.where(cut, 0, head)


def a_box_beside(head: np.ndarray) -> np.ndarray:
    data = np.where(FRONT, 0, head)
    data[:3, :3] = 900
    return data


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (original, NOT_DEFACED),
        (half_a_face, FACE_LEFT),
        (without_a_lobe, CUT_BRAIN),
        (a_box_beside, OTHERWISE),
    ],
)
def test_a_planted_failure(
    change: Callable[[np.ndarray], np.ndarray], kind: str, pairs: list[ScanPair], tmp_path: Path
) -> None:
    write(pairs[2].released, change(toy_head(2)))
    assert kinds(pairs, tmp_path) == {f"sub-{i}": [kind] if i == 2 else [] for i in range(PEOPLE)}


def test_exchanged_heads_are_named(pairs: list[ScanPair], tmp_path: Path) -> None:
    for one, other in ((1, 4), (4, 1)):
        write(pairs[one].released, np.where(FRONT, 0, toy_head(other)))
    found = scan_checks.check_scans(pairs, tmp_path, Compute("sequential"))
    swapped = {one.subject: dict(one.failures)[SWAPPED] for one in found if SWAPPED in dict(one.failures)}
    assert swapped == {"sub-1": "the head of sub-4_T1w", "sub-4": "the head of sub-1_T1w"}


def test_another_grid(pairs: list[ScanPair], tmp_path: Path) -> None:
    write(pairs[0].released, np.where(FRONT, 0, toy_head(0))[:-1])
    moved = AFFINE.copy()
    moved[0, 3] = 12
    write(pairs[1].released, np.where(FRONT, 0, toy_head(1)), moved)
    found = kinds(pairs, tmp_path)
    assert found["sub-0"] == found["sub-1"] == [OTHERWISE]


def test_every_original_that_is_no_scan_is_named_before_any_is_looked_at(
    pairs: list[ScanPair], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs[1].original.write_bytes(b"")
    pairs[4].original.unlink()
    pairs[4].original.symlink_to("nowhere")
    monkeypatch.setattr(scan_checks, "work", None)
    with pytest.raises(UserError) as caught:
        scan_checks.check_scans(pairs, tmp_path, Compute("sequential"))
    assert [str(pairs[i].original) in caught.value.problems[k] for k, i in enumerate((1, 4))] == [True, True]
