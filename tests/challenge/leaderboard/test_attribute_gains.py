"""The picture of attributes holds what the entries say, and is left out where nothing was predicted."""

from dataclasses import replace

from mriprivacy.challenge.entry.entry import IMAGE_LISTS
from mriprivacy.challenge.entry.entry_file import read_entries
from mriprivacy.challenge.leaderboard.plots.attribute_gains import attribute_gains
from tests.helpers.markdown_pages import ROOT


def test_every_classifier_has_a_row_with_its_interval() -> None:
    entry = next(e for e in read_entries(ROOT / "entries") if e.system == "blur")
    plot = attribute_gains(entry, "gains")
    assert plot is not None
    classifiers = [r for r in entry.results if r.trial_list in IMAGE_LISTS]
    assert len(plot.rows) == len(classifiers) > 30
    shown = {(row[0], row[2], row[3]) for row in plot.rows}
    for one in classifiers:
        name = "gain" if "gain" in one.figures else "gain_years"
        assert (one.name, name, one.figures[name].value) in shown
    assert "Largest:" in plot.svg


def test_nothing_predicted_is_no_picture() -> None:
    entry = next(e for e in read_entries(ROOT / "entries") if e.system == "blur")
    none = replace(entry, results=tuple(r for r in entry.results if r.trial_list not in IMAGE_LISTS))
    assert attribute_gains(none, "gains") is None
    assert (
        attribute_gains(next(e for e in read_entries(ROOT / "entries") if e.track == "attack"), "g") is None
    )
