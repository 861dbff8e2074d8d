"""Good submissions to the tiny edition, and the one way in which a bad one must be refused."""

import random
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from mriprivacy.challenge.attackers.features import ImageFeatures
from mriprivacy.challenge.edition.protocol import Protocol
from mriprivacy.challenge.edition.public import Edition
from mriprivacy.challenge.edition.sealed import open_sealed
from mriprivacy.challenge.evaluation.context import Context, Evaluation
from mriprivacy.challenge.intake.submission import (
    SubmissionError,
    check_submission,
    received,
    write_submission_json,
)
from mriprivacy.challenge.leaderboard.pages.report import write_report
from mriprivacy.data_prep.formats.schema import ATTRIBUTE_COLUMNS, SCORE_COLUMNS
from mriprivacy.data_prep.formats.tables.tsv import write_table
from tests.helpers.board_entries import made_up
from tests.helpers.descriptions import about
from tests.helpers.engine import ENGINE

Refused = Callable[[Path, Edition], tuple[str, ...]]


@pytest.fixture
def attack(tiny_edition: Edition, tmp_path: Path) -> Path:
    """A good attack submission, its rows in another order than the edition's."""
    folder = tmp_path / "attack"
    write_submission_json(folder, **about(tiny_edition, "attack"))
    rows = [(p, r, repr(len(p) + i / 7)) for i, (p, r) in enumerate(tiny_edition.eval.trials)]
    random.Random(1).shuffle(rows)
    write_table(folder / "scores.tsv", SCORE_COLUMNS, rows)
    return folder


@pytest.fixture
def attributes(tiny_edition: Edition, tmp_path: Path) -> Path:
    """A good attributes submission."""
    folder = tmp_path / "attributes"
    write_submission_json(folder, **about(tiny_edition, "attributes"))
    values = [("F", "18-29", "asian"), ("M", "60+", "african")]
    rows = [(probe, *values[i % 2]) for i, probe in enumerate(reversed(tiny_edition.eval.probes))]
    write_table(folder / "attributes.tsv", ATTRIBUTE_COLUMNS, rows)
    return folder


@pytest.fixture
def defacing(tiny_edition: Edition, tmp_path: Path) -> Path:
    """A good defacing submission: the front of every scan set to zero."""
    folder = tmp_path / "defacing"
    write_submission_json(folder, **about(tiny_edition, "defacing"))
    for split in tiny_edition.splits.values():
        for probe in split.probes:
            image = nib.load(split.scan(probe))
            data = np.asanyarray(image.dataobj).copy()
            data[:, 20:] = 0
            path = folder / split.name / "mri" / split.scan_name(probe)
            path.parent.mkdir(parents=True)
            nib.save(nib.Nifti1Image(data, image.affine), path)
    return folder


@pytest.fixture(scope="session")
def secrets(tiny_edition_folder: Path) -> tuple[str, ...]:
    """What no message may tell: labels, people, the nonce."""
    sealed = open_sealed(tiny_edition_folder)
    nonce = (tiny_edition_folder / "sealed" / "nonce").read_text().strip()
    return ("mated", "matched", nonce, *set(sealed.subjects.values()))


@pytest.fixture
def context(tiny_edition: Edition, tiny_edition_folder: Path, tmp_path: Path) -> Context:
    sealed = open_sealed(tiny_edition_folder)
    return Context(tiny_edition, sealed, Protocol(bootstrap=50), tmp_path / "cache", ENGINE)


@pytest.fixture
def defacing_report(context: Context, defacing: Path) -> Callable[..., Path]:
    """Writes the report of the defacing submission below a folder, of made-up scores: no attacker runs."""

    def write(folder: Path, synthetic: bool = True, faces: bool = False) -> Path:
        coarse = replace(context, protocol=replace(context.protocol, spacing_mm=4.0))
        entry = made_up(0, synthetic=synthetic)
        noise = np.random.default_rng(0)
        scores = {one.attacker: noise.normal(size=len(context.trials.pairs)) for one in entry.results}
        images = {"defaced": {"sub-x": ImageFeatures(False, "no face <found>", {})}}
        submission = check_submission(defacing, context.edition)
        return write_report(folder, Evaluation(entry, scores, images), coarse, submission, faces=faces)

    return write


@pytest.fixture
def refused(secrets: tuple[str, ...]) -> Refused:
    """Problems of a submission that must be refused in two seconds; none tells a secret or a place."""

    def problems(folder: Path, edition: Edition) -> tuple[str, ...]:
        start = time.process_time()
        with pytest.raises(SubmissionError) as caught, received(folder, edition):
            pass
        assert time.process_time() - start < 2
        for problem in caught.value.problems:
            assert problem.isprintable()
            assert not any(word in problem for word in (str(folder), str(edition.root), *secrets))
        return caught.value.problems

    return problems
