"""A participant's own program as a defacer: run on every scan, or every failure told."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from mriprivacy.baselines.defacers import DefacerError
from mriprivacy.challenge.cli import main
from mriprivacy.challenge.commands import deface as commands
from mriprivacy.data_prep.cohorts.deidentified import METHOD, deidentified_note
from tests.helpers.engine import ENGINE_WORDS

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
