"""`mriprivacy build`: taken up again after a failure, never from another state of the cohort."""

import shutil
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pyrage
import pytest
from PIL import Image

from mriprivacy.baselines.alignment.presence import CANNOT_TELL, DEFACED, WHOLE, Presence
from mriprivacy.baselines.hair.removal import Bald
from mriprivacy.challenge.cli import main
from mriprivacy.challenge.commands import build
from mriprivacy.challenge.compute.parallel import Compute
from mriprivacy.challenge.edition.integrity import verify_edition
from mriprivacy.challenge.edition.public import open_edition
from mriprivacy.challenge.settings.compose import compose_settings
from mriprivacy.data_prep.editions.build_edition import EditionConfig, plan_edition
from mriprivacy.scoring.errors import UserError
from tests.helpers.build_words import SEED, TERMS, words
from tests.helpers.engine import ENGINE_WORDS
from tests.helpers.planted_cue import plant_brightness
from tests.helpers.tiny_cohort import write_tiny_cohort

pytestmark = pytest.mark.long


def contents(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_failed_build_is_continued_once_the_cohort_is_mended(
    own_cohort: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "edition"
    path = own_cohort / "sub-05" / "anat" / "sub-05_T2w.nii.gz"
    whole = path.read_bytes()
    path.write_bytes(whole[:-200])
    assert main(words(own_cohort, output)) == 2
    assert "sub-05_T2w.nii.gz: cannot be released" in capsys.readouterr().err
    assert not output.exists()
    (partial,) = tmp_path.glob(".edition.partial-*")
    assert partial.stat().st_mode & 0o077 == 0
    # The same state of the cohort: nine of ten scans are taken over, and the tenth fails again.
    assert main(words(own_cohort, output)) == 2
    assert "9 of 40 images are there already" in capsys.readouterr().out
    # The fixed cohort is another state: everything is made anew, and equal to an edition that never failed.
    path.write_bytes(whole)
    assert main(words(own_cohort, output)) == 0
    assert "are there already" not in capsys.readouterr().out
    assert main(words(own_cohort, tmp_path / "undisturbed")) == 0
    assert contents(output) == contents(tmp_path / "undisturbed")
    assert verify_edition(output) == ()
    assert not list(output.rglob(".*"))


def test_photographs_from_an_album(own_cohort: Path, tmp_path: Path) -> None:
    album = shutil.copytree(own_cohort / "sourcedata" / "photos" / "raw", tmp_path / "album")
    shutil.rmtree(own_cohort / "sourcedata")
    output = tmp_path / "edition"
    assert main([*words(own_cohort, output), f"cohort.photos={album}", "edition.hair_removal=none"]) == 0
    assert verify_edition(output) == ()
    assert not (output / "public" / "dev" / "photos" / "bald").exists()


def test_photographs_of_several_people_are_named(
    own_cohort: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of synthetic people it is a remark; a build that is continued has not forgotten it."""

    def two_people(picture: np.ndarray) -> Bald:
        return Bald(picture, np.zeros(picture.shape[:2]), 2 if picture.mean() > 250 else 1)

    monkeypatch.setattr(build, "remove_hair", two_people)
    photo = own_cohort / "sourcedata" / "photos" / "raw" / "sub-02_photo-01.png"
    Image.new("RGB", (16, 20), "white").save(photo)
    built = [*words(own_cohort, tmp_path / "edition"), "edition.hair_removal=builtin"]
    built += Compute("sequential").words()
    monkeypatch.setattr(build, "seal_edition", Mock(side_effect=UserError("power cut")))
    assert main(built) == 2
    monkeypatch.undo()
    assert main(built) == 0
    assert capsys.readouterr().out.count(f"{photo}: 2 faces; the largest is taken\n") == 1


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ([], ["id", "version", "licence", "citation"]),
        (["edition.id=clinic", "edition.licence=CC0-1.0"], ["version", "citation"]),
    ],
)
def test_real_people_are_not_published_under_terms_that_nobody_gave(
    real_cohort: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], given: list[str], named: list[str]
) -> None:
    plain = ["build", f"cohort.root={real_cohort}", f"seed={SEED}", f"output={tmp_path / 'e'}", *ENGINE_WORDS]
    assert main([*plain, *given]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"mriprivacy: {', '.join(f'edition.{name}' for name in named)} not given; ")
    assert line.endswith(f": add {' '.join(f'edition.{name}=...' for name in named)}")
    assert not (tmp_path / "e").exists()


@pytest.mark.parametrize("given", [["edition.id=synth"], ["standard=synth-49", "edition.id=synth-49"]])
def test_real_people_get_no_name_of_synthetic_ones(
    real_cohort: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], given: list[str]
) -> None:
    assert main([*words(real_cohort, tmp_path / "e"), *TERMS, *given]) == 2
    assert f"edition.id is {given[-1][11:]!r}, a name for synthetic people" in capsys.readouterr().err
    assert not (tmp_path / "e").exists()


def test_a_blank_is_no_citation(
    real_cohort: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["edition.id=clinic", *TERMS[:2], "edition.citation=' '"]
    assert main([*words(real_cohort, tmp_path / "e"), *given]) == 2
    assert "edition.citation is ' '; expected 1-2000 characters" in capsys.readouterr().err


def test_terms_that_are_given_are_those_of_the_edition(real_cohort: Path, tmp_path: Path) -> None:
    assert main([*words(real_cohort, tmp_path / "e"), *TERMS]) == 0
    public = open_edition(tmp_path / "e")
    assert public.name == "tiny/1"
    assert not public.description["synthetic"]
    assert public.description["licence"] == "CC-BY-NC-4.0"
    assert public.description["citation"] == "Us, 2026"
    assert "Licence: CC-BY-NC-4.0" in (public.root / "README.md").read_text()


@pytest.mark.parametrize("unknown", [0, 1, 2])
def test_scans_of_real_people_that_are_no_originals_are_said(
    unknown: int,
    real_cohort: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Before hours of work, and once more at the end."""
    reasons = {
        1: Presence(DEFACED),
        **dict.fromkeys(range(2, 2 + unknown), Presence(CANNOT_TELL, reason="no")),
    }
    asked: list[Path] = []

    def seen(cache: Path, path: Path) -> Presence:
        asked.append(path)
        return reasons.get(len(asked), Presence(WHOLE))

    monkeypatch.setattr(build, "face_in", seen)
    monkeypatch.setattr(build, "TOLERATED", 1.5 / 12)
    assert main([*words(real_cohort, tmp_path / "e"), *TERMS, f"cache={tmp_path / 'cache'}"]) == 0
    out = capsys.readouterr().out
    assert out.count("faces: defaced already (1 scan: ") == 2
    assert out.count("faces: cannot tell whether a face is in it: no (") == (2 if unknown else 0)
    verdict = f"faces: unknown in {unknown} of {len(asked)} scans, so no defacing system will be ranked"
    assert out.count(verdict) == (2 if unknown == 2 else 0)


def test_synthetic_people_need_no_terms(tiny_cohort: Path, tmp_path: Path) -> None:
    plain = ["build", f"cohort.root={tiny_cohort}", "seed=1", f"output={tmp_path / 'e'}", *ENGINE_WORDS]
    assert main([*plain, "edition.hair_removal=none"]) == 0
    public = open_edition(tmp_path / "e")
    assert (public.name, public.description["licence"]) == ("synth/2026.1", "CC0-1.0")


def test_a_build_makes_the_starting_kit_beside_the_edition(tiny_cohort: Path, tmp_path: Path) -> None:
    output = tmp_path / "edition"
    assert main([*words(tiny_cohort, output), "starting_kit=true", "edition.tracks=[attributes]"]) == 0
    assert sorted(path.name for path in output.iterdir()) == ["public", "sealed", "starting_kit"]
    assert verify_edition(output) == ()
    submission = output / "starting_kit" / "submissions" / "attributes"
    assert main(["check", f"edition={output / 'public'}", f"submission={submission}"]) == 0


@pytest.mark.slow
def test_files_that_give_people_away_stop_the_build(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who is bright in the scanner is bright on the photograph: no face is needed to link the two."""
    cohort = write_tiny_cohort(tmp_path / "cohort", 18)
    for number in (0, 1):
        assert main([*words(cohort, tmp_path / f"fair{number}"), f"edition.nonmated_per_probe={number}"]) == 0
    assert "files without faces do not link (trained, AUC .5): 0." in capsys.readouterr().out
    plant_brightness(cohort)
    assert main(words(cohort, tmp_path / "unfair")) == 2
    captured = capsys.readouterr()
    assert "public: files without faces do not link (trained, AUC .5): 0." in captured.err
    assert ", failed\n" in captured.err
    assert not (tmp_path / "unfair").exists()


def test_a_seed_that_can_be_guessed_is_refused_for_real_people(
    real_cohort: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for short in (11, 2**64 - 1, -(2**70)):
        assert main([*words(real_cohort, tmp_path / "short"), *TERMS, f"seed={short}"]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert f"seed is {short}, which can be guessed" in line
        assert "secrets.randbits(128)" in line
    assert not (tmp_path / "short").exists()
    (real_cohort / "dataset_description.json").write_text('{"Synthetic": true}')
    build.check_seed(plan_edition(real_cohort, EditionConfig(id="tiny", seed=11, hair_removal="given")), 11)


def test_every_digit_of_a_large_seed_counts(own_cohort: Path) -> None:
    taken = compose_settings("build", build.BuildSettings, words(own_cohort, Path("x"))[1:]).seed
    assert taken == SEED
    plans = [
        plan_edition(own_cohort, EditionConfig(id="tiny", seed=seed, hair_removal="given"))
        for seed in (taken, taken + 1)
    ]
    ids = [{scan.probe for scan in plan.scans} for plan in plans]
    assert not ids[0] & ids[1]


def test_what_is_sealed_may_leave_the_build_encrypted(
    tiny_cohort: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only so is it never readable where `output=` sends it; a bad key is reported before any work."""
    output, secret = tmp_path / "edition", pyrage.x25519.Identity.generate()
    assert main([*words(tiny_cohort, output), "recipients=[age1x]"]) == 2
    assert "'age1x' is no age key" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
    recipients = f"recipients=[{secret.to_public()}]"
    with pytest.MonkeyPatch.context() as patch:  # killed after locking, before the edition has its name
        patch.setattr(
            "mriprivacy.data_prep.formats.resumable.Path.rename", Mock(side_effect=KeyboardInterrupt)
        )
        assert main([*words(tiny_cohort, output), recipients]) == 130
    assert main([*words(tiny_cohort, output), recipients]) == 0
    assert f"keep {output}/sealed.age to yourself" in capsys.readouterr().out
    assert sorted(path.name for path in output.iterdir()) == ["public", "sealed.age"]
    (tmp_path / "key").write_text(str(secret))
    assert main(["unlock", f"edition={output}", f"identity={tmp_path / 'key'}"]) == 0
    assert verify_edition(output) == ()
    assert len(list((output / "sealed").rglob("*.nii.gz"))) == 5 + 5
