"""The paper's own figures stand beside those of an edition, as the paper prints them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from mriprivacy.challenge.evaluation.paper_tables import (
    Attacked,
    differences,
    distances,
    draw_roc,
    table_1,
    table_2,
)
from mriprivacy.scoring import Difference, Estimate, auc, score_trials

# Boutet, Frindel and Maouche (2023), Table I: EER in percent, AUC, linkability.
PAPER = {
    ("deepface", "raw"): ("41", "0.54", "0.07"),
    ("deepface", "bald"): ("32", "0.71", "0.18"),
    ("geo", "raw"): ("36", "0.64", "0.11"),
    ("geo", "bald"): ("38", "0.64", "0.13"),
}


@pytest.fixture
def one() -> Attacked:
    rng = np.random.default_rng(1)
    people = np.arange(8)
    mated = (people[:, None] == people).ravel()
    scores = mated + rng.normal(size=64)
    report = score_trials(scores, mated, np.repeat(people, 8), np.tile(people, 8), n_bootstrap=50)
    return Attacked("geo", "raw", "ignorant", scores, report, None)


@pytest.mark.parametrize(("attack", "condition"), PAPER)
def test_the_paper_says(attack: str, condition: str, one: Attacked) -> None:
    row = table_1([Attacked(attack, condition, "ignorant", one.scores, one.report, None)]).splitlines()[-1]
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert (cells[1], cells[3], cells[5]) == PAPER[attack, condition]
    assert cells[4] == f"{one.report.auc:.2f}"
    assert float(cells[2].split("[")[0].replace("%", "")) == pytest.approx(100 * one.report.eer.value, abs=1)


def test_the_eer_is_in_percent_with_its_interval(one: Attacked) -> None:
    report = replace(one.report, eer=Estimate(0.333, 0.25, 0.5, 8))
    row = table_1([replace(one, report=report)]).splitlines()[-1]
    assert row.split("|")[3].strip() == "33 [25, 50]"


@pytest.mark.parametrize("level", ["adapted", "informed"])
def test_of_other_attackers_the_paper_says_nothing(level: str, one: Attacked) -> None:
    row = table_1([Attacked("geo", "raw", level, one.scores, one.report, None)]).splitlines()[-1]
    assert [row.split("|")[i].strip() for i in (2, 4, 6)] == ["-", "-", "-"]


def test_attributes_of_the_paper() -> None:
    half = (Estimate(0.5, 0.4, 0.6, 10), 0.25)
    names = ("age_group", "sex", "ethnicity")
    rows = table_2({kind: dict.fromkeys(names, half) for kind in ("photograph", "MRI", "other")})
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows.splitlines()[2:]]
    assert [row[2] for row in cells] == ["0.4", "1.0", "0.4", "0.6", "0.4", "0.8", "-", "-", "-"]
    assert {(row[3].split()[0], row[4]) for row in cells} == {("0.50", "0.25")}


def test_a_difference_is_the_same_from_both_sides() -> None:
    found = Difference("a", "b", "auc", Estimate(0.1, 0.05, 0.2, 9), 0.03, 0.04)
    there, back = (differences([found], [pair]).splitlines()[-1] for pair in (("a", "b"), ("b", "a")))
    assert "+0.10 [+0.05, +0.20]" in there
    assert "-0.10 [-0.20, -0.05]" in back


def test_a_difference_is_turned_with_its_interval() -> None:
    gap = Difference("a", "b", "auc", Estimate(0.1, -0.05, 0.25, 9), 0.03, 0.06)
    first, second = differences([gap], [("a", "b"), ("b", "a")]).splitlines()[2:]
    assert first == "| a | b | +0.10 [-0.05, +0.25] | 0.060 |"
    assert second == "| b | a | -0.10 [-0.25, +0.05] | 0.060 |"


def test_the_share_of_a_distance_is_tabulated_where_there_is_one(one: Attacked) -> None:
    rows = distances([replace(one, distance=0.25), one]).splitlines()
    assert rows == ["| attack, photographs | share |", "|---|---|", "| geo raw | 0.250 |"]


def test_the_roc_is_drawn_of_ignorant_attackers_of_the_paper(
    one: Attacked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = []
    plot = Axes.plot
    monkeypatch.setattr(
        Axes, "plot", lambda *args, **words: drawn.append(words["label"]) or plot(*args, **words)
    )
    every = [
        one,
        replace(one, condition="bald"),
        replace(one, level="informed"),
        replace(one, attack="volume"),
    ]
    mated = np.arange(64) % 9 == 0
    draw_roc(every, mated, tmp_path / "roc.png")
    auc = f"AUC {one.report.auc.value:.2f}"
    assert drawn == ["chance", f"geo raw: {auc}", f"geo bald: {auc}"]
    assert (tmp_path / "roc.png").read_bytes().startswith(b"\x89PNG")


def test_the_picture_is_of_one_size_and_shows_all_of_the_roc(
    one: Attacked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of bald photographs a whole line, of raw ones dots, of chance dashes; each attack has a colour."""
    figures = []
    save = Figure.savefig
    monkeypatch.setattr(Figure, "savefig", lambda own, *a, **k: figures.append(own) or save(own, *a, **k))
    every = [replace(one, attack=a, condition=c) for a in ("deepface", "geo") for c in ("raw", "bald")]
    mated = np.arange(64) % 9 == 0
    draw_roc(every, mated, tmp_path / "roc.png")
    with Image.open(tmp_path / "roc.png") as picture:
        assert picture.size == (572, 506)
        assert "Software" not in picture.info
    (axes,) = figures[0].axes
    assert (axes.get_xlim(), axes.get_ylim(), axes.get_aspect()) == ((0, 1), (0, 1), 1)
    chance, *curves = axes.get_lines()
    assert (list(chance.get_xdata()), list(chance.get_ydata())) == ([0, 1], [0, 1])
    assert [line.get_linestyle() for line in (chance, *curves)] == ["--", ":", "-", ":", "-"]
    assert len({line.get_color() for line in (chance, *curves)}) == 3
    for line in curves:
        x, y = (np.asarray(own) for own in (line.get_xdata(), line.get_ydata()))
        assert (x[0], y[0], x[-1], y[-1]) == (0, 0, 1, 1)
        area = np.trapezoid(y, x)
        assert area == pytest.approx(auc(one.scores[mated], one.scores[~mated]))
    assert not any(axes.spines[side].get_visible() for side in ("top", "right"))
    assert axes.spines["left"].get_visible()
    assert not axes.get_legend().get_frame_on()


def test_every_cell_of_a_table_is_the_figure_of_its_head(one: Attacked) -> None:
    """Shares of an EER are percent; of a linkability there are two estimates."""
    figures = {
        "eer": Estimate(0.306, 0.204, 0.417, 9), "auc": Estimate(0.75, 0.6, 0.9, 9),
        "dsys_histogram": Estimate(0.2, 0.1, 0.3, 9), "linkability": Estimate(0.4, 0.3, 0.5, 9),
    }  # fmt: skip
    head, rule, row = table_1(
        [replace(one, report=replace(one.report, **figures), level="informed")]
    ).splitlines()
    assert rule.count("---") == head.count("|") - 1 == 8
    assert row == (
        "| geo raw, informed | - | 31 [20, 42] | - | 0.75 [0.60, 0.90] | - | 0.20 [0.10, 0.30] "
        "| 0.40 [0.30, 0.50] |"
    )
    assert replace(one, condition="").name == "geo"
    assert replace(one, condition="", level="informed").name == "geo, informed"
