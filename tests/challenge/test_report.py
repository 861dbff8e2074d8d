"""The report of submissions to the tiny edition, and the curves in it against what they must be."""

import re
from pathlib import Path

import html5lib
import numpy as np
import pytest
from board_entries import made_up
from engine import ENGINE

from challenge.edition import Edition
from challenge.entry import write_entry
from challenge.evaluation import evaluate
from challenge.evaluator import Evaluator
from challenge.protocol import Protocol
from challenge.report.curves import FMR, histogram, roc_band
from challenge.report.write import curves_of, write_report
from challenge.sealed import open_sealed
from challenge.submission import check_submission
from scoring import auc, roc


@pytest.fixture
def evaluator(tiny_edition: Edition, tiny_edition_folder: Path, tmp_path: Path) -> Evaluator:
    sealed = open_sealed(tiny_edition_folder)
    return Evaluator(tiny_edition, sealed, Protocol(bootstrap=50), tmp_path / "cache", ENGINE)


def written(evaluator: Evaluator, submission: Path, folder: Path) -> dict[str, str]:
    checked = check_submission(submission, evaluator.edition)
    page = write_report(folder, evaluate(evaluator, checked), evaluator, checked)
    return {path.name: path.read_text(encoding="utf-8") for path in page.parent.iterdir()}


def test_the_report_of_an_attack_is_whole_valid_and_the_same_again(
    evaluator: Evaluator, attack: Path, tmp_path: Path
) -> None:
    found = written(evaluator, attack, tmp_path / "first")
    assert {"report.html", "histograms.tsv", "roc.tsv", "det.tsv", "results.tsv"} <= set(found)
    linked = set(re.findall(r'href="([^"#]+[.]tsv)"', found["report.html"]))
    assert linked == set(found) - {"report.html"}
    html5lib.HTMLParser(strict=True).parse(found["report.html"])
    assert "keep the report with the key" in found["report.html"]
    assert "<svg" in found["report.html"]
    assert found["roc.tsv"].splitlines()[0] == "attacker\tfmr\ttmr\ttmr_low\ttmr_high"
    assert len(found["roc.tsv"].splitlines()) == len(FMR) + 1
    assert written(evaluator, attack, tmp_path / "second") == found


def test_the_report_of_attributes_has_no_curves(
    evaluator: Evaluator, attributes: Path, tmp_path: Path
) -> None:
    found = written(evaluator, attributes, tmp_path)
    assert set(found) == {"report.html", "attributes.tsv"}
    html5lib.HTMLParser(strict=True).parse(found["report.html"])


def test_a_defacing_system_shows_its_strongest_attacker_of_every_level() -> None:
    shown = curves_of(made_up(0))
    assert [(result.name, result.level) for result in shown] == [
        ("deepface(Dlib)+bald", level) for level in ("ignorant", "adapted", "informed")
    ]


def test_draws_cannot_be_told_from_the_public_seed_and_are_the_same_again(
    evaluator: Evaluator, attack: Path, tmp_path: Path
) -> None:
    checked = check_submission(attack, evaluator.edition)
    first, second = evaluate(evaluator, checked), evaluate(evaluator, checked)
    assert first.draws == second.draws
    assert len(first.draws) == 50
    evaluator.protocol.bootstrap_seed = 1
    assert evaluate(evaluator, checked).draws == first.draws
    path = write_entry(tmp_path, first)
    assert '"draws": "0.' in path.read_text()


def test_a_band_holds_its_roc_and_the_area_under_it_is_the_auc() -> None:
    rng = np.random.default_rng(0)
    probe, reference = (side.astype(str) for side in np.divmod(np.arange(900), 30))
    mated = probe == reference
    scores = rng.normal(size=900) + 1.5 * mated
    band = roc_band(scores, mated, np.stack([probe, reference], axis=1), 200, 0)
    assert (band.low <= band.high).all()
    assert ((band.low <= band.tmr + 0.03) & (band.tmr <= band.high + 0.03)).all()
    assert (np.diff(band.tmr) >= 0).all()
    area = np.sum(np.diff(band.fmr) * (band.tmr[1:] + band.tmr[:-1]) / 2)
    assert area == pytest.approx(auc(scores[mated], scores[~mated]), abs=0.01)
    curve = roc(scores[mated], scores[~mated])
    assert band.tmr == pytest.approx(np.interp(FMR, curve.fmr, curve.tmr))


@pytest.mark.parametrize(
    ("mated", "nonmated", "expected"), [([3.0, 4.0], [1.0, 2.0], 1.0), ([1.0, 2.0], [3.0, 4.0], 0.0)]
)
def test_linkability_of_separated_scores(mated: list[float], nonmated: list[float], expected: float) -> None:
    found = histogram(np.array(mated), np.array(nonmated))
    assert found.linkability[-1] == expected
    assert found.linkability[0] == 0
    assert found.mated.sum() == pytest.approx(1)
    assert found.nonmated.sum() == pytest.approx(1)


def test_constant_scores_have_a_histogram() -> None:
    found = histogram(np.full(3, 2.0), np.full(9, 2.0))
    assert (found.linkability == 0).all()
    assert found.mated.max() == found.nonmated.max() == 1


@pytest.mark.parametrize(
    ("synthetic", "allowed", "shown"), [(True, False, True), (False, False, False), (False, True, True)]
)
def test_faces_of_real_people_are_shown_only_where_the_organizer_says_so(
    evaluator: Evaluator, defacing: Path, tmp_path: Path, synthetic: bool, allowed: bool, shown: bool
) -> None:
    evaluator.protocol.spacing_mm = 4.0
    evaluator.failures["sub-x"] = "no face <found>"
    checked, entry = check_submission(defacing, evaluator.edition), made_up(0, synthetic=synthetic)
    noise = np.random.default_rng(0)
    for result in entry.results:
        evaluator.scores[f"{result.name}/{result.level}"] = noise.normal(
            size=len(evaluator.edition.eval.trials)
        )
    text = write_report(tmp_path, entry, evaluator, checked, faces=allowed).read_text()
    assert ("data:image/jpeg" in text) == shown
    assert "no face &lt;found&gt;" in text
    html5lib.HTMLParser(strict=True).parse(text)
