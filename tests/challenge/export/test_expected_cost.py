"""What an evaluation takes, and what export says of it."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from mriprivacy.challenge.cli import main
from mriprivacy.challenge.edition.public import Edition, open_edition
from mriprivacy.challenge.export.expected_cost import Cost, expected_cost
from mriprivacy.challenge.export.grand_challenge.container import check_cost
from mriprivacy.scoring.errors import UserError

MEASURED = "mriprivacy.challenge.export.expected_cost."


def test_tables_take_seconds_and_little_memory_whatever_the_scans_are(tiny_edition: Edition) -> None:
    for track in ("attack", "attributes"):
        assert expected_cost(tiny_edition, track) == Cost(10, 200)


def test_memory_grows_with_the_largest_scan(own_edition_folder: Path) -> None:
    edition = open_edition(own_edition_folder)
    before = expected_cost(edition, "defacing")
    assert before.seconds == 43  # ten scans
    split = edition.eval
    large = np.zeros((208, 256, 256), np.uint8)
    nib.save(nib.Nifti1Image(large, np.eye(4)), split.scan(split.probes[0]))
    after = expected_cost(edition, "defacing")
    assert after.seconds == before.seconds
    assert 1000 < before.megabytes < after.megabytes < 8000


@pytest.mark.parametrize(("shape", "measured"), [((136, 172, 188), 1763), ((204, 258, 282), 1984)])
def test_what_was_measured_is_what_is_expected(
    shape: tuple[int, ...], measured: int, own_edition_folder: Path
) -> None:
    """Whole evaluations of synthetic scans of 1.5 and of 1 mm, two workers."""
    edition = open_edition(own_edition_folder)
    split = edition.eval
    nib.save(nib.Nifti1Image(np.zeros(shape, np.uint8), np.eye(4)), split.scan(split.probes[0]))
    assert expected_cost(edition, "defacing").megabytes == pytest.approx(measured, rel=0.02)


@pytest.mark.parametrize(
    ("a_scan", "worker", "lines"),
    [
        (4.3, 700, []),
        (4.3, 9000, ["Ask for 20 GB in the settings of the phase: the usual are 8."]),
        (1000, 700, ["Ask for 10000 s in the settings of the phase: the usual are 3600."]),
    ],
)
def test_a_phase_needs_other_settings(
    a_scan: float, worker: float, lines: list[str], tiny_edition: Edition, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{MEASURED}_SECONDS_A_SCAN", a_scan)
    monkeypatch.setattr(f"{MEASURED}_WORKER_MEGABYTES", worker)
    first, *rest = check_cost(tiny_edition, "defacing")
    assert first.startswith("An evaluation takes about ")
    assert rest == lines


def test_more_memory_than_the_platform_has_is_refused(
    tiny_edition_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(f"{MEASURED}_WORKER_MEGABYTES", 20_000)
    with pytest.raises(UserError, match="32 GB at most"):
        check_cost(open_edition(tiny_edition_folder), "defacing")
    words = [
        f"edition={tiny_edition_folder}",
        "track=defacing",
        "limits.open_key=true",
        f"output={tmp_path / 'gc'}",
    ]
    assert main(["export", "target=grand_challenge", *words]) == 2
    assert "32 GB at most" in capsys.readouterr().err
    assert not (tmp_path / "gc").exists()


def test_each_platform_is_told(
    tiny_edition_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for target, word in (("grand_challenge", "limits.open_key=true"), ("medperf", "image=you/a:1")):
        words = [f"edition={tiny_edition_folder}", "track=defacing", f"output={tmp_path / target}", word]
        assert main(["export", f"target={target}", *words]) == 0
        assert " GB of memory on 2 cores" in capsys.readouterr().out
