"""The metric that a board ranks by: how exposed people are, as far as the trial list can tell.

`scoring.exposure_figure` says which of two metrics a list resolves, and an entry names it (`exposure`).
"""

from dataclasses import dataclass

from mriprivacy.challenge.entry.entry import Entry
from mriprivacy.scoring import Estimate


@dataclass(frozen=True)
class RankedBy:
    """A metric of the strongest attacker, and how it is called; lower is more private.

    Attributes
    ----------
    name : str
        In `Result.figures`, and the column of data files.
    short, title : str
        In the head of a table, and in a sentence.
    chance : float
        Value of an attacker that guesses.
    """

    name: str
    short: str
    title: str
    chance: float

    def estimate(self, entry: Entry) -> Estimate:
        """Return the value of an entry with its interval: that of its strongest attacker."""
        return entry.strongest().figures[self.name]

    def draws(self, entry: Entry) -> tuple[float, ...]:
        """Return the values in the draws of subjects that all entries of an edition share."""
        return entry.exposure_draws if self.name == entry.exposure else entry.draws

    def higher_is_better(self, track: str) -> bool:
        """Whether a higher value stands first on a track's board: a defacer protects, an attack links."""
        return track != "defacing"

    def arrow(self, track: str) -> str:
        """Return the mark of the better direction in the head of a table."""
        return "↑" if self.higher_is_better(track) else "↓"


_METRICS = {
    "people_found_any": RankedBy(
        "people_found_any",
        "people linked",
        "share of people whom the strongest attacker links at an FMR of 1 %",
        0.01,
    ),
    "partial_auc": RankedBy(
        "partial_auc",
        "people linked",
        "share of people whom the strongest attacker links, averaged over FMRs of 0 to 10 %",
        0.05,
    ),
    # Of entries that name none, for they were made before there was one.
    "": RankedBy("auc", "AUC", "AUC of the strongest attacker", 0.5),
}


def ranked_by(entry: Entry) -> RankedBy:
    """Return the metric by which an entry is ranked; all entries of one edition have the same."""
    return _METRICS[entry.exposure]
