"""An edition of defaced scans, of the tiny edition and a submission to it."""

import json
from collections import Counter
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from mriprivacy.challenge.cli import main
from mriprivacy.challenge.edition.integrity import verify_edition
from mriprivacy.challenge.edition.protocol import Protocol
from mriprivacy.challenge.edition.public import Edition, open_edition
from mriprivacy.challenge.edition.sealed import SealedKey, open_sealed
from mriprivacy.challenge.entry.entry import Entry
from mriprivacy.challenge.evaluation.context import Context
from mriprivacy.challenge.evaluation.evaluator import evaluate
from mriprivacy.challenge.intake.description import write_submission_json
from mriprivacy.challenge.intake.submission import check_submission
from mriprivacy.data_prep.editions.build_edition import EditionConfig, build_edition
from mriprivacy.data_prep.formats.manifest import public_files
from mriprivacy.data_prep.formats.schema import SCORE_COLUMNS
from mriprivacy.data_prep.formats.tables.tsv import write_table
from tests.helpers.descriptions import about
from tests.helpers.engine import ENGINE, ENGINE_WORDS
from tests.helpers.two_contrasts import CONFIG as BETWEEN_SCANS
from tests.helpers.two_contrasts import write_two_contrasts


def words(edition: Path, submission: Path, output: Path, *more: str) -> list[str]:
    given = [f"edition={edition}", f"submission={submission}", f"output={output}", *more]
    return ["build-defaced", *given, *ENGINE_WORDS]


@pytest.fixture
def made(tiny_edition_folder: Path, defacing: Path, tmp_path: Path) -> Path:
    assert main(words(tiny_edition_folder, defacing, tmp_path / "made")) == 0
    return tmp_path / "made"


def test_it_is_an_edition_as_any_other_and_says_whose_scans_it_has(
    made: Path, tiny_edition: Edition, defacing: Path
) -> None:
    assert verify_edition(made) == ()
    open_sealed(made)
    edition = open_edition(made)
    assert (edition.name, edition.tracks) == ("tiny-system-1-0/2026.1", ("attack",))
    assert edition.description["defaced"] == {
        "edition": tiny_edition.name,
        "edition_hash": tiny_edition.hash,
        "team": "team",
        "system": "system-1.0",
        "submission_sha256": check_submission(defacing, tiny_edition).sha256,
    }
    assert "team/system-1.0 defaced those of tiny/2026.1" in (made / "public" / "README.md").read_text()
    assert edition.description["counts"] == tiny_edition.description["counts"]


def test_scans_are_those_that_were_sent_and_photographs_those_of_the_edition(
    made: Path, tiny_edition: Edition, defacing: Path
) -> None:
    edition = open_edition(made)
    whose, new = open_sealed(tiny_edition.root.parent).subjects, open_sealed(made).subjects
    for name, split in edition.splits.items():
        old = tiny_edition.splits[name]
        sent = {whose[probe]: defacing / name / "mri" / old.scan_name(probe) for probe in old.probes}
        for probe in split.probes:
            image, given = nib.load(split.scan(probe)), nib.load(sent[new[probe]])
            assert np.array_equal(image.get_fdata(), given.get_fdata())
            assert image.get_data_dtype() == np.float32
            assert np.array_equal(image.affine, given.affine)
        for condition in edition.conditions:
            was = Counter((whose[r], old.photo(r, condition).read_bytes()) for r in old.references)
            assert was == Counter((new[r], split.photo(r, condition).read_bytes()) for r in split.references)


def test_the_key_is_the_same_under_new_ids_and_in_another_order(made: Path, tiny_edition: Edition) -> None:
    edition, sealed, old = open_edition(made), open_sealed(made), open_sealed(tiny_edition.root.parent)

    def told(of: Edition, key: SealedKey) -> list[tuple]:
        return [(*(key.subjects[own] for own in pair), *key.trials[pair]) for pair in of.eval.trials]

    assert sorted(told(edition, sealed)) == sorted(told(tiny_edition, old))
    assert told(edition, sealed) != told(tiny_edition, old)
    people = {sealed.subjects[p]: own for p, own in sealed.attributes.items()}
    assert people == {old.subjects[p]: own for p, own in old.attributes.items()}
    assert {sealed.subjects[p]: a for p, a in sealed.ages.items()} == {
        old.subjects[p]: a for p, a in old.ages.items()
    }
    dev = Counter((sealed.subjects[p], sealed.subjects[r], m) for (p, r), m in edition.dev.key.items())
    assert dev == Counter((old.subjects[p], old.subjects[r], m) for (p, r), m in tiny_edition.dev.key.items())


def test_no_public_file_has_an_id_of_the_other_edition(made: Path, tiny_edition: Edition) -> None:
    old = [*open_sealed(tiny_edition.root.parent).subjects]
    public = made / "public"
    texts = [name for name in public_files(public) if not name.endswith((".png", ".nii.gz"))]
    everything = "\n".join([*public_files(public), *((public / name).read_text() for name in texts)])
    assert not [own for own in old if own in everything]


def test_it_is_the_same_whenever_it_is_made_and_another_under_another_name(
    made: Path, tiny_edition_folder: Path, defacing: Path, tmp_path: Path
) -> None:
    before = {name: (tiny_edition_folder / "public" / name).read_bytes() for name in ("MANIFEST.sha256",)}
    assert main(words(tiny_edition_folder, defacing, tmp_path / "again")) == 0
    assert open_edition(tmp_path / "again").hash == open_edition(made).hash
    assert main(words(tiny_edition_folder, defacing, tmp_path / "other", "id=other", "version=2")) == 0
    other = open_edition(tmp_path / "other")
    assert other.name == "other/2"
    assert not set(other.eval.probes) & set(open_edition(made).eval.probes)
    assert before == {name: (tiny_edition_folder / "public" / name).read_bytes() for name in before}


def attacked(edition: Edition, sealed: SealedKey, folder: Path) -> Entry:
    """Evaluate scores that depend on the people of a trial alone."""
    noise = np.random.default_rng(0).normal(size=(99, 99))
    number = {subject: i for i, subject in enumerate(sorted(set(sealed.subjects.values())))}
    rows = [
        (p, r, repr(float(noise[number[sealed.subjects[p]], number[sealed.subjects[r]]])))
        for p, r in edition.eval.trials
    ]
    folder.mkdir()
    write_table(folder / "scores.tsv", SCORE_COLUMNS, rows)
    write_submission_json(folder, **about(edition, "attack"))
    context = Context(edition, sealed, Protocol(bootstrap=50), folder / "cache", ENGINE)
    return evaluate(context, check_submission(folder, edition)).entry


def test_draws_of_people_are_those_of_the_edition_that_was_defaced(
    made: Path, tiny_edition: Edition, tmp_path: Path
) -> None:
    one = attacked(tiny_edition, open_sealed(tiny_edition.root.parent), tmp_path / "one")
    other = attacked(open_edition(made), open_sealed(made), tmp_path / "other")
    assert one.exposure_draws == other.exposure_draws
    assert len(set(one.draws)) > 2
    assert one.draws == other.draws
    assert one.defaced is None
    assert other.defaced is not None
    assert other.defaced.edition_hash == tiny_edition.hash


def test_references_that_are_scans_are_defaced_too(tmp_path: Path) -> None:
    config = EditionConfig(**{**vars(BETWEEN_SCANS), "tracks": ["defacing", "attack"]})
    build_edition(write_two_contrasts(tmp_path / "people"), tmp_path / "edition", config)
    edition, sent = open_edition(tmp_path / "edition"), tmp_path / "sent"
    write_submission_json(sent, **about(edition, "defacing"))
    for split in edition.splits.values():
        for name in split.scans:
            image = nib.load(split.scan(name))
            path = sent / split.name / "mri" / split.scan_name(name)
            path.parent.mkdir(parents=True)
            nib.save(nib.Nifti1Image(image.get_fdata() % 8, image.affine), path)
    assert main(words(tmp_path / "edition", sent, tmp_path / "made")) == 0
    assert verify_edition(tmp_path / "made") == ()
    made = open_edition(tmp_path / "made")
    assert made.eval.reference_contrast == "T2w"
    assert len(made.eval.scans) > len(made.eval.probes)
    assert {nib.load(made.eval.scan(name)).get_fdata().max() for name in made.eval.scans} == {7}


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        (("id=Upper",), "build-defaced: id is 'Upper'; expected 1-40 lower case letters"),
        (("id=tiny",), "id and version are those of tiny/2026.1"),
    ],
)
def test_names_that_are_none_are_refused(
    more: tuple[str, ...],
    problem: str,
    tiny_edition_folder: Path,
    defacing: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(words(tiny_edition_folder, defacing, tmp_path / "made", *more)) == 2
    assert problem in capsys.readouterr().err
    assert not (tmp_path / "made").exists()


def test_another_track_and_an_edition_that_was_changed_are_refused(
    own_edition_folder: Path,
    attack: Path,
    defacing: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(words(own_edition_folder, attack, tmp_path / "made")) == 2
    assert "track is attack; this phase is for defacing" in capsys.readouterr().err
    (own_edition_folder / "public" / "eval" / "trials.tsv").open("a").write("\n")
    assert main(words(own_edition_folder, defacing, tmp_path / "made")) == 2


def test_what_an_edition_says_of_itself_is_checked(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = made / "public" / "edition.json"
    said = json.loads(path.read_text())
    said["defaced"]["edition_hash"] = "../x"
    path.write_text(json.dumps(said))
    assert main(["check", f"edition={made}/public", "submission=nowhere"]) == 2
    assert "expected edition, edition_hash, team, system, submission_sha256" in capsys.readouterr().err
