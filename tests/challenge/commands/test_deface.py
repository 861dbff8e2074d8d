"""A participant's own program as a defacer: run on every scan, or every failure told."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from mriprivacy.baselines.defacers import DefacerError
from mriprivacy.challenge.cli import main
from mriprivacy.challenge.commands import deface as commands
from mriprivacy.challenge.edition.public import Edition
from mriprivacy.data_prep.cohorts.defacemask import mask_name
from mriprivacy.data_prep.cohorts.deidentified import METHOD, deidentified_note
from tests.helpers.engine import ENGINE_WORDS
from tests.helpers.in_ci import skip_but_not_in_ci

SCRIPT = """
import gzip, sys
from pathlib import Path
from typing import Any
raw = bytearray(gzip.decompress(Path(sys.argv[1]).read_bytes()))
if raw[352] < int(sys.argv[3]):
    sys.exit("no face in here")
raw[352:1352] = bytes(1000)
Path(sys.argv[2]).write_bytes(gzip.compress(bytes(raw)))
"""


@pytest.fixture
def words(tiny_edition_folder: Path, tmp_path: Path) -> list[str]:
    script = tmp_path / "mine.py"
    script.write_text(SCRIPT)
    return [
        "deface",
        "defacer=command",
        "defacer.system=mine",
        f"edition={tiny_edition_folder / 'public'}",
        f"output={tmp_path / 'out'}",
        f"cache={tmp_path / 'cache'}",
        *ENGINE_WORDS,
        f"defacer.command='{sys.executable} -I {script} {{input}} {{output}} {{limit}}'",
    ]


def test_a_program_on_every_scan_makes_a_submission(
    words: list[str], tiny_edition_folder: Path, tmp_path: Path
) -> None:
    assert main([word.replace("{limit}", "0") for word in words]) == 0
    told = json.loads((tmp_path / "out" / "submission.json").read_text())
    assert told["system"] == "mine"
    assert "mine.py {input} {output}" in told["description"]
    assert "version unknown" in told["description"]
    assert main(["check", f"edition={tiny_edition_folder}", f"submission={tmp_path / 'out'}"]) == 0
    for split in ("dev", "eval"):  # BIDS: one sidecar for all scans of a contrast
        (method,) = json.loads((tmp_path / "out" / split / "mri" / "T2w.json").read_text())[METHOD]
        assert method.startswith("mriprivacy ")
    note = deidentified_note(
        tmp_path / "out" / "eval" / "mri", list((tmp_path / "out" / "eval").rglob("*.gz"))
    )
    assert note.startswith("5 of 5 scans are marked as de-identified")


def test_a_further_draw_is_a_submission_that_names_the_first(
    words: list[str], tiny_edition_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [word.replace("{limit}", "0") for word in words]
    assert main([*given, "defacer.draw=2"]) == 0
    sent = json.loads((tmp_path / "out" / "submission.json").read_text())
    assert (sent["system"], sent["draw_of"]) == ("mine-draw2", "mine")
    assert sent["description"].endswith(", draw 2.")
    assert main(["check", f"edition={tiny_edition_folder}", f"submission={tmp_path / 'out'}"]) == 0
    capsys.readouterr()
    assert main([*given, f"output={tmp_path / 'none'}", "defacer.draw=0"]) == 2
    assert "defacer.draw is 0; expected 1 to 99" in capsys.readouterr().err
    blurred = ["deface", "defacer=blur", "defacer.draw=2", f"edition={tiny_edition_folder}", given[4]]
    assert main(blurred) == 2
    assert "defacer=blur has no such setting, defacer= must be command or noise" in capsys.readouterr().err


def test_the_mean_of_draws_as_documented_is_one_more_draw(
    words: list[str], tiny_edition: Edition, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = [word.replace("{limit}", "0").replace("=mine", "=noise") for word in words]
    assert main([*given, f"output={tmp_path / 'noise'}"]) == 0
    assert main([*given, f"output={tmp_path / 'noise-draw2'}", "defacer.draw=2"]) == 0
    split = tiny_edition.eval
    name = Path("eval", "mri", split.scan_name(split.probes[0]))
    changed = nib.load(tmp_path / "noise-draw2" / name)
    data = changed.get_fdata(dtype=np.float32) + 2
    nib.save(nib.Nifti1Image(data, changed.affine), tmp_path / "noise-draw2" / name)
    text = (Path(__file__).parents[3] / "docs" / "reference" / "defacers.md").read_text()
    (code,) = [own for own in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "noise-mean" in own]
    monkeypatch.chdir(tmp_path)
    exec(code, {})
    sent = json.loads((tmp_path / "noise-mean" / "submission.json").read_text())
    assert (sent["system"], sent["draw_of"]) == ("noise-mean", "noise")
    assert main(["check", f"edition={tiny_edition.root}", "submission=noise-mean"]) == 0
    mean = nib.load(tmp_path / "noise-mean" / name).get_fdata(dtype=np.float32)
    first = nib.load(tmp_path / "noise" / name).get_fdata(dtype=np.float32)
    assert np.array_equal(mean, first + 1)


def test_masks_lie_beside_a_submission_that_stays_valid(
    words: list[str], tiny_edition: Edition, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = [word.replace("{limit}", "0") for word in words]
    assert main([*first, f"masks={tmp_path / 'masks'}"]) == 0
    assert "10 masks, of " in capsys.readouterr().out
    assert main(["check", f"edition={tiny_edition.root}", f"submission={tmp_path / 'out'}"]) == 0
    for split in tiny_edition.splits.values():
        for probe in split.probes:
            name = split.scan_name(probe)
            mask = nib.load(tmp_path / "masks" / split.name / mask_name(name))
            before = np.asanyarray(nib.load(split.scan(probe)).dataobj)
            defaced = nib.load(tmp_path / "out" / split.name / "mri" / name)
            changed = np.asanyarray(mask.dataobj)
            assert changed.dtype == np.uint8
            assert np.array_equal(mask.affine, defaced.affine)
            # What the mask does not name is the original, bit for bit.
            after = np.asanyarray(defaced.dataobj)
            assert np.array_equal(changed == 1, before != after)
            assert 0 < changed.sum() <= 500  # 1000 bytes, 2 a voxel
    assert main([*first, f"masks={tmp_path / 'masks'}"]) == 2
    assert "already exists" in capsys.readouterr().err


def test_masks_are_a_valid_derivative_that_build_reads(
    words: list[str], tiny_edition: Edition, tmp_path: Path
) -> None:
    assert main([*(word.replace("{limit}", "0") for word in words), f"masks={tmp_path / 'masks'}"]) == 0
    dataset = tmp_path / "masks" / "eval"
    validator = Path(sys.executable).parent / "bids-validator-deno"
    if not validator.exists():
        skip_but_not_in_ci("bids-validator-deno is not installed beside this Python")
    done = subprocess.run([validator, dataset, "--json"], capture_output=True, text=True, check=False)
    issues = json.loads(done.stdout)["issues"]["issues"]
    assert [issue for issue in issues if issue["severity"] == "error"] == []
    own = tiny_edition.eval
    shutil.copytree(own.folder / "mri", tmp_path / "cohort")
    shutil.copytree(dataset, tmp_path / "cohort" / "derivatives" / "mine")
    scans = [tmp_path / "cohort" / own.scan_name(probe) for probe in own.probes]
    assert deidentified_note(tmp_path / "cohort", scans).startswith("5 of 5 scans are marked")


def test_masks_inside_of_the_submission_are_refused(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, f"masks={tmp_path / 'out' / 'masks'}"]) == 2
    assert "which is inside of output" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_every_scan_that_fails_is_told_and_nothing_is_left(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([word.replace("{limit}", "256") for word in words]) == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if "no face in here" in line]
    assert len(lines) == 10  # every scan of the tiny edition
    assert all("_T2w.nii.gz: " in line for line in lines)
    assert not (tmp_path / "out").exists()


def test_a_program_that_is_not_there_ends_at_once(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    changed = [word for word in words if not word.startswith("defacer")]
    assert main([*changed, "defacer=mri_reface"]) == 2
    assert "run_mri_reface.sh is not on PATH" in capsys.readouterr().err


def test_what_was_defaced_before_a_failure_is_not_defaced_again(
    tiny_edition_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    real, calls = commands.deface, []

    def fails_at_the_fourth(*args: Any, **options: Any) -> Any:
        calls.append(args)
        if len(calls) == 4:
            raise DefacerError("out of luck")
        return real(*args, **options)

    monkeypatch.setattr(commands, "deface", fails_at_the_fourth)
    words = [
        "deface",
        "defacer=identity",
        f"edition={tiny_edition_folder}",
        f"cache={tmp_path}",
        "compute=sequential",
    ]
    assert main([*words, f"output={tmp_path / 'out'}"]) == 2
    assert "out of luck" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    assert main([*words, f"output={tmp_path / 'out'}"]) == 0
    assert len(calls) == 10 + 1
    assert main([*words, f"output={tmp_path / 'again'}"]) == 0
    one, other = (
        {p.relative_to(tmp_path / n): p.read_bytes() for p in (tmp_path / n).rglob("*") if p.is_file()}
        for n in ("out", "again")
    )
    assert one == other
