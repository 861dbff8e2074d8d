"""`mriprivacy inspect` and `build plan=`: from a hospital's dataset to an edition, as a new user would."""

import contextlib
import json
import re
import shutil
import tomllib
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from PIL import Image

from mriprivacy.baselines.alignment.presence import WHOLE, Presence
from mriprivacy.challenge.cli import main
from mriprivacy.challenge.edition.integrity import verify_edition
from mriprivacy.challenge.edition.public import open_edition
from mriprivacy.challenge.release.seen_images import check_photo
from tests.helpers.engine import ENGINE_WORDS
from tests.helpers.foreign_dataset import CHOSEN, EDGE, INCLUDED, OUT, write_foreign_dataset

pytestmark = pytest.mark.long

TERMS = {
    "id": "ward-7",
    "version": "1",
    "licence": "CC-BY-NC-4.0",
    "citation": "Us, 2026",
    "consent": "Release of scans and portraits for research on anonymization",
}

PAGE = (Path(__file__).parents[3] / "docs" / "tutorials" / "organizer.md").read_text()
# The two commands of the tutorial, as written.
TUTORIAL = [
    line.split()[1:] for line in PAGE.partition("## Your own people\n")[2].split("```\n")[1].splitlines()
]


@pytest.fixture(autouse=True)
def no_heads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Toy heads are not registered by `build`; test_seen_images.py has heads."""
    monkeypatch.setattr("mriprivacy.challenge.commands.build.face_in", lambda cache, path: Presence(WHOLE))


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory, portraits: dict[str, Path]) -> Path:
    """Folder with `data`, `portraits`, and `plan` as inspect wrote it; not to be changed."""
    folder = tmp_path_factory.mktemp("ward 7, (é)")
    write_foreign_dataset(folder / "data", folder / "portraits", portraits)
    before = listing(folder)
    with contextlib.chdir(folder):
        # Toy heads have no faces; the search itself is tested below.
        assert main([*TUTORIAL[0], "faces=false", *ENGINE_WORDS]) == 0
    assert {name: at for name, at in listing(folder).items() if not name.startswith("plan")} == before
    return folder


def listing(folder: Path) -> dict[str, float]:
    return {str(p.relative_to(folder)): p.lstat().st_mtime for p in folder.rglob("*") if not p.is_dir()}


def plan_of(folder: Path, plan: str = "plan") -> dict:
    return tomllib.loads((folder / plan / "plan.toml").read_text())


def filled_in(folder: Path, target: Path, **terms: str) -> Path:
    """Copy the plan as a person edits it: blanks filled, the face named, signed."""
    text = (folder / "plan" / "plan.toml").read_text()
    for name, value in {**TERMS, **terms}.items():
        text = re.sub(rf'^{name} = ""', f'{name} = "{value}"', text, flags=re.M)
    text = text.replace('signed_off_by = ""', 'signed_off_by = "A. Person"')
    text = text.replace('"sub-07.png" = "?"', '"sub-07.png" = 1')
    text = text.replace("smallest_group = 2", "smallest_group = 1")
    target.mkdir()
    (target / "plan.toml").write_text(text)
    return target


def build_words(plan: Path, output: Path) -> list[str]:
    assert TUTORIAL[1] == ["build", "plan=plan", "output=edition"]
    return ["build", f"plan={plan}", f"output={output}", *ENGINE_WORDS]


def test_who_is_in_and_why_not(hospital: Path) -> None:
    people = plan_of(hospital)["people"]
    assert sorted(people) == sorted([*INCLUDED, *OUT])
    assert tuple(name for name in sorted(people) if people[name]["included"]) == INCLUDED
    for subject, why in OUT.items():
        assert people[subject]["why"].startswith(why)


def test_one_scan_of_several_is_chosen_and_the_others_are_named(hospital: Path) -> None:
    people = plan_of(hospital)["people"]
    for subject, scan in CHOSEN.items():
        assert people[subject]["scans"] == [scan]
    text = (hospital / "plan" / "plan.toml").read_text()
    for other in ("sub-01_run-2_T1w", "sub-02_ses-b_T1w", "rec-defaced_T1w"):
        assert re.search(rf"^# not chosen: .*{other}", text, re.M)
    assert "scans that .bidsignore names; left out: sub-12/anat/sub-12_acq-test_T1w.nii.gz" in text
    assert "sub-09_T1w.nii.gz: units are meter: sizes are multiplied by 1000" in text


def test_values_are_mapped_where_a_person_can_see_it(hospital: Path) -> None:
    meaning = plan_of(hospital)["meaning"]
    assert meaning["sex"] == {"Male": "M", "w": "F", "M": "M", "f": "F", "F": "F", "female": "F", "male": "M"}
    assert {raw: meaning["age"][raw] for raw in ("45.0", "039Y", "40,5", "40-44", "89+")} == {
        "45.0": "45", "039Y": "39", "40,5": "40.5", "40-44": "40-44", "89+": "89+",
    }  # fmt: skip
    assert set(meaning["ethnicity"].values()) == {"asian", "african"}


def test_terms_are_blank_and_the_seed_is_drawn(hospital: Path) -> None:
    plan = plan_of(hospital)
    assert [plan["edition"][name] for name in TERMS] == [""] * len(TERMS)
    assert plan["synthetic"] is False
    assert int(plan["edition"]["seed"]) > 2**64
    assert all(path.stat().st_mode & 0o077 == 0 for path in (hospital / "plan").iterdir())


def test_the_sheet_shows_everybody(hospital: Path) -> None:
    with Image.open(hospital / "plan" / "sheet_01.png") as sheet:
        assert sheet.height > 160 * -(-len([*INCLUDED, *OUT]) // 2)


def test_nothing_is_built_before_the_blanks_are_filled(
    hospital: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(build_words(hospital / "plan", tmp_path / "edition")) == 2
    error = capsys.readouterr().err
    assert "fill in id, version, licence, citation, consent" in error
    assert "signed_off_by is empty" in error
    assert "people.sub-07: sub-07.png has several faces" in error
    assert len(error.splitlines()) == 3


def test_from_a_hospital_to_an_edition(
    hospital: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = filled_in(hospital, tmp_path / "signed")
    assert main(build_words(plan, tmp_path / "edition")) == 0, capsys.readouterr().err
    assert verify_edition(tmp_path / "edition") == ()
    edition = open_edition(tmp_path / "edition")
    assert edition.name == "ward-7/1"
    rows = (tmp_path / "edition" / "sealed" / "subjects.tsv").read_text().splitlines()[1:]
    by_id = {row.split("\t")[0]: row.split("\t")[1] for row in rows}
    assert set(by_id.values()) == set(INCLUDED)
    # The bystander never leaves: the photograph is cut to the person named.
    (photo,) = (name for name, subject in by_id.items() if subject == "sub-07" and name.startswith("ph-"))
    for condition in edition.conditions:
        (path,) = (tmp_path / "edition" / "public").glob(f"*/photos/{condition}/{photo}.png")
        with Image.open(path) as picture:
            assert picture.width < 1.3 * EDGE
    for subject, raw in (("sub-09", 4.0),):
        (scan,) = (name for name, who in by_id.items() if who == subject and name.startswith("sub-"))
        (path,) = (tmp_path / "edition" / "public").glob(f"*/mri/{scan}/anat/*.nii.gz")
        assert np.allclose(nib.load(path).header.get_zooms(), raw, atol=1e-3)
    assert TERMS["consent"] in (tmp_path / "edition" / "public" / "README.md").read_text()
    # No person over 89 has an age, and the table of ages is sealed.
    ages = (tmp_path / "edition" / "sealed" / "ages.tsv").read_text()
    assert not re.search(r"\t(89|9\d)", ages)


def test_photographs_stay_as_they_are_where_hair_removal_fails(hospital: Path, tmp_path: Path) -> None:
    """On half of these portraits hair removal leaves a cone or a halo (looked at)."""
    text = (hospital / "plan" / "plan.toml").read_text()
    assert 'hair_removal = "none"' in text
    plan = filled_in(hospital, tmp_path / "signed")
    (plan / "plan.toml").write_text(
        (plan / "plan.toml").read_text().replace('hair_removal = "none"', 'hair_removal = "builtin"')
    )
    assert main(build_words(plan, tmp_path / "edition")) == 2


def test_a_person_decides(hospital: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = filled_in(hospital, tmp_path / "signed")
    text = (plan / "plan.toml").read_text()
    text = text.replace("run-1_T1w", "run-2_T1w", 1).replace(
        "[people.sub-12]\nincluded = true", "[people.sub-12]\nincluded = false"
    )
    (plan / "plan.toml").write_text(text)
    assert main(build_words(plan, tmp_path / "edition")) == 0, capsys.readouterr().err
    rows = (tmp_path / "edition" / "sealed" / "subjects.tsv").read_text()
    assert "sub-12" not in rows
    assert "sub-01" in rows
    assert main([*build_words(plan, tmp_path / "other"), "edition.licence=CC0-1.0"]) == 2
    assert "edition.licence is given, and the plan decides it" in capsys.readouterr().err


def test_a_later_version_inherits_and_says_what_changed(
    hospital: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = filled_in(hospital, tmp_path / "signed")
    text = (plan / "plan.toml").read_text()
    (plan / "plan.toml").write_text(
        text.replace('"w" = "F"', '"w" = "M"').replace(
            "[people.sub-12]\nincluded = true", '[people.sub-12]\nincluded = false\nwhy = "withdrew"'
        )
    )
    words = ["inspect", f"plan={plan}", f"output={tmp_path / 'later'}", "faces=false", *ENGINE_WORDS]
    assert main(words) == 0
    assert "changed:" not in capsys.readouterr().out
    later, earlier = plan_of(tmp_path, "later"), tomllib.loads((plan / "plan.toml").read_text())
    assert later["people"]["sub-12"] == earlier["people"]["sub-12"]
    assert later["people"]["sub-07"]["faces"] == {"sub-07.png": "1"}
    assert later["meaning"]["sex"]["w"] == "M"
    assert later["edition"] == {**earlier["edition"], "version": ""}
    assert later["signed_off_by"] == ""


def test_a_picture_that_is_replaced_is_looked_at_again(
    hospital: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A face is named in a picture, not in the name of a file."""
    plan = filled_in(hospital, tmp_path / "signed")
    album = shutil.copytree(hospital / "portraits", tmp_path / "album")
    text = (plan / "plan.toml").read_text()
    line = next(line for line in text.splitlines() if line.startswith("photos = "))
    (plan / "plan.toml").write_text(text.replace(line, f'photos = "{album}"', 1))
    picture = next(album.rglob("sub-07.png"))
    Image.fromarray(np.asarray(Image.open(picture))[:, ::-1]).save(picture)
    assert main(build_words(plan, tmp_path / "edition")) == 2
    assert "people.sub-07: sub-07.png is another picture than the one that was looked at" in (
        capsys.readouterr().err
    )
    words = ["inspect", f"plan={plan}", f"output={tmp_path / 'later'}", "faces=false", *ENGINE_WORDS]
    assert main(words) == 0
    assert plan_of(tmp_path, "later")["people"]["sub-07"]["faces"] == {"sub-07.png": "?"}
    assert "sub-07.png is another picture" in capsys.readouterr().out


BROKEN = {
    "no TOML": ("format = 1", "format = ", "is no TOML"),
    "unknown key": ("[edition]", "[edition]\nlicense = 'x'", "did you mean licence"),
    "out of the folder": ('scans = ["', 'scans = ["../', "not named by its path below"),
    "a number for text": ('id = ""', "id = 7", "edition.id is '7'"),
    "a sex": ('"w" = "F"', '"w" = "woman"', "meaning.sex is not"),
    "a face": ('"sub-07.png" = "?"', '"sub-07.png" = "left"', "a face is neither"),
    "another format": ("format = 1", "format = 2", "expected 1"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_plan_that_is_spoilt_is_refused_in_a_line(
    hospital: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], case: str
) -> None:
    old, new, words = BROKEN[case]
    text = (hospital / "plan" / "plan.toml").read_text()
    assert old in text
    (tmp_path / "plan.toml").write_text(text.replace(old, new, 1))
    assert main(build_words(tmp_path, tmp_path / "edition")) == 2
    error = capsys.readouterr().err
    assert words in error
    assert len(error.splitlines()) == 1


def test_scans_against_scans_need_no_photographs(tmp_path: Path, hospital: Path) -> None:
    root = tmp_path / "data"
    for number in range(1, 5):
        for contrast in ("T1w", "T2w")[: 2 if number > 1 else 1]:
            path = root / f"sub-{number}" / "anat" / f"sub-{number}_{contrast}.nii.gz"
            path.parent.mkdir(parents=True, exist_ok=True)
            source = hospital / "data" / "sub-12" / "anat" / "sub-12_T1w.nii.gz"
            path.write_bytes(source.read_bytes())
    assert main(["inspect", f"root={root}", f"output={tmp_path / 'plan'}", "faces=false", *ENGINE_WORDS]) == 0
    plan = plan_of(tmp_path)
    assert (plan["edition"]["contrast"], plan["edition"]["references"]) == ("T1w", "T2w")
    assert plan["people"]["sub-1"]["why"] == "no T2w scan, has T1w"
    assert plan["people"]["sub-2"]["references"] == ["sub-2/anat/sub-2_T2w.nii.gz"]
    assert json.dumps(plan["edition"]["tracks"]) == '["defacing", "attack"]'


def test_what_attack_finds_no_face_in_is_said(
    tmp_path: Path, hospital: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The search for faces is attack's own; a toy head has none."""
    anat = tmp_path / "data" / "sub-1" / "anat"
    anat.mkdir(parents=True)
    words = ["inspect", f"root={tmp_path / 'data'}", f"output={tmp_path / 'plan'}", "spacing_mm=4"]
    head = (hospital / "data" / "sub-12" / "anat" / "sub-12_T1w.nii.gz").read_bytes()
    (anat / "sub-1_T1w.nii.gz").write_bytes(head)
    assert main([*words, *ENGINE_WORDS]) == 2
    assert "scans of one contrast and no photographs" in capsys.readouterr().err
    (anat / "sub-1_T2w.nii.gz").write_bytes(head)
    assert main([*words, f"cache={tmp_path / 'cache'}", *ENGINE_WORDS]) == 0
    assert "cannot tell whether a face is in it" in plan_of(tmp_path)["people"]["sub-1"]["why"]


def test_a_probe_that_cannot_be_used_is_not_redeemed_by_its_reference(tmp_path: Path, hospital: Path) -> None:
    head = (hospital / "data" / "sub-12" / "anat" / "sub-12_T1w.nii.gz").read_bytes()
    for subject, first in (("sub-1", b"no scan"), ("sub-2", head)):
        anat = tmp_path / "data" / subject / "anat"
        anat.mkdir(parents=True)
        (anat / f"{subject}_T1w.nii.gz").write_bytes(first)
        (anat / f"{subject}_T2w.nii.gz").write_bytes(head)
    words = ["inspect", f"root={tmp_path / 'data'}", f"output={tmp_path / 'plan'}", "faces=false"]
    assert main([*words, *ENGINE_WORDS]) == 0
    people = plan_of(tmp_path)["people"]
    assert [people[one]["included"] for one in ("sub-1", "sub-2")] == [False, True]
    assert people["sub-1"]["why"]


def test_people_are_not_made_synthetic_by_a_word_in_a_plan(
    hospital: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It would take away signature and consent."""
    text = (hospital / "plan" / "plan.toml").read_text("utf-8")
    assert "synthetic = false" in text
    (tmp_path / "plan").mkdir()
    changed = text.replace("synthetic = false", "synthetic = true")
    (tmp_path / "plan" / "plan.toml").write_text(changed, encoding="utf-8")
    assert main(build_words(tmp_path / "plan", tmp_path / "edition")) == 2
    assert "synthetic is true, and the dataset does not say so" in capsys.readouterr().err


def test_a_picture_of_one_pixel_has_no_face(tmp_path: Path) -> None:
    Image.new("RGB", (1, 1)).save(tmp_path / "a.png")
    assert check_photo(tmp_path / "a.png").unusable == "no face found"


def test_scans_that_are_marked_as_defaced_are_named(
    hospital: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(hospital / "data", tmp_path / "data", symlinks=True)
    for contrast in ("T1w", "T2w"):
        (tmp_path / "data" / f"{contrast}.json").write_text('{"DeidentificationMethod": ["pydeface 2.0.2"]}')
    words = [f"root={tmp_path / 'data'}", f"photos={hospital / 'portraits'}", "faces=false", *ENGINE_WORDS]
    assert main(["inspect", *words, f"output={tmp_path / 'plan'}"]) == 0
    assert "scans are marked as de-identified ('pydeface 2.0.2'" in capsys.readouterr().out
