"""The metric that a board ranks by: order, tests, tables, plots and pages follow `RANKED_BY`.

The strongest attacker of an entry (`Entry.strongest`) and its draws are found by AUC; they do not follow.
"""

from dataclasses import dataclass

from mriprivacy.challenge.entry.entry import Entry
from mriprivacy.scoring import Estimate


@dataclass(frozen=True)
class RankedBy:
    """A metric, its direction, and where an entry keeps its value and its draws.

    Attributes
    ----------
    name : str
        In `Result.figures`, and the column of data files.
    short, title : str
        In the head of a table, and in a sentence.
    higher_is_private : bool
        For people. An attack is better where a defacer is worse.
    chance : float
        Value of an attacker that guesses.
    """

    name: str
    short: str
    title: str
    higher_is_private: bool
    chance: float

    def estimate(self, entry: Entry) -> Estimate:
        """Return the value of an entry with its interval: that of its strongest attacker."""
        return entry.strongest().figures[self.name]

    def draws(self, entry: Entry) -> tuple[float, ...]:
        """Return the values in the draws of subjects that all entries of an edition share."""
        return entry.draws

    def higher_is_better(self, track: str) -> bool:
        """Whether a higher value stands first on the board of a track."""
        return self.higher_is_private if track == "defacing" else not self.higher_is_private

    def arrow(self, track: str) -> str:
        """Return the mark of the better direction in the head of a table."""
        return "↑" if self.higher_is_better(track) else "↓"


RANKED_BY = RankedBy("auc", "AUC", "AUC of the strongest attacker", higher_is_private=False, chance=0.5)
