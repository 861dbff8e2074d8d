"""Every scan of a folder has a verdict, and a pipeline stops where a face is left."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from PIL import Image

from mriprivacy.baselines.alignment.presence import CANNOT_TELL, CUT, DEFACED, NO_HEAD, WHOLE, Presence
from mriprivacy.baselines.alignment.template import average_head
from mriprivacy.baselines.face.scan import Scan
from mriprivacy.challenge.cli import main
from mriprivacy.challenge.risk.scan_pairs import find_scans

HEAD = Scan(np.pad(average_head().data, [(0, 0), (0, 20), (0, 0)]), average_head().affine)


def write(path: Path, data: np.ndarray, affine: np.ndarray = HEAD.affine) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(nib.Nifti1Image(np.asarray(data, np.float32), affine), path)


@pytest.fixture
def marked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of scans whose first voxel says which verdict they get."""
    verdicts = (
        Presence(WHOLE),
        Presence(CUT, ("mouth", "chin")),
        Presence(DEFACED, ("nose",)),
        Presence(NO_HEAD),
        Presence(CANNOT_TELL, reason="of noise"),
    )
    monkeypatch.setattr(
        "mriprivacy.challenge.commands.qc.presence", lambda scan, cache: verdicts[int(scan.data[0, 0, 0])]
    )
    return tmp_path / "scans"


def marked_scan(number: int) -> np.ndarray:
    data = np.random.default_rng(number).normal(100, 20, (16, 16, 16))
    data[0, 0, 0] = number
    return data


@pytest.mark.parametrize(
    ("numbers", "status", "said"),
    [
        ([2, 3], 0, "2 scans: 1 defaced, 1 no head"),
        ([2, 1, 4], 3, "3 scans: 1 cut, 1 defaced, 1 cannot tell"),
        ([0], 3, "1 scans: 1 whole face"),
        ([2, 4], 4, "2 scans: 1 defaced, 1 cannot tell"),
    ],
)
def test_the_exit_status_is_for_pipelines(
    numbers: list[int], status: int, said: str, marked: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in numbers:
        write(marked / f"sub-{number}" / "anat" / f"sub-{number}_T1w.nii.gz", marked_scan(number))
    assert main(["qc", f"root={marked}", f"cache={marked.parent}", "compute=sequential"]) == status
    out = capsys.readouterr().out
    assert said in out
    assert len(out.splitlines()) == len(numbers) + 1


def test_table_and_sheet_name_every_scan(marked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(5):
        write(marked / f"{number}.nii", marked_scan(number))
    (marked / "5.nii.gz").write_text("no NIfTI")
    out = marked.parent / "qc"
    words = [f"root={marked}", f"output={out}", f"cache={marked.parent}", "compute=sequential"]
    assert main(["qc", *words]) == 3
    header, *rows = [line.split("\t") for line in (out / "qc.tsv").read_text().splitlines()]
    verdicts = {row[header.index("scan")]: row[header.index("verdict")] for row in rows}
    expected = [WHOLE, CUT, DEFACED, NO_HEAD, CANNOT_TELL]
    assert verdicts == {f"{n}.nii": v for n, v in enumerate(expected)} | {"5.nii.gz": CANNOT_TELL}
    assert rows[1][header.index("missing")] == "mouth, chin"
    assert "not a readable NIfTI file" in rows[5][header.index("reason")]
    assert Image.open(out / "contact_sheet_01.png").size == (4 * 320, 2 * 176)
    assert "1.nii: cut: mouth, chin" in capsys.readouterr().out


def test_originals_tell_what_was_not_defaced(marked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = marked.parent / "before"
    for number in (0, 1, 2):
        write(before / f"{number}.nii", marked_scan(number))
    write(marked / "0.nii", marked_scan(0))
    write(marked / "1.nii", np.where(np.arange(16)[:, None, None] < 1, marked_scan(1), 0))
    write(marked / "2.nii", np.where(np.arange(16)[:, None, None] < 1, marked_scan(2), 0))
    words = [f"root={marked}", f"originals={before}", f"cache={marked.parent}", "compute=sequential"]
    assert main(["qc", *words]) == 3
    out = capsys.readouterr().out
    assert "0.nii: whole face; not defaced: the scan is the original\n" in out
    assert "1.nii: cut: mouth, chin; the original: cut: mouth, chin\n" in out
    (before / "1.nii").unlink()
    assert main(["qc", *words]) == 2
    assert capsys.readouterr().err.startswith(f"mriprivacy: {before / '1.nii'}: no such file; expected")


def test_a_scan_that_is_its_original_is_left_whatever_can_be_told_of_it(marked: Path) -> None:
    before = marked.parent / "before"
    for folder in (before, marked):
        write(folder / "4.nii", marked_scan(4))
    words = [f"root={marked}", f"originals={before}", f"cache={marked.parent}", "compute=sequential"]
    assert main(["qc", *words]) == 3
    for folder in (before, marked):
        (folder / "4.nii").unlink()
        write(folder / "2.nii", marked_scan(2))  # the original was defaced already
    assert main(["qc", *words]) == 0


def test_one_bad_original_costs_no_other_verdict(marked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = marked.parent / "before"
    for number in (1, 2):
        write(marked / f"{number}.nii", marked_scan(number))
        write(before / f"{number}.nii", marked_scan(number), np.diag([-1.0, 1, 1, 1]))
    (before / "2.nii").write_text("no NIfTI")
    words = [f"root={marked}", f"originals={before}", f"cache={marked.parent}", "compute=sequential"]
    assert main(["qc", *words]) == 3
    out = capsys.readouterr().out
    assert "2.nii: defaced; the original: cannot tell (" in out
    assert "nan" not in out  # on another grid, so voxels are not compared


def test_a_link_that_was_not_fetched_is_a_scan(marked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(marked / "2.nii", marked_scan(2))
    (marked / "3.nii.gz").symlink_to(".git/annex/objects/x")
    assert main(["qc", f"root={marked}", f"cache={marked.parent}", "compute=sequential"]) == 4
    assert "3.nii.gz: cannot tell" in capsys.readouterr().out


def test_of_a_bids_dataset_only_anatomy_is_asked(tmp_path: Path) -> None:
    for name in ("sub-1/anat/sub-1_T1w.nii.gz", "sub-1/func/sub-1_bold.nii.gz", "derivatives/x/anat/y.nii"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert find_scans(tmp_path) == (["sub-1/anat/sub-1_T1w.nii.gz"], 2)


def test_what_is_passed_over_is_counted(marked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("sub-2/anat/sub-2_T1w.nii.gz", "sub-2/func/sub-2_bold.nii.gz"):
        write(marked / name, marked_scan(2))
    assert main(["qc", f"root={marked}", f"cache={marked.parent}", "compute=sequential"]) == 0
    assert "1 more NIfTI files were passed over: not in anat/" in capsys.readouterr().out


@pytest.mark.parametrize("words", ["root=nowhere", "root=."])
def test_a_folder_without_scans_is_an_error(
    words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["qc", words]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.long
def test_a_head_and_what_defacing_left_of_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is put in the place of the registration."""
    front = (np.arange(HEAD.data.shape[1]) * 2 - 110 > 60)[:, None] & (np.arange(HEAD.data.shape[2]) < 60)
    write(tmp_path / "scans" / "whole.nii.gz", HEAD.data)
    write(tmp_path / "scans" / "removed.nii.gz", np.where(front, 0, HEAD.data))
    words = [f"root={tmp_path / 'scans'}", f"cache={tmp_path / 'cache'}", "compute=sequential"]
    assert main(["qc", *words]) == 3
    assert capsys.readouterr().out.splitlines()[:2] == ["removed.nii.gz: defaced", "whole.nii.gz: whole face"]
