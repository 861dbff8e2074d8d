"""Files on the organizer's side that should not be trusted: each got through the readers.

A traceback, a value that no writer writes, a setting that belongs to somebody else. What the readers refused
before is tested beside each of them.
"""

import hashlib
import io
import json
import os
import shutil
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyrage
import pytest

from mriprivacy.challenge.cli import main
from mriprivacy.challenge.edition.protocol import read_protocol
from mriprivacy.challenge.edition.public import open_edition
from mriprivacy.challenge.export.medperf import medperf_run
from mriprivacy.challenge.submission_log import ladder
from mriprivacy.challenge.submission_log.head import HEAD, Head, write_head
from mriprivacy.challenge.submission_log.log import LOG, Event, append, read_log
from mriprivacy.data_prep.inspection.plan_file import parse_plan
from mriprivacy.scoring.errors import UserError

ATTRIBUTES = {
    "sex": ["F", "M"],
    "age_group": ["18-29", "30-44", "45-59", "60+"],
    "ethnicity": ["african", "asian"],
}
DESCRIPTIONS: dict[str, tuple[dict[str, Any], str]] = {
    "orcids that are a number": ({"orcids": 5}, "orcids is '5'; expected a list, one for each author"),
    "more orcids than authors": ({"orcids": ["", ""], "authors": ["A"]}, "orcids is"),
    "authors that are a number": ({"authors": 5}, "authors is '5'; expected a list of names"),
    "an author who clears the terminal": ({"authors": ["\x1b[2J"]}, "authors is"),
    "an author who is no text": ({"authors": ["\ud800"]}, "authors is"),
    "an attribute of its own": ({"attributes": {**ATTRIBUTES, "x": 5}}, "attributes: 'x' is unknown"),
    "a value twice": ({"attributes": {**ATTRIBUTES, "sex": ["F", "F"]}}, "attributes: sex is"),
    "n/a as a value": ({"attributes": {**ATTRIBUTES, "sex": ["F", "n/a"]}}, "attributes: sex is"),
    "a value of 100 kB": ({"attributes": {**ATTRIBUTES, "sex": ["F", "M" * 10**5]}}, "attributes: sex is"),
    "synthetic as text": ({"synthetic": "no"}, "synthetic missing or of the wrong type"),
    "synthetic left out": ({"synthetic": None}, "synthetic missing or of the wrong type"),
    "a split of its own": (
        {"counts": {s: {"probes": 5, "references": 8, "trials": 40} for s in ("dev", "eval", "x")}},
        "expected those of dev and eval",
    ),
    "10^30 people": (
        {"counts": {s: {"probes": 10**30, "references": 8, "trials": 40} for s in ("dev", "eval")}},
        "eval: has 5 probes, 8 references, 40 trials; edition.json counts 10000",
    ),
    "distractors as text": ({"distractors": "x"}, "distractors is 'x'; expected how many there are"),
    "a design that is a number": ({"design": 5}, "design is '5'"),
    "sites that are numbers": ({"design": {"dev_sites": [5]}}, "design is"),
    "a list that is a number": ({"list": 5}, "list is '5'"),
    "a list without a name": ({"list": {}}, "list is '{}'"),
    "hair removal by a path": ({"hair_removal": "../x"}, "hair_removal is '../x'"),
    "true as a format": ({"format": True}, "format is True; this kit reads format 1"),
    "1.0 as a format": ({"format": 1.0}, "format is 1.0; this kit reads format 1"),
}


@pytest.mark.parametrize("name", DESCRIPTIONS)
def test_a_description_of_an_edition_that_is_none(name: str, own_edition_folder: Path) -> None:
    change, words = DESCRIPTIONS[name]
    path = own_edition_folder / "public" / "edition.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(UserError) as caught:
        open_edition(own_edition_folder)
    assert any(words in problem for problem in caught.value.problems), caught.value.problems
    assert all(problem.isprintable() and len(problem) < 400 for problem in caught.value.problems)


PROTOCOLS: dict[str, tuple[dict[str, Any], str]] = {
    "what this machine holds": (
        {"brain_engine": "${oc.env:HOME}"},
        "protocol.brain_engine is '${oc.env:HOME}', no value",
    ),
    "the same in a list": ({"attacks": ["geo", "${oc.env:HOME}"]}, "protocol.attacks is"),
    "nothing, for the default": ({"size": "???"}, "protocol.size is '???', no value"),
    "an attack that is an object": ({"attacks": [{"a": 1}]}, "protocol.attacks has"),
    "an attack that is a list": ({"attacks": [["geo"]]}, "protocol.attacks has"),
    "a network that is an object": ({"networks": [{"a": 1}]}, "protocol.networks is"),
    "the same by its old name": ({"attacks": ["geo"], "model": {"a": 1}}, "Key 'model' not in 'Protocol'"),
    "10^18 draws": ({"bootstrap": 10**18}, "expected 100 to 100000 draws"),
}


@pytest.mark.parametrize("name", PROTOCOLS)
def test_a_protocol_that_is_none(name: str) -> None:
    given, words = PROTOCOLS[name]
    with pytest.raises(UserError) as caught:
        read_protocol({"protocol": given})
    assert any(words in problem for problem in caught.value.problems), caught.value.problems
    assert not any(str(Path.home()) in problem for problem in caught.value.problems)


LINES: dict[str, dict[str, Any]] = {
    "a team that is no text": {"team": "\ud800"},
    "a team that clears the terminal": {"team": "\x1b[2J"},
    "a system that is a path": {"system": "../../x"},
    "a submission that names a file elsewhere": {"submission": "../../x"},
    "an archive of another kind": {"archive": "AB" * 32},
    "a track of its own": {"track": "x"},
    "an edition that is a path": {"edition": "../x"},
    "fewer problems than none": {"problems": -5},
    "a score beyond all": {"score": 1e308},
    "bits that give back what was given away": {"bits": -1e300},
    "bits beyond all": {"bits": 1e308},
    "a digest of no entry": {"entry": "zz"},
    "a day that does not exist": {"time": "2026-99-99T99:99:99Z"},
    "a note of two lines": {"note": "fine\nmriprivacy: all is well"},
}


@pytest.mark.parametrize("name", LINES)
def test_a_line_of_the_log_that_no_kit_writes(name: str, tmp_path: Path) -> None:
    """With a chain and a head that fit: who can write the folder can make both."""
    event = Event(
        "accepted", "synth/1", "attack", "team", "s", "ab" * 32, number=1, time="2026-01-02T03:04:05Z"
    )
    for made, good in ((event, True), (replace(event, **LINES[name]), False)):
        (tmp_path / LOG).write_bytes(made.line())
        write_head(tmp_path, Head(1, hashlib.sha256(made.line()).hexdigest()))
        if good:
            assert read_log(tmp_path) == (event,)
        else:
            with pytest.raises(
                UserError, match="line 1 is not an event as this kit writes it; put the folder"
            ):
                read_log(tmp_path)
    (tmp_path / LOG).unlink()
    (tmp_path / HEAD).unlink()
    if "time" not in LINES[name]:  # that is the clock's
        with pytest.raises(UserError, match="which no line may hold"):
            append(tmp_path, replace(event, **LINES[name]))
        assert not (tmp_path / LOG).exists()


def test_a_sender_that_is_no_name_is_refused_before_anything_is_logged(
    tiny_edition_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It would have stood in the line of a submission that intake refuses."""
    (tmp_path / "sent").mkdir()
    words = [
        f"edition={tiny_edition_folder}",
        f"submission={tmp_path / 'sent'}",
        f"output={tmp_path / 'out'}",
    ]
    words += [f"record={tmp_path / 'record'}", "limits.open_key=true", "compute=sequential"]
    assert main(["evaluate", *words, "team=my lab"]) == 2
    assert "evaluate: team is 'my lab'; expected 1-40 letters, digits" in capsys.readouterr().err
    assert not (tmp_path / "record").exists()


PLAN = 'format = 1\nroot = "people"\n[people.sub-01]\nincluded = true\n'
PLANS = {
    "a number of 5,000 digits": (PLAN.replace("format = 1", "format = " + "9" * 5000), "is no TOML"),
    "a face of 5,000 digits": (PLAN + 'photos = ["a"]\nfaces = { a = ' + "9" * 5000 + " }\n", "is no TOML"),
    "a root with NUL": (PLAN.replace("people", "peo\\u0000ple", 1), "a NUL character"),
    "a scan with NUL": (PLAN + 'scans = ["a\\u0000b"]\n', "a NUL character"),
    "a subject with NUL": (PLAN.replace("sub-01", '"sub\\u0000"'), "a NUL character"),
    "a group of fewer than none": ("smallest_group = -1\n" + PLAN, "smallest_group is not from 1"),
    "a group of none": ("smallest_group = 0\n" + PLAN, "smallest_group is not from 1"),
    "a group of 2^40": (f"smallest_group = {2**40}\n" + PLAN, "smallest_group is not from 1"),
    "a group of 16^5000": ("smallest_group = 0x" + "f" * 5000 + "\n" + PLAN, "more than 64 bits"),
    "a name of 16^5000": (
        PLAN + "scans = [[0x" + "f" * 5000 + "]]\n",
        "more than 64 bits: 'people.sub-01.scans'",
    ),
}


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_that_is_none(name: str) -> None:
    content, words = PLANS[name]
    with pytest.raises(UserError) as caught:
        parse_plan(content, "plan.toml")
    assert any(words in problem for problem in caught.value.problems), caught.value.problems


@pytest.mark.parametrize("seed", ["9" * 6000, "\u0663\u0663", "-5", "1.0"])
def test_a_seed_of_a_plan_that_is_none(
    seed: str, own_cohort: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = PLAN.replace("people", str(own_cohort), 1).replace(
        "[people", f'[edition]\nseed = "{seed}"\n[people', 1
    )
    terms = "".join(f'{name} = "x"\n' for name in ("id", "version", "licence", "citation", "consent"))
    plan = 'signed_off_by = "me"\n' + plan.replace("[edition]\n", "[edition]\n" + terms)
    (tmp_path / "plan.toml").write_text(plan, encoding="utf-8")
    assert main(["build", f"plan={tmp_path}", f"output={tmp_path / 'edition'}"]) == 2
    assert "edition.seed is no whole number of at most 1000 digits" in capsys.readouterr().err


BUILD = {
    "a seed": ["seed=1"],
    "a place": ["output=elsewhere"],
    "other people": ["cohort.root=/"],
    "a public list, whose key is public": ["edition.public_list=ixi"],
    "an edition to go on from": ["edition.supersedes=/labels"],
    "a key of somebody's": ["recipients=[age1]"],
    "what the hospital's machine holds": ["edition.id=${oc.env:USER}"],
    "a word without a value": ["edition.id"],
    "NUL": ["edition.id=a\0b"],
    "a text": "edition.id=x",
    "a number": 5,
    "numbers": [5],
}


@pytest.mark.parametrize("name", BUILD)
def test_a_hospital_decides_over_its_own_edition(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With a seed that another one knows, the hospital's key would be known."""
    for folder in ("raw", "data", "labels"):
        (tmp_path / folder).mkdir()
    (tmp_path / "parameters").write_text(json.dumps({"build": BUILD[name]}))
    assert (
        medperf_run.main(["prepare", *(str(tmp_path / n) for n in ("raw", "parameters", "data", "labels"))])
        == 2
    )
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("the parameters file: build ")
    assert not list((tmp_path / "labels").iterdir())


COMMANDS: dict[str, object] = {
    "nothing": None,
    "no words": [],
    "a text": "attack",
    "numbers": [1, 2],
    "another command": ["unlock", "edition=/labels"],
    "another edition": ["attack", "edition=/labels"],
    "another place": ["attack", "attack=geo", "output=elsewhere"],
    "NUL": ["attack", "attack=a\0b"],
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_model_is_a_reference_system(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "predictions").mkdir()
    (tmp_path / "parameters").write_text(json.dumps({"command": COMMANDS[name]}))
    words = ["infer", str(tmp_path), str(tmp_path / "parameters"), str(tmp_path / "predictions")]
    assert medperf_run.main(words) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("the parameters file: command ")


METRICS = {"track": "attack", "step": 0.1, "columns": "deciding"}
SPOILED = [
    *({name: value for name, value in METRICS.items() if name != left_out} for left_out in METRICS),
    *(METRICS | {"step": step} for step in (0, -0.1, 1e-300, 0.001, 1e300, "x", [0.1], True, None)),
    *(METRICS | {"columns": columns} for columns in (5, "everything", ["all"], None)),
    *(METRICS | {"track": track} for track in (5, "x", ["attack"])),
]


@pytest.mark.parametrize("content", SPOILED, ids=lambda content: json.dumps(content))
def test_metrics_show_no_more_than_the_export_counted(
    content: dict[str, Any],
    tiny_edition_folder: Path,
    attack: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A step of 10^-300 is every digit, and twenty of those are the key."""
    (tmp_path / "parameters").write_text(json.dumps(content))
    (tmp_path / "results").write_text("")
    words = [
        "evaluate",
        *map(str, (attack, tiny_edition_folder, tmp_path / "parameters", tmp_path / "results")),
    ]
    assert medperf_run.main(words) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("the parameters file: ")
    assert (tmp_path / "results").read_text() == ""


KEPT: dict[str, Callable[[bytes], bytes]] = {
    "gone": lambda raw: b"",
    "cut": lambda raw: raw[: len(raw) // 2],
    "no zip": lambda raw: b"PK\3\4" + bytes(100),
    "no array": lambda raw: raw.replace(b"NUMPY", b"numpy"),
    "damaged": lambda raw: raw[:60] + bytes(len(raw) - 200) + raw[-140:],
}


@pytest.mark.parametrize("name", KEPT)
def test_a_kept_score_that_is_none(name: str, tmp_path: Path) -> None:
    """What a team reached before is read when it improves."""
    ladder.keep(tmp_path, "ab" * 32, ladder.Reached(0.7, np.zeros(40)))
    assert ladder.load(tmp_path, "ab" * 32).value == 0.7
    (path,) = (tmp_path / "scores").glob("*.npz")
    path.write_bytes(KEPT[name](path.read_bytes()))
    with pytest.raises(UserError, match="cannot be read; evaluate that submission again"):
        ladder.load(tmp_path, "ab" * 32)


@pytest.mark.parametrize(
    ("value", "units"), [(np.nan, np.zeros(4)), (0.7, np.full(4, np.nan)), (0.7, np.zeros((2, 2)))]
)
def test_a_kept_score_that_no_submission_reaches(value: float, units: np.ndarray, tmp_path: Path) -> None:
    ladder.keep(tmp_path, "ab" * 32, ladder.Reached(value, units))
    with pytest.raises(UserError, match="cannot be read"):
        ladder.load(tmp_path, "ab" * 32)


@pytest.mark.parametrize("ending", ["*.png", "*.nii.gz", "trials.tsv"])
def test_a_pipe_in_an_edition_is_named_and_not_waited_for(
    ending: str, own_edition_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`verify` waited for ever."""
    path = min((own_edition_folder / "public" / "eval").rglob(ending))
    path.unlink()
    os.mkfifo(path)
    assert main(["verify", f"edition={own_edition_folder}"]) == 2
    assert f"{path.name}: is not the file that was released: is no file" in capsys.readouterr().err


def test_folders_in_folders_in_an_archive(own_edition_folder: Path, tmp_path: Path, capsys) -> None:
    """Two thousand of them ended in a traceback: anybody can encrypt for a public key."""
    key = pyrage.x25519.Identity.generate()
    (tmp_path / "identity").write_text(f"{key}\n")
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("sealed/" + "d/" * 2000 + "x"))
    (own_edition_folder / "sealed.age").write_bytes(pyrage.encrypt(buffer.getvalue(), [key.to_public()]))
    shutil.rmtree(own_edition_folder / "sealed")
    words = [f"edition={own_edition_folder}", f"identity={tmp_path / 'identity'}"]
    assert main(["unlock", *words]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("mriprivacy: ")
