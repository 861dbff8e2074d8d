"""What stands beside the tables: the glossary, how to submit, how to cite."""

from dataclasses import dataclass
from importlib.resources import files

PAPER = (
    'A. Boutet, C. Frindel and M. Maouche, "Towards an evolution in the characterization of the risk of '
    're-identification of medical images", IEEE International Conference on Big Data (BigData 2023), '
    "Sorrento, Italy, 2023; HAL: hal-04299422."
)
CITE = (
    "Quote a figure with its signature: it names edition, hash, trial list, attacker, interval, seed and "
    "version.",
    f"Cite the protocol: {PAPER}",
    "Cite the kit: mriprivacy developers, mriprivacy, with the version that the signature ends in (v:), and "
    "a system as its team asks.",
)


@dataclass(frozen=True)
class Guide:
    """Where participants find what, as the organizer gives it.

    Attributes
    ----------
    contact : str
        Where submissions go: an e-mail address, or a page.
    home : str
        Where the edition, the kit and its documentation are.
    """

    contact: str = ""
    home: str = ""

    @property
    def words(self) -> tuple[tuple[str, str], ...]:
        """Words and what they mean, a line each of `templates/glossary.md`."""
        path = files("mriprivacy.challenge.leaderboard") / "templates" / "glossary.md"
        lines = path.read_text(encoding="utf-8").splitlines()
        return tuple((word[4:], meaning) for word, _, meaning in (line.partition("**: ") for line in lines))

    @property
    def submit(self) -> tuple[str, ...]:
        """Steps from nothing to a row on the leaderboard; commands in backticks."""
        there = f" (editions, kit and documentation: {self.home})" if self.home else ""
        whom = f" ({self.contact})" if self.contact else ""
        return (
            f"Take `public/` of an edition{there}, and see that it is as released: `mriprivacy verify "
            "edition=public`.",
            "Make a submission: a folder with `submission.json` and what its track asks for. Defacing: "
            "`dev/mri` and `eval/mri`, every scan defaced, under its name. Attack: `scores.tsv` with the "
            "columns probe, reference and score; higher is more alike. Attributes: `attributes.tsv` with "
            "probe, sex, age_group and ethnicity. `mriprivacy deface`, `attack` and `infer` make those of "
            "the reference systems, as examples.",
            "`mriprivacy check edition=public submission=FOLDER` says what would be refused; it needs no "
            "key.",
            f"Send the folder, or a zip of what is in it, to the organizer of the edition{whom}. They run "
            "`mriprivacy evaluate`; the entry it writes is the source of your row.",
        )

    @property
    def cite(self) -> tuple[str, ...]:
        """What to cite, a line each."""
        return CITE
