"""The information budget: what a key holds, what answers give away, and what an attacker makes of them."""

import json
import math
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from mriprivacy.challenge.cli import main
from mriprivacy.challenge.edition.public import Edition, open_edition
from mriprivacy.challenge.export.columns import shown_bits
from mriprivacy.challenge.intake.description import write_submission_json
from mriprivacy.challenge.submission_log.budget import (
    SHARE,
    SHOWN_RANGE,
    Budget,
    answer_bits,
    levels,
    log_bits,
    pair_bits,
    shown,
)
from mriprivacy.challenge.submission_log.head import RecordError
from mriprivacy.challenge.submission_log.log import Event, Limits, admit, read_log
from mriprivacy.data_prep.editions.build_edition import EditionConfig, build_edition
from mriprivacy.data_prep.editions.trials import make_trials
from mriprivacy.data_prep.formats.schema import SCORE_COLUMNS, Attributes
from mriprivacy.data_prep.formats.tables.tsv import write_table
from mriprivacy.scoring import auc
from tests.helpers.key_search import aucs, find_key, half_tables
from tests.helpers.tiny_cohort import write_tiny_cohort


def of_people(people: int, limits: Limits) -> Budget:
    return Budget(people, math.log2(math.factorial(people)), log_bits("attack", limits))


def pairs_found(people: int, answers: int, step: float, seed: int) -> int:
    """Return how many pairs an attacker finds with random tables; without a step it sees two digits."""
    rng = np.random.default_rng(seed)
    tables, key = half_tables(answers, people, rng), rng.permutation(people)
    own = np.zeros((people, people), bool)
    own[np.arange(people), key] = True
    scores = [auc(table[own], table[~own]) for table in tables]
    if step:
        told = np.array([shown(score, step, 0.5, 1.0) for score in scores])
        low, high = np.where(told == 0.5, 0, told), told + step
    else:
        told = np.round(scores, 2)
        low, high = told - 0.005, told + 0.005
    guess, fits = find_key(tables, low, high, rng)
    assert fits or not step
    return int((guess == key).sum())


@pytest.mark.long
def test_twenty_tables_and_two_digits_gave_the_key_away() -> None:
    """As it was, one team alone finds every pair of twelve people: the attacker is one that can succeed."""
    found = [pairs_found(12, 20, 0, seed) for seed in range(7)]
    assert found.count(12) >= 5


@pytest.mark.long
def test_steps_alone_protect_nothing() -> None:
    """Twenty teams with the five submissions that a team may well have: it is the sum that counts."""
    assert np.mean([pairs_found(12, 100, Limits().step, seed) for seed in range(4)]) > 4


@pytest.mark.parametrize(("people", "tries"), [(12, 300), (49, 60)])
def test_at_the_defaults_the_attacker_finds_what_chance_does(people: int, tries: int) -> None:
    """All teams together. By chance a key has one pair right, with a variance of one.

    The bound is three standard errors above: 1.17 pairs of twelve, 1.39 of 49.
    """
    limits = Limits()
    answers = of_people(people, limits).answers
    assert answers >= 1
    found = [pairs_found(people, answers, limits.step, seed) for seed in range(tries)]
    assert np.mean(found) < 1 + 3 / np.sqrt(tries)
    assert max(found) < people / 2


@pytest.mark.parametrize("step", [0.01, 0.1, 0.5])
def test_no_attacker_finds_half_of_the_pairs_but_by_luck(step: float) -> None:
    """So many pairs are right by chance with probability 1 / pairs! at most; answers raise it by 2^bits."""
    for people in range(12, 201):
        budget = of_people(people, Limits(step=step))
        assert budget.answers * budget.answer <= budget.may == SHARE * budget.holds
        assert 2**budget.may / math.factorial((people + 1) // 2) < 0.04


def test_a_challenge_on_the_standard_editions_can_be_held() -> None:
    assert of_people(49, Limits()).answers == 12  # four teams of three, as the limits are
    assert of_people(100, Limits()).answers >= 30


@pytest.mark.parametrize("step", [0.01, 0.03, 0.05, 0.1, 0.2, 0.25, 0.3, 0.4, 0.5])
@pytest.mark.parametrize("track", SHOWN_RANGE)
def test_there_are_no_more_answers_than_are_counted(track: str, step: float) -> None:
    low, high = SHOWN_RANGE[track]
    seen = {shown(float(value), step, low, high) for value in np.linspace(-1, 1.5, 25001)}
    assert len(seen) == levels(step, low, high)
    assert low == min(seen)
    assert max(seen) <= high


def test_the_attackers_aucs_are_the_kits() -> None:
    rng = np.random.default_rng(2)
    tables, key = half_tables(3, 7, rng), rng.permutation(7)
    own = np.zeros((7, 7), bool)
    own[np.arange(7), key] = True
    assert aucs(tables, key[None])[0] == pytest.approx([auc(table[own], table[~own]) for table in tables])


@pytest.mark.parametrize(("people", "others", "keys"), [(5, 0, 120), (6, 2, 36), (7, 2, 18), (4, 2, 3)])
def test_a_key_holds_what_its_list_leaves_open(people: int, others: int, keys: int) -> None:
    """Lists of all pairs, of groups, of a group and a circle, of a circle; no more than fit the list."""
    names = [f"s{n}" for n in range(people)]
    probes, references = {f"p-{s}": s for s in names}, {f"r-{s}": s for s in names}
    alike = dict.fromkeys(names, Attributes("F", "18-29", "asian"))
    made = make_trials(probes, references, alike, np.random.default_rng(people), others)
    trials = [(trial.probe, trial.reference) for trial in made]
    assert round(2 ** pair_bits(trials, probes | references)) == keys
    listed = set(trials)
    orders = permutations(references)
    fits = sum(all(pair in listed for pair in zip(probes, order, strict=True)) for order in orders)
    assert keys <= fits


def test_people_with_more_images_are_not_exchanged_with_others() -> None:
    subjects = {"a1": "a", "a2": "a", "b1": "b", "c1": "c", "x": "a", "y": "b", "z": "c"}
    trials = [(probe, reference) for probe in ("a1", "a2", "b1", "c1") for reference in "xyz"]
    assert round(2 ** pair_bits(trials, subjects)) == 2


def test_every_column_is_counted() -> None:
    one = shown_bits("attack", 0.01, "deciding")
    assert one == answer_bits([51])
    assert shown_bits("attack", 0.01, "all") > 6 * one
    assert shown_bits("defacing", 0.1, "deciding") == answer_bits([6])  # utility needs no key


def test_answers_to_all_teams_are_added_up(tmp_path: Path) -> None:
    """Across teams, tracks and steps; those of older kits, which have no bits, count as two digits."""

    def accepted(name: str, bits: float) -> Event:
        return Event("accepted", "synth/1", "attack", f"team{name}", "s", name * 64, bits=bits)

    admit(tmp_path, accepted("a", 0.0), Limits())
    admit(tmp_path, accepted("b", 2.5), Limits(), may=9.2)
    admit(tmp_path, accepted("b", 2.5), Limits(), may=9.2)  # the same bytes: known
    with pytest.raises(RecordError) as caught:
        admit(tmp_path, accepted("c", 2.5), Limits(), may=9.2)
    (line,) = caught.value.problems
    assert "2 answers to all teams can give away 9.2 bits of the key, and one more 2.50" in line
    assert "they may give away 9.2" in line
    with pytest.raises(RecordError, match="all teams: 2 submissions were accepted in all; the limit is 2"):
        admit(tmp_path, accepted("c", 2.5), Limits(all_teams=2))
    assert [event.event for event in read_log(tmp_path)] == ["accepted"] * 2 + ["over limit"] * 2


@pytest.fixture(scope="module")
def twenty_people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An edition with twenty people in eval, ten of whom have two photographs."""
    root = tmp_path_factory.mktemp("twenty")
    cohort = write_tiny_cohort(root / "cohort", 40)
    config = EditionConfig(id="twenty", seed=3, hair_removal="given", tracks=["attack"])
    build_edition(cohort, root / "edition", config)
    return root / "edition"


def random_scores(folder: Path, edition: Edition, team: str) -> Path:
    about = {"system": "s", "description": "x", "contact": "a@b.org", "licence": "MIT"}
    write_submission_json(folder, edition=edition.name, track="attack", team=team, **about)
    scores = np.random.default_rng(len(team)).random(len(edition.eval.trials))
    rows = [(*trial, repr(float(score))) for trial, score in zip(edition.eval.trials, scores, strict=True)]
    write_table(folder / "scores.tsv", SCORE_COLUMNS, rows)
    return folder


def test_the_log_of_an_edition_stops_at_its_budget(
    twenty_people: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """2 log2 10! bits are 43.6; a sixth is 7.3; an answer of six levels, or none, is 2.8: two answers."""
    edition = open_edition(twenty_people)
    words = [f"edition={twenty_people}", f"output={tmp_path / 'out'}", f"cache={tmp_path / 'cache'}"]
    words += [f"record={tmp_path / 'record'}"]

    def evaluated(team: str, *more: str) -> tuple[int, str]:
        submission = random_scores(tmp_path / team, edition, team)
        status = main(["evaluate", *words, f"submission={submission}", *more])
        return status, "".join(capsys.readouterr())

    status, told = evaluated("a", "limits.all_teams=3")
    assert status == 2
    numbers = "the key of 20 people in eval holds 43.6 bits, of which answers to all teams may give away 7.3"
    assert f"limits.all_teams is 3: {numbers}; one answer can give away 2.81, 3 answers 8.4" in told
    assert not (tmp_path / "record").exists()
    assert [evaluated(team)[0] for team in ("a", "bb")] == [0, 0]
    status, told = evaluated("ccc")
    assert status == 2
    assert "2 answers to all teams can give away 5.6 bits of the key, and one more 2.81" in told
    assert evaluated("ccc", "limits.open_key=true")[0] == 0


def test_a_standard_edition_is_said_to_be_open(
    twenty_people: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its seed is published, so a person with the kit has the key."""
    edition = open_edition(twenty_people)
    monkeypatch.setattr("mriprivacy.challenge.release.published.published", lambda: {edition.name: {}})
    words = [f"edition={twenty_people}", f"output={tmp_path / 'out'}", f"cache={tmp_path / 'cache'}"]
    words += [f"record={tmp_path / 'record'}", f"submission={random_scores(tmp_path / 'a', edition, 'a')}"]
    assert main(["evaluate", *words]) == 0
    assert "anybody can make its key, and no budget protects it" in capsys.readouterr().out


@pytest.mark.parametrize("target", ["codabench", "grand_challenge"])
def test_an_export_beyond_the_budget_is_refused_with_the_numbers(
    target: str, twenty_people: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [f"target={target}", f"edition={twenty_people}", f"output={tmp_path / 'out'}"]
    for more in (["columns=all"], ["limits.all_teams=3"], ["limits.step=0.01", "limits.all_teams=2"]):
        assert main(["export", *words, *more]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert "holds 43.6 bits, of which answers to all teams may give away 7.3" in line
        assert "expected" in line
        assert "limits.step" in line
        assert not (tmp_path / "out").exists()


def test_a_container_names_the_submissions_that_the_budget_allows(
    twenty_people: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["target=grand_challenge", f"edition={twenty_people}", f"output={tmp_path / 'out'}"]
    assert main(["export", *words]) == 0
    assert "2 submissions of all teams together can give away 5.6 of the 43.6" in capsys.readouterr().out
    assert "at most 2 submissions of all participants" in (tmp_path / "out" / "README.md").read_text()
    entrypoint = json.loads((tmp_path / "out" / "Dockerfile").read_text().split("ENTRYPOINT ")[1])
    assert entrypoint[-2:] == ["0.1", "deciding"]
