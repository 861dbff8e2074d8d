"""The report of submissions to the tiny edition, and the curves in it against what they must be."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import html5lib
import numpy as np
import pytest
from sklearn.isotonic import IsotonicRegression

from mriprivacy.challenge.entry.entry_file import write_entry
from mriprivacy.challenge.evaluation.context import Context
from mriprivacy.challenge.evaluation.evaluator import evaluate
from mriprivacy.challenge.intake.submission import check_submission
from mriprivacy.challenge.leaderboard.pages.report import curves_of, write_report
from mriprivacy.challenge.leaderboard.plots import report_plots
from mriprivacy.challenge.leaderboard.plots.report_plots import BINS, FMR, histogram, histograms, roc_band
from mriprivacy.scoring import auc, roc
from mriprivacy.scoring.metrics.linkability import MIN_MATED
from tests.helpers.board_entries import made_up

pytestmark = pytest.mark.pipeline
Report = Callable[..., Path]  # `defacing_report`


def written(context: Context, submission: Path, folder: Path) -> dict[str, str]:
    checked = check_submission(submission, context.edition)
    page = write_report(folder, evaluate(context, checked), context, checked)
    return {path.name: path.read_text(encoding="utf-8") for path in page.parent.iterdir()}


def test_the_report_of_an_attack_is_whole_valid_and_the_same_again(
    context: Context, attack: Path, tmp_path: Path
) -> None:
    found = written(context, attack, tmp_path / "first")
    assert {"report.html", "histograms.tsv", "roc.tsv", "det.tsv", "results.tsv"} <= set(found)
    linked = set(re.findall(r'href="([^"#]+[.]tsv)"', found["report.html"]))
    assert linked == set(found) - {"report.html"}
    html5lib.HTMLParser(strict=True).parse(found["report.html"])
    assert "keep the report with the key" in found["report.html"]
    assert "<svg" in found["report.html"]
    assert found["roc.tsv"].splitlines()[0] == "attacker\tfmr\ttmr\ttmr_low\ttmr_high"
    assert len(found["roc.tsv"].splitlines()) == len(FMR) + 1
    assert written(context, attack, tmp_path / "second") == found


def test_the_report_of_attributes_has_no_curves(context: Context, attributes: Path, tmp_path: Path) -> None:
    found = written(context, attributes, tmp_path)
    assert set(found) == {"report.html", "attribute_gains.tsv", "attributes.tsv"}
    html5lib.HTMLParser(strict=True).parse(found["report.html"])


def test_a_defacing_system_shows_its_strongest_attacker_of_every_level() -> None:
    shown = curves_of(made_up(0))
    assert [(result.name, result.level) for result in shown] == [
        ("deepface(Dlib)+bald", level) for level in ("ignorant", "adapted", "informed")
    ]


def test_draws_cannot_be_told_from_the_public_seed_and_are_the_same_again(
    context: Context, attack: Path, tmp_path: Path
) -> None:
    checked = check_submission(attack, context.edition)
    first, second = (evaluate(context, checked).entry for _ in range(2))
    assert first.draws == second.draws
    assert len(first.draws) == 50
    other = replace(context, protocol=replace(context.protocol, bootstrap_seed=1))
    assert evaluate(other, checked).entry.draws == first.draws
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
    defacing_report: Report, tmp_path: Path, synthetic: bool, allowed: bool, shown: bool
) -> None:
    text = defacing_report(tmp_path, synthetic=synthetic, faces=allowed).read_text()
    assert ("data:image/jpeg" in text) == shown
    assert ("first 2 of 5 scans of eval, by id" in text) == shown
    assert ("<p>released" in text and "<p>defaced" in text) == shown
    assert "no face &lt;found&gt;" in text
    html5lib.HTMLParser(strict=True).parse(text)


def files(page: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in page.parent.iterdir()}


def test_the_report_of_a_defacing_system_is_whole_and_the_same_again(
    defacing_report: Report, tmp_path: Path
) -> None:
    found = files(defacing_report(tmp_path / "first"))
    figures = ("histograms", "roc", "det", "attackers", "groups", "utility_figure")
    for name in (*figures, "by_level", "results", "attributes", "utility", "audit"):
        assert f"{name}.tsv" in found
    text = found["report.html"].decode()
    assert set(re.findall(r'href="([^"#]+[.]tsv)"', text)) == set(found) - {"report.html"}
    assert [f'<figure id="{name}">' in text for name in figures] == [True] * len(figures)
    assert files(defacing_report(tmp_path / "second")) == found


def test_a_det_is_its_roc_and_the_line_of_linkability_is_drawn_as_told(
    defacing_report: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_plots, "MIN_MATED", 1)
    found = files(defacing_report(tmp_path, synthetic=False))

    def columns(name: str) -> tuple[np.ndarray, np.ndarray]:
        rows = [line.split("\t") for line in found[f"{name}.tsv"].decode().splitlines()[1:]]
        return np.array([row[0] for row in rows]), np.array([[float(v) for v in row[1:]] for row in rows])

    (who, roc_), (whose_, det_) = columns("roc"), columns("det")
    assert (who == whose_).all()
    assert len(set(who)) == 3
    assert det_[:, 0] == pytest.approx(roc_[:, 0])
    assert det_[:, 1] == pytest.approx(1 - roc_[:, 1], abs=2e-6)
    assert det_[:, 2:] == pytest.approx(1 - roc_[:, [3, 2]], abs=2e-6)  # the upper bound becomes the lower
    who, bins = columns("histograms")
    drawn = lines(found["report.html"].decode(), "histograms", "series-4")
    drawn = [line for line in drawn if len(line[0]) == BINS]  # the legend's is shorter
    assert len(drawn) == 3
    for attacker, (_, heights) in zip(dict.fromkeys(who), drawn, strict=True):
        local = bins[who == attacker, 4]
        assert len(local) == BINS
        assert np.corrcoef(heights, local)[0, 1] == pytest.approx(-1, abs=1e-4)  # down is more in SVG


@pytest.mark.parametrize(("count", "few"), [(MIN_MATED - 1, True), (MIN_MATED, False)])
def test_few_mated_trials_are_drawn_one_by_one(count: int, few: bool) -> None:
    """Ten scores in twenty bins look like a distribution, and are none."""
    rng = np.random.default_rng(0)
    mated = rng.normal(size=count)
    plot = histograms({"one": histogram(mated, rng.normal(size=300))})
    svg = f'<figure id="h">{plot.svg}</figure>'
    bars_or_marks = len(lines(svg, "h", "series-2"))
    assert (bars_or_marks >= count) == few
    assert (len(lines(svg, "h", "series-4")) > 0) != few
    assert ("drawn one by one" in plot.title) == few
    assert ("local linkability" in plot.title) != few


def lines(text: str, figure: str, colour: str) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return places and heights of the lines of a figure in one colour."""
    svg = re.search(rf'<figure id="{figure}">.*?</figure>', text, re.DOTALL)
    assert svg
    paths = re.findall(rf'<path d="([^"]*)"[^>]*?stroke: var\(--{colour}\)', svg[0], re.DOTALL)
    points = [np.array(re.findall(r"[ML] (\S+) (\S+)", path), float).T for path in paths]
    return [(x, y) for x, y in points]


def test_local_linkability_is_that_of_an_isotonic_regression() -> None:
    rng = np.random.default_rng(3)
    mated, nonmated = rng.normal(1, 1, 60), rng.normal(0, 1, 600)
    found = histogram(mated, nonmated)
    scores, truth = np.concatenate([mated, nonmated]), np.repeat([1.0, 0.0], [60, 600])
    weights = np.repeat([1 / 60, 1 / 600], [60, 600])  # equal priors
    order = np.argsort(scores)
    p = IsotonicRegression(y_min=0, y_max=1).fit(scores, truth, weights).predict(scores[order])
    middle = (found.edges[1:] + found.edges[:-1]) / 2
    below = np.searchsorted(scores[order], middle, side="right") - 1
    assert found.linkability == pytest.approx(np.maximum(0, 2 * p[below] - 1), abs=1e-9)
    assert 0 < np.median(found.linkability[found.linkability > 0]) < 1
