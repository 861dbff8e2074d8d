"""What stands beside the tables: the glossary, how to submit, how to cite."""

from dataclasses import dataclass

WORDS = (
    (
        "system",
        "What was submitted: TEAM/NAME. A defacing system takes the face out of scans; an attack links.",
    ),
    (
        "mated, non-mated",
        "A trial compares a scan with a photograph: mated, both are of one person, or not.",
    ),
    (
        "AUC",
        "Area under the ROC curve: how often a mated trial scores higher than a non-mated one. 1: always; "
        ".50: the attacker guesses.",
    ),
    (
        "EER",
        "Equal error rate: the threshold at which as many mated trials are missed as non-mated ones are "
        "taken for mated, in percent. 0: no error; 50: the attacker guesses.",
    ),
    (
        "linkability",
        "D_sys (Gomez-Barrero and others, IEEE TIFS 2018): how far scores reveal mated trials, from 0 (not "
        "at all) to 1 (wholly). Local linkability is the same of a single score.",
    ),
    (
        "min Cllr",
        "Cost of the log likelihood ratio after the best calibration, in bits: 0 is certainty, 1 is none.",
    ),
    (
        "linked at FMR 1 %, TMR",
        "Share of mated trials that are found (true match rate) where 1 % of non-mated ones pass, too (false "
        "match rate).",
    ),
    (
        "rank-1",
        "Share of scans whose own photograph scores highest of all. Guessing finds one in as many as there "
        "are.",
    ),
    (
        "[low, high]",
        "95 % interval of a figure: people are drawn anew, with replacement, many times. Other people of "
        "the same kind would give figures in such a range.",
    ),
    (
        "ignorant, adapted, informed",
        "What an attacker was trained on: nothing of this system; scans of other people (dev) that it "
        "defaced; the same scans, with their key.",
    ),
    (
        "geo, deepface, volume, fusion",
        "Attacks: distances between landmarks of the face; a face recognition network (its name in "
        "brackets); how far what is left of the head reaches; all of them together. +raw: photographs as "
        "they are; +bald: with the hair removed.",
    ),
    (
        "oracle",
        "No attacker: it knows true sex, age group and ethnicity, and nothing else. How far these alone "
        "link.",
    ),
    (
        "audit",
        "An attacker counts only if it links undefaced scans, is at chance when trained on a shuffled key, "
        "and is no worse than one with less knowledge. × marks those that failed, or are no attackers.",
    ),
    (
        "matched",
        "Non-mated trials of people alike in sex, age group and ethnicity: only the face differs.",
    ),
    (
        "tier",
        "Systems that do not differ significantly from the best of them. The next tier begins with the "
        "first that differs.",
    ),
    (
        "rank",
        "By AUC of the strongest attacker; in brackets, where the rank lies in 95 % of draws of people.",
    ),
    ("Pareto front, ★", "Systems of which no other protects better without costing more."),
    (
        "utility",
        "What brain analysis still finds in a defaced scan: agreement of brain mask, tissue volumes, "
        "position and contrast with the original. 1: nothing lost; 0: nothing left.",
    ),
    (
        "brain gate",
        "Every defaced scan must keep its grid and its brain (at most 5 % change) and differ from the "
        "original elsewhere. A system that fails, or changes nothing, is not ranked.",
    ),
    (
        "FTA",
        "Failures to acquire: scans in which no face is found. An ignorant attacker links none of them. "
        "flat: a detector fired, yet no nose stands out.",
    ),
    ("gain", "Accuracy of an attribute classifier beyond that of always naming the most frequent value."),
    (
        "edition, sha256",
        "A frozen set of scans, photographs and hidden answers. The hash is that of its list of files: "
        "equal hashes, equal data.",
    ),
    (
        "dev, eval",
        "The two parts of an edition, of other people each: answers of dev are open, those of eval hidden. "
        "All figures are of eval.",
    ),
    (
        "signature",
        "How a figure was made. Figures whose signatures differ in more than att and sys do not compare.",
    ),
)

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
        """Words and what they mean."""
        return WORDS

    @property
    def submit(self) -> tuple[str, ...]:
        """Steps from nothing to a row on the leaderboard; commands in backticks."""
        there = f" (editions, kit and documentation: {self.home})" if self.home else ""
        whom = f" ({self.contact})" if self.contact else ""
        return (
            f"Take `public/` of an edition{there}, and see that it is as released: `mriprivacy verify "
            "edition=public`.",
            "Make a submission, a folder with `submission.json` and, by track, `dev/mri` and `eval/mri` "
            "(every scan defaced, under its name), `scores.tsv` (columns probe, reference, score; higher is "
            "more alike) or `attributes.tsv` (probe, sex, age_group, ethnicity). `mriprivacy deface`, "
            "`attack` and `infer` make those of the reference systems, as examples.",
            "`mriprivacy check edition=public submission=FOLDER` says what would be refused; it needs no "
            "key.",
            f"Send the folder, or a zip of what is in it, to the organizer of the edition{whom}, who runs "
            "`mriprivacy evaluate`; the entry it writes is the source of your row.",
        )

    @property
    def cite(self) -> tuple[str, ...]:
        """What to cite, a line each."""
        return CITE
