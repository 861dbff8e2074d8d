"""Bad words on the command line: one line each, status 2, nothing written."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from mriprivacy.challenge.cli import main
from mriprivacy.challenge.compute.code_hash import result_code
from mriprivacy.challenge.settings.runner import COMMANDS


def run(words: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    status = main(words.split())
    captured = capsys.readouterr()
    return status, captured.out, captured.err


BAD = {
    "evaluate split=dev": "for the open people of dev, without a key: mriprivacy rehearse edition=",
    "demo people=8": "did you mean subjects?",
    "compare a b c": "'c' is one word too many; expected: mriprivacy compare FIRST SECOND [key=value ...]",
    "compare a": "missing second; add SECOND to the command",
    "score": "missing scores; add SCORES to the command",
    "rank --format=json": "settings are written key=value: format=json",
    "check mine.zip": "such as: mriprivacy check edition=edition/public submission=mine",
    "teleport": "unknown command 'teleport'",
    "attack": "missing output",
    "attack output=x": "give edition=",
    "attack output=x edition=e probes=p photos=q": "not both",
    "attack output=x probes=nowhere photos=nowhere": "nowhere: no such folder",
    "attack output=x attack=telepathy": "expected one of brain, deepface, demographics, geo",
    "attack output=x attack.model": "settings are written key=value",
    "attack output=x attack.size=big": "attack.size is 'big'; expected 64 to 2000",
    "attack output=x edition=e attack.size=0": "attack.size is 0; expected 64 to 2000 pixels",
    "attack output=x edition=e attack.size=100000": "attack.size is 100000; expected 64 to 2000 pixels",
    "attack output=x edition=e attack.spacing_mm=-1": "attack.spacing_mm is -1; expected 0.3 to 5 mm",
    "attack output=x probes=p photos=q attack.spacing_mm=0": "attack.spacing_mm is 0; expected 0.3 to 5 mm",
    "infer output=x edition=e attack.spacing_mm=nan": "attack.spacing_mm is nan; expected 0.3 to 5 mm",
    "attack output=x colour=red": "unknown setting 'colour'",
    "attack --output=x": "unknown option --output=x",
    "attack attack.views=[": "see: mriprivacy attack --help",
    "build output=x": "missing cohort.root, seed",
    "build output=x seed=1 cohort.root=nowhere": "nowhere",
    "check edition=nowhere submission=nowhere": "no edition here",
    "build output=x seed=1 cohort.root=c protocol.attacks=[no:Such]": "attack no:Such: cannot be made",
    "build output=x seed=1 cohort.root=c protocol.attacks=[brain]": "compares scans with scans",
    "build output=x seed=1 cohort.root=c protocol.attacks=[]": "protocol.attacks is []; expected one",
    "deface defacer=scalpel edition=e output=x": "expected one of",
    "deface edition=nowhere output=x": "no edition here",
    "evaluate edition=nowhere submission=nowhere output=x": "no such folder or zip",
    "cohort output=x cohort.subjects=0": "cohort.subjects is 0; expected 1 to",
    "cohort output=x cohort.scans.spacing_mm=9": "cohort.scans.spacing_mm is 9; expected 0.5 to 5",
    "verify edition=nowhere": "no edition here",
    "lock edition=nowhere": "no folder sealed/ here",
    "unlock edition=nowhere identity=k": "no sealed.age here",
    "export output=x edition=e": "missing target",
    "export output=x edition=e target=moon": "expected one of starting_kit",
    "export output=x edition=nowhere target=codabench": "no edition here",
    "rank entries=nowhere output=x": "no such folder",
    "demo attacks=[] infer=false defacers=[] subjects=2": "subjects is 2; expected 8 or more",
    "demo attacks=[] infer=false defacers=[nonsense]": "defacer is 'nonsense'; expected one of afni_refacer,",
    "demo attacks=[geo] infer=false defacers=[] levels=[psychic]": "attack.level is 'psychic'; expected one",
    "demo attacks=[] infer=false defacers=[] reanalysed=-2": "protocol.reanalysed is -2; expected -1",
    "cohort cohort=bids output=x": "cohort writes people, build reads them: mriprivacy build cohort.root=",
    "build cohort=ixi output=x seed=1": "first mriprivacy cohort cohort=ixi cohort.root=SCANS",
}


@pytest.mark.parametrize("words", BAD)
def test_bad_words_end_with_one_line_and_status_2(
    words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    status, _, err = run(words, capsys)
    assert status == 2
    assert BAD[words] in err
    assert len(err.splitlines()) == 1
    assert err.startswith("mriprivacy: ")
    assert not list(tmp_path.iterdir())


# Whatever a folder is called, it is that folder; a value in quotes is taken without them.
NAMES = [
    "é",
    "it's",
    "a (b)",
    "a, b",
    "a;b&c",
    "[a",
    "{a: b}",
    "a=b",
    "${x}",
    "a b",
    "007",
    "null",
    "a\\",
    "~a",
    "'a'",
    '"',
]


@pytest.mark.parametrize("name", NAMES)
def test_paths_are_plain_text(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / name.strip("'")
    folder.mkdir()
    (folder / "edition.json").write_text("{}")
    assert main(["verify", f"edition={name}"]) == 2
    assert "MANIFEST.sha256: no such file" in capsys.readouterr().err


MEANT = {
    "evaluat": "evaluate",
    "chekc edition=e": "check",
    "evaluate edtion=e": "edition",
    "evaluate limits.per_dya=3": "limits.per_day",
    "attack spacing_mm=3": "attack.spacing_mm",
    "deface defacers=blur": "defacer",
    "deface edition=e output=o defacer=blurr": "blur",
    "demo attacks=[deepfac]": "deepface",
    "evaluate edition=e submission=s output=o compute=lokky": "loky",
    "evaluate edition=e submission=s output=o format=jsn": "json",
    "attack edition=e output=o attack.level=infromed": "informed",
}


@pytest.mark.parametrize("words", MEANT)
def test_a_slip_is_answered_with_what_was_meant(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, _, err = run(words, capsys)
    assert status == 2
    (line,) = err.splitlines()
    assert f"; did you mean {MEANT[words]}?" in line


@pytest.mark.parametrize(
    "words", ["teleport", "evaluate colour=red", "deface edition=e output=o defacer=xyz"]
)
def test_a_word_that_is_like_none_is_not_guessed(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, _, err = run(words, capsys)
    assert status == 2
    assert "did you mean" not in err


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(f"{command} --help", capsys)
    assert status == 0
    assert COMMANDS[command] in " ".join(out.split())


def test_the_composed_settings_can_be_seen(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run("attack attack=geo output=x --cfg job", capsys)
    assert status == 0
    assert "name: geo" in out
    assert "output: x" in out


def test_the_overview_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run("", capsys)
    assert all(command in out for command in COMMANDS)


def test_importing_the_packages_does_no_work() -> None:
    """No model, no GL, no deepface: the command line must answer at once."""
    code = "import sys, mriprivacy.challenge.cli, mriprivacy.baselines; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {
        "deepface",
        "dlib",
        "pyvista",
        "vtkmodules",
        "onnxruntime",
        "nilearn",
        "sklearn",
        "scipy",
        "pandas",
    }
    assert not heavy & set(done.stdout.split())


def test_every_knob_of_the_synthetic_cohort_can_be_set() -> None:
    """The configuration file lists what the dataclass has, with the same values."""
    from dataclasses import asdict

    from omegaconf import OmegaConf

    from mriprivacy.challenge.commands.cohort import CohortSettings
    from mriprivacy.challenge.settings.compose import compose_raw, compose_settings
    from mriprivacy.data_prep.synthetic.cohort_settings import SyntheticCohort

    composed = OmegaConf.to_container(compose_raw("cohort", []).cohort, resolve=True)
    assert isinstance(composed, dict)
    assert asdict(SyntheticCohort()).items() <= composed.items()
    assert (
        compose_settings("cohort", CohortSettings, ["output=x", "cohort.scans.noise=0.1"]).cohort.scans.noise
        == 0.1
    )


def test_the_version_names_the_code_that_runs(capsys: pytest.CaptureFixture[str]) -> None:
    """An editable install keeps the version of the day it was installed; the digest is that of the code."""
    assert main(["--version"]) == 0
    assert re.fullmatch(rf"\S+, code {result_code('defacing')}\n", capsys.readouterr().out)


@pytest.mark.parametrize("words", ["", "--help", "--version", "evaluate --help", "demo -h"])
def test_what_only_explains_imports_nothing_that_takes_long(words: str) -> None:
    code = (
        "import sys; from mriprivacy.challenge.cli import main; main(sys.argv[1:]);"
        "print(*{'numpy', 'hydra', 'joblib', 'omegaconf', 'pandas', 'scipy', 'rich', 'vtk', 'numba', 'yaml'}"
        " & set(sys.modules), file=sys.stderr)"
    )
    command = [sys.executable, "-c", code, *words.split()]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr.split() == []
    assert done.stdout


def test_help_may_stand_before_or_behind_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    pages = [run(words, capsys) for words in ("rank --help", "help rank", "rank help")]
    assert pages[0] == pages[1] == pages[2]
    assert pages[0][0] == 0
    assert "mriprivacy rank:" in pages[0][1]
