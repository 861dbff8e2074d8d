"""Intake: one broken property a submission, every one refused with the reason."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from mriprivacy.challenge.edition.public import Edition, open_edition
from mriprivacy.challenge.intake.submission import AttributesSubmission, DefacingSubmission, check_submission
from tests.helpers.hostile_scores import ATTACKS, cells, rows, score

Refused = Callable[[Path, Edition], tuple[str, ...]]


def test_good_submissions(tiny_edition: Edition, attack: Path, attributes: Path, defacing: Path) -> None:
    one = check_submission(attack, tiny_edition)
    assert one.scores == tuple(12 + i / 7 for i in range(len(tiny_edition.eval.trials)))
    assert (one.track, one.team, one.system, one.warnings) == ("attack", "team", "system-1.0", ())
    two = check_submission(attributes, tiny_edition)
    assert isinstance(two, AttributesSubmission)
    assert set(two.attributes) == set(tiny_edition.eval.probes)
    assert two.attributes[tiny_edition.eval.probes[-1]].sex == "F"
    three = check_submission(defacing, tiny_edition)
    assert isinstance(three, DefacingSubmission)
    assert len(three.scans) == 10
    assert three.warnings == ()
    assert len({one.sha256, two.sha256, three.sha256}) == 3


def test_scores_are_joined_by_id_never_by_position(tiny_edition: Edition, attack: Path) -> None:
    before = check_submission(attack, tiny_edition)
    lines = (attack / "scores.tsv").read_text().splitlines(keepends=True)
    (attack / "scores.tsv").write_text("".join([lines[0], *sorted(lines[1:])]))
    after = check_submission(attack, tiny_edition)
    assert after.scores == before.scores
    assert after.sha256 != before.sha256


@pytest.mark.parametrize("name", ATTACKS)
def test_attack_submissions_that_are_refused(
    name: str, attack: Path, tiny_edition: Edition, refused: Refused
) -> None:
    spoil, words = ATTACKS[name]
    spoil(attack)
    problems = refused(attack, tiny_edition)
    assert any(words in problem for problem in problems), problems
    if name == "two problems":
        assert len(problems) == 2


def test_problems_of_all_files_are_told_at_once(
    attack: Path, tiny_edition: Edition, refused: Refused
) -> None:
    about = json.loads((attack / "submission.json").read_text()) | {"contact": "me", "edition": "tiny/2027.1"}
    (attack / "submission.json").write_text(json.dumps(about))
    score("nan")(attack)
    (attack / "x").write_text("")
    problems = refused(attack, tiny_edition)
    names = [problem.partition(":")[0] for problem in problems]
    assert names == ["submission.json", "the submission", "scores.tsv"]
    (attack / "submission.json").write_text(json.dumps(about | {"track": ["attack"]}))
    assert all(problem.startswith("submission.json") for problem in refused(attack, tiny_edition))


def test_many_of_a_kind_are_counted_and_five_named(
    attack: Path, tiny_edition: Edition, refused: Refused
) -> None:
    rows(lambda x: [x[0], *x[8:], *["NA\tNA\t1\n"] * 6])(attack)
    unknown, missing = refused(attack, tiny_edition)
    assert "trial that is not in the eval list (6 in all): line" in unknown
    assert unknown.endswith(", ...")
    assert unknown.count("'NA NA'") == 5
    assert missing.startswith("scores.tsv: trial missing (7 in all): sub-")
    assert missing.count("sub-") == 5


def test_dev_trials_are_not_eval_trials(attack: Path, tiny_edition: Edition, refused: Refused) -> None:
    probe, reference = tiny_edition.dev.trials[0]
    rows(lambda x: [*x, f"{probe}\t{reference}\t1\n"])(attack)
    (problem,) = refused(attack, tiny_edition)
    assert f"'{probe} {reference}'" in problem


def test_constant_scores_are_warned_about(attack: Path, tiny_edition: Edition) -> None:
    rows(lambda x: [x[0], *("\t".join([*cells(line)[:2], "0"]) + "\n" for line in x[1:])])(attack)
    (warning,) = check_submission(attack, tiny_edition).warnings
    assert "every score is 0" in warning


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("\tF\t", "\tf\t", "sex is not one of F, M: line"),
        ("18-29", "18-30", "age_group is not one of 18-29, 30-44, 45-59, 60+: line"),
        ("asian", "n/a", "ethnicity is not one of african, asian: line"),
        ("sub-", "sub_", "probe missing: sub-"),
        ("probe\t", "participant_id\t", "the header is"),
    ],
)
def test_attributes_that_are_refused(
    attributes: Path, tiny_edition: Edition, refused: Refused, old: str, new: str, words: str
) -> None:
    path = attributes / "attributes.tsv"
    path.write_text(path.read_text().replace(old, new, 1))
    assert any(words in problem for problem in refused(attributes, tiny_edition))


def test_one_answer_for_all_is_warned_about(attributes: Path, tiny_edition: Edition) -> None:
    path = attributes / "attributes.tsv"
    path.write_text(path.read_text().replace("\tF\t", "\tM\t"))
    assert check_submission(attributes, tiny_edition).warnings == (
        "attributes.tsv: sex is M for every probe",
    )


def test_check_needs_no_key(own_edition_folder: Path, attack: Path) -> None:
    shutil.rmtree(own_edition_folder / "sealed")
    assert check_submission(attack, open_edition(own_edition_folder)).scores


def test_no_folder(tmp_path: Path, tiny_edition: Edition, refused: Refused) -> None:
    (problem,) = refused(tmp_path / "nowhere", tiny_edition)
    assert "no such folder or zip; expected one with submission.json" in problem


@pytest.mark.parametrize("track", ["attack", "attributes"])
def test_a_submission_without_its_table_is_refused(
    track: str, tiny_edition: Edition, refused: Refused, request: pytest.FixtureRequest
) -> None:
    folder = request.getfixturevalue(track)
    table = {"attack": "scores.tsv", "attributes": "attributes.tsv"}[track]
    (folder / table).unlink()
    problems = refused(folder, tiny_edition)
    assert any(table in problem for problem in problems), problems
