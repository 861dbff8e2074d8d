"""Each way to seem private without being it is named in the entry, and the system is not ranked.

Attackers see the front surface of toy heads, and of photographs what the undefaced head shows; all else is a
whole evaluation.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from mriprivacy.challenge.attackers.features import ImageFeatures
from mriprivacy.challenge.edition.protocol import Protocol
from mriprivacy.challenge.edition.public import open_edition
from mriprivacy.challenge.edition.sealed import open_sealed
from mriprivacy.challenge.entry.entry import Entry, may_be_ranked
from mriprivacy.challenge.entry.entry_file import read_entry, write_entry
from mriprivacy.challenge.evaluation.checks.face_presence import FacesLeft
from mriprivacy.challenge.evaluation.context import Context
from mriprivacy.challenge.evaluation.evaluator import evaluate
from mriprivacy.challenge.export.columns import platform_scores
from mriprivacy.challenge.intake.submission import SubmissionError, check_submission, write_submission_json
from mriprivacy.challenge.leaderboard.pages.terminal import ranking, summary
from mriprivacy.data_prep.editions.build_edition import EditionConfig, build_edition
from tests.helpers import toy_heads
from tests.helpers.engine import ENGINE
from tests.helpers.toy_heads import Game

PEOPLE = 24
PROTOCOL = Protocol(attacks=["geo"], bootstrap=100, reanalysed=0)
ABOUT = {"team": "team", "description": "A line.", "contact": "a@b.org", "licence": "MIT"}
Evaluate = Callable[..., Entry]


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Context:
    folder = tmp_path_factory.mktemp("games")
    cohort = toy_heads.write_toy_cohort(folder / "cohort", PEOPLE)
    build_edition(cohort, folder / "edition", EditionConfig(id="tiny", seed=3, hair_removal="given"))
    return Context(
        open_edition(folder / "edition"), open_sealed(folder / "edition"), PROTOCOL, folder, ENGINE
    )


@pytest.fixture(scope="module")
def judge(context: Context, tmp_path_factory: pytest.TempPathFactory) -> Evaluate:
    """Evaluate a system that does one thing with `dev` and another with `eval`."""
    edition, of = context.edition, context.sealed.subjects
    scans = {
        name: {probe: np.asanyarray(nib.load(split.scan(probe)).dataobj) for probe in split.probes}
        for name, split in edition.splits.items()
    }
    face = {of[p]: toy_heads.surface(own[p]) for own in scans.values() for p in own}
    noise = np.random.default_rng(4)

    def extract(
        paths, kind, extraction, label, compute, untrusted=False, heads=()
    ) -> dict[str, ImageFeatures]:
        def one(name: str, path: Path) -> ImageFeatures:
            if kind == "scan":
                seen = toy_heads.surface(np.asanyarray(nib.load(path).dataobj))
            else:
                seen = face[of[name.rsplit(" ", 1)[1]]] + noise.normal(size=len(seen_by_all)) * 0.3
            return ImageFeatures(True, "", {"geo": seen[::2], "volume": seen})

        seen_by_all = next(iter(face.values()))
        return {name: one(name, path) for name, path in paths.items()}

    @cache
    def run(system: Game, on_dev: Game | None = None) -> Entry:
        folder = tmp_path_factory.mktemp("system")
        about = {**ABOUT, "system": system.__name__.replace("_", "-")}
        write_submission_json(folder, edition=edition.name, track="defacing", **about)
        for name, split in edition.splits.items():
            defacer = on_dev if on_dev and name == "dev" else system
            for probe in split.probes:
                path = folder / name / "mri" / split.scan_name(probe)
                path.parent.mkdir(parents=True, exist_ok=True)
                data = np.asarray(defacer(scans[name], probe), np.int16)
                nib.save(nib.Nifti1Image(data, nib.load(split.scan(probe)).affine), path)
        with pytest.MonkeyPatch.context() as patch:
            room = "mriprivacy.challenge.evaluation.defacing."
            patch.setattr(room + "extract", extract)
            patch.setattr(room + "predict_from_images", lambda *_: ([], [], []))
            patch.setattr(room + "leak_checks", lambda *_: [])
            patch.setattr(
                room + "look_for_faces", lambda *_: FacesLeft({}, (), frozenset(), {})
            )  # nor have toys a brain of ours
            patch.setattr(room + "SHUFFLED_KEYS", 2)  # the audit is tested elsewhere
            patch.setattr(room + "KEYS_A_CALL", 2)
            return evaluate(context, check_submission(folder, edition)).entry

    return run


@pytest.mark.parametrize(
    ("system", "on_dev", "name"),
    [
        (toy_heads.shell, None, "the original face is inside: in 24 of 24 scans"),
        pytest.param(
            toy_heads.brighter, None, "the original face is inside: in 24 of 24 scans", marks=pytest.mark.long
        ),
        (toy_heads.swapped, None, "faces of other people: in 24 of 24 scans (the head of sub-"),
        pytest.param(toy_heads.moved, None, "faces of other people: in ", marks=pytest.mark.long),
        pytest.param(
            toy_heads.two_patients,
            None,
            "faces of other people: in 20 of 24 scans (the head of sub-",
            marks=pytest.mark.long,
        ),
        pytest.param(toy_heads.filled, None, "faces of other people: in ", marks=pytest.mark.long),
        pytest.param(
            toy_heads.one_voxel,
            None,
            "not defaced: 24 of 24 scans are the originals but for less than 1%",
            marks=pytest.mark.long,
        ),
        (toy_heads.honest, toy_heads.stripped, "dev and eval are defaced in different ways: "),
    ],
    ids=lambda one: getattr(one, "__name__", None),
)
def test_a_game_is_named_and_not_ranked(
    judge: Evaluate, tmp_path: Path, system: Game, on_dev: Game | None, name: str
) -> None:
    entry = judge(system, on_dev)
    assert any(line.startswith(name) for line in entry.games), entry.games
    assert not may_be_ranked(entry)
    assert f"not ranked: {name}" in summary(entry)
    assert f"\n-     {entry.system} " in ranking([entry])  # it has no ranks
    with pytest.raises(SubmissionError) as refused:
        platform_scores(entry)
    if entry.gate.passed == entry.gate.scans:  # a scan that fails the gate is named first
        assert str(refused.value).startswith("plays a game (")  # how many, and which, would tell of the key
        assert not any(probe in str(refused.value) for probe in ("sub-", " of "))
    else:
        assert " scans fail the gate" in str(refused.value)
    write_entry(tmp_path, entry)
    assert read_entry(tmp_path / entry.path) == entry


def test_a_defacer_that_takes_faces_plays_no_game(judge: Evaluate) -> None:
    entry = judge(toy_heads.honest)
    assert entry.games == ()
    assert entry.gate.passed == entry.gate.scans
    assert may_be_ranked(entry)
    assert entry.face["kept_share"].value < 0.7


@pytest.mark.long
def test_who_is_named(judge: Evaluate, context: Context) -> None:
    """Of every exchanged head it is said whose it is."""
    line = next(line for line in judge(toy_heads.swapped).games if line.startswith("faces"))
    following = {}
    for split in context.edition.splits.values():
        names = list(split.probes)
        following |= dict(zip(names, [*names[1:], names[0]], strict=True))
    pairs = [part.split(" is in the scan of ") for part in line.split("the head of ")[1:]]
    named = {scan.split(",")[0].strip(" .)"): head for head, scan in pairs}
    assert len(named) == 5
    assert all(following[scan] == head for scan, head in named.items())


def test_stripped_dev_does_not_affect_cross_fitted_attackers(judge: Evaluate) -> None:
    """Training on stripped heads of dev links no person; training on other people of eval does."""

    def area(entry: Entry, level: str) -> float:
        return max(
            r.figures["auc"].value
            for r in entry.results
            if r.level == level and r.trial_list == "all" and not r.name.startswith("fusion")
        )

    entry = judge(toy_heads.honest, toy_heads.stripped)
    assert area(entry, "cross-fitted") > area(entry, "informed") + 0.1
