"""The report of a release, as a hospital makes it; features of images alone are made up."""

import hashlib
import json
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from mriprivacy.baselines.alignment.presence import DEFACED, Presence
from mriprivacy.challenge.attackers.features import Extraction, ImageFeatures
from mriprivacy.challenge.cli import main
from mriprivacy.challenge.compute.parallel import Compute
from tests.helpers.tiny_cohort import write_tiny_cohort

PEOPLE = 16
EXPOSED = ("sub-03", "sub-07", "sub-11", "sub-12")
FILES = ["counts.json", "failures.tsv", "report.html", "report.json", "report.pdf"]


@pytest.fixture
def hospital(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Scans of noise before and after defacing; features of scans and photographs agree of exposed people."""
    write_tiny_cohort(tmp_path / "before", PEOPLE)
    for path in (tmp_path / "before").glob("sub-*/anat/*.nii.gz"):
        scan = nib.load(path)
        data = np.asarray(scan.dataobj).copy()
        data[:, :8] = 0
        after = tmp_path / "after" / path.relative_to(tmp_path / "before")
        after.parent.mkdir(parents=True)
        nib.save(nib.Nifti1Image(data, scan.affine), after)
    monkeypatch.setattr("mriprivacy.challenge.risk.assessment.extract", features)
    return tmp_path


def features(
    paths: dict[str, Path], kind: str, extraction: Extraction, *rest: str | Compute, untrusted: bool = False
) -> dict[str, ImageFeatures]:
    """The person's own features; of defaced scans of people who are not exposed, noise."""
    found = {}
    for name, path in paths.items():
        person = path.name[:6]
        leaks = "after" not in path.parts or person in EXPOSED
        seed = hashlib.sha256((person if leaks else path.name + "after").encode()).digest()
        vector = np.random.default_rng(list(seed)).normal(size=24)
        noise = np.random.default_rng(list(hashlib.sha256(str(path.parts[-4:]).encode()).digest()))
        own = vector + 0.1 * noise.normal(size=24)
        found[name] = ImageFeatures(True, "", dict.fromkeys(extraction.attacks, own))
    return found


def risk(folder: Path, *words: str) -> int:
    settings = {
        "original": folder / "before",
        "released": folder / "after",
        "photos": folder / "before" / "sourcedata" / "photos" / "raw",
        "output": folder / "risk",
        "cache": folder / "cache",
    }
    given = dict(word.split("=", 1) for word in words)
    overrides = [f"{key}={value}" for key, value in {**settings, **given}.items()]
    return main(["risk", *overrides, "compute=sequential"])


@pytest.mark.long
def test_the_exposed_are_found_and_one_of_them_is_named(
    hospital: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert risk(hospital, "release=Open data", "recipients=anybody on the internet") == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert "Singling out: a recipient who holds a photograph" in said.out
    out = hospital / "risk"
    assert sorted(path.name for path in out.iterdir()) == FILES
    report = json.loads((out / "report.json").read_text())
    assert report["format"] == "mriprivacy risk 1"
    assert (report["people"], report["scans"], report["photographs"]) == (16, 16, 24)
    photo = next(one for one in report["linkage"] if one["key"] == "photograph" and not one["trained"])
    found = photo["after"]["headline"]["risk"]["risk"]
    assert found["low"] <= len(EXPOSED) / PEOPLE <= found["high"]
    assert photo["before"]["headline"]["risk"]["risk"]["low"] > 0.7
    assert photo["after"]["worst"]["person"] in EXPOSED
    assert {one["key"]: one["why_not"] for one in report["linkage"]}["scan"].startswith("needs 12 people")
    assert (out / "report.pdf").read_bytes().startswith(b"%PDF-")


@pytest.mark.long
def test_the_page_states_what_a_data_officer_looks_for(hospital: Path) -> None:
    assert risk(hospital, "release=<b>Open</b> data") == 0
    page = (hospital / "risk" / "report.html").read_text()
    for words in (
        "Article 29 Working Party",
        "singling out",
        "Linkability",
        "Inference",
        "[not stated by the hospital]",
        "What was not tested",
        "A risk that was not tested is not a low risk.",
        "&lt;b&gt;Open&lt;/b&gt; data",
    ):
        assert words.casefold() in page.casefold()
    assert "anonymous" not in page.casefold()
    assert "nan" not in page.split("<main")[1].casefold().replace("nance", "")
    assert "http://" not in page.replace("http://www.w3.org", "")


@pytest.mark.long
def test_scans_that_fail_are_listed_for_those_who_defaced(hospital: Path) -> None:
    shutil.copy(
        hospital / "before/sub-01/anat/sub-01_T2w.nii.gz", hospital / "after/sub-01/anat/sub-01_T2w.nii.gz"
    )
    (hospital / "after/sub-02/anat/sub-02_T2w.nii.gz").write_bytes(b"no scan")
    assert risk(hospital) == 0
    rows = [line.split("\t") for line in (hospital / "risk" / "failures.tsv").read_text().splitlines()]
    assert rows[0] == ["scan", "failure", "details"]
    kinds = {(name, kind) for name, kind, _ in rows[1:]}
    assert ("sub-01_T2w", "not defaced") in kinds
    assert ("sub-02_T2w", "cannot tell") in kinds


def no_folder(folder: Path) -> tuple[str, ...]:
    return (f"released={folder / 'nowhere'}",)


def one_more(folder: Path) -> tuple[str, ...]:
    shutil.copytree(folder / "after/sub-01", folder / "after/sub-99")
    (folder / "after/sub-99/anat/sub-01_T2w.nii.gz").rename(folder / "after/sub-99/anat/sub-99_T2w.nii.gz")
    return ()


def one_person(folder: Path) -> tuple[str, ...]:
    for path in sorted((folder / "after").iterdir())[1:]:
        shutil.rmtree(path)
    return ()


def other_contrast(folder: Path) -> tuple[str, ...]:
    for path in (folder / "after").glob("sub-*/anat/*"):
        path.rename(path.with_name(path.name.replace("T2w", "T1w")))
    return ()


def no_photo_of_them(folder: Path) -> tuple[str, ...]:
    shutil.copytree(folder / "after", folder / "scans")
    return (f"photos={folder / 'scans'}",)


def photos_in_the_release(folder: Path) -> tuple[str, ...]:
    shutil.copytree(folder / "before/sourcedata/photos/raw", folder / "after" / "photos")
    return (f"photos={folder / 'after' / 'photos'}",)


def output_below_a_file(folder: Path) -> tuple[str, ...]:
    return (f"output={folder / 'before' / 'participants.tsv' / 'risk'}",)


def release_is_an_archive(folder: Path) -> tuple[str, ...]:
    return (f"released={shutil.make_archive(str(folder / 'defaced'), 'zip', folder / 'after')}",)


def broken_original(folder: Path) -> tuple[str, ...]:
    (folder / "before/sub-05/anat/sub-05_T2w.nii.gz").write_bytes(b"no scan")
    return ()


def output_there(folder: Path) -> tuple[str, ...]:
    (folder / "risk").mkdir()
    (folder / "risk" / "x").touch()
    return ()


def output_in_the_release(folder: Path) -> tuple[str, ...]:
    return (f"output={folder / 'after' / 'risk'}",)


def cache_in_the_release(folder: Path) -> tuple[str, ...]:
    return (f"cache={folder / 'after' / 'cache'}",)


def photos_are_a_table(folder: Path) -> tuple[str, ...]:
    return (f"photos={folder / 'before' / 'participants.tsv'}",)


def originals_in_the_release(folder: Path) -> tuple[str, ...]:
    shutil.copytree(folder / "before", folder / "after" / "sourcedata")
    return (f"original={folder / 'after' / 'sourcedata'}",)


def empty_original(folder: Path) -> tuple[str, ...]:
    (folder / "before/sub-05/anat/sub-05_T2w.nii.gz").write_bytes(b"")
    return ()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (output_in_the_release, "names people and stays with the hospital"),
        (cache_in_the_release, "cache="),
        (photos_in_the_release, "the photographs are part of the release"),
        (output_below_a_file, "participants.tsv is a file; name another output"),
        (release_is_an_archive, "defaced.zip: a file; released=DIR is a folder"),
        (photos_are_a_table, "a file; photos=DIR is a folder"),
        (originals_in_the_release, "the originals are part of the release"),
        (empty_original, "sub-05_T2w.nii.gz"),
        (no_folder, "no such folder; released=DIR"),
        (one_more, "1 of 17 released scans have no original"),
        (one_person, "1 person; a risk needs at least 4"),
        (other_contrast, "16 of 16 released scans have no original"),
        (no_photo_of_them, "no photograph; expected PNG or JPEG files named after people"),
        (broken_original, "sub-05_T2w.nii.gz: not a readable NIfTI file"),
        (output_there, "already exists and is not empty"),
    ],
)
def test_bad_input_is_one_line(
    spoil: Callable[[Path], tuple[str, ...]], said: str, hospital: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert risk(hospital, *spoil(hospital)) == 2
    error = capsys.readouterr().err
    assert said in error
    assert sum(line.startswith("mriprivacy: ") for line in error.splitlines()) == 1
    assert not (hospital / "risk" / "report.html").exists()


def test_originals_that_were_defaced_before_are_refused(
    hospital: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        "mriprivacy.challenge.risk.scan_checks.presence", lambda scan, cache: Presence(DEFACED, ("nose",))
    )
    assert risk(hospital) == 2
    assert "16 of 16 originals have no face" in capsys.readouterr().err


@pytest.mark.long
def test_without_photographs_and_second_scans_it_says_what_was_not_tested(
    hospital: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert risk(hospital, "photos=") == 0
    assert "Singling out and linkability: not tested" in capsys.readouterr().out
    assert json.loads((hospital / "risk" / "report.json").read_text())["photographs"] == 0
