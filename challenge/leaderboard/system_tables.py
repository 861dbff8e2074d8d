"""The tables of one system, on its page and in its report."""

from mriprivacy.challenge.entry.entry import (
    DEFACED_SCANS,
    EVERY_LEVEL,
    IMAGE_LISTS,
    PHOTOGRAPHS,
    UNDEFACED_SCANS,
    Entry,
)
from mriprivacy.challenge.leaderboard.tables import BoardTable, Cell, figure, judged, with_identity

CONTROLLED = {"AUC, doppelganger": "auc_doppelganger", "identity": "identity"}
READ_FROM = {DEFACED_SCANS: "scans", UNDEFACED_SCANS: "undefaced scans", PHOTOGRAPHS: "photographs"}
MEASURES = {
    "brain_dice": "overlap of the brain masks, 0 to 1",
    "displacement_mm": "how far the registered brain moved, mm",
    "failed": "share of scans in which no brain was found any more",
    "utility": "the index: 1 nothing lost, 0 nothing left",
}
PARTS = {
    "brain": "volume of the brain",
    "gm": "volume of grey matter",
    "wm": "volume of white matter",
    "csf": "volume of fluid",
    "snr_gm": "signal to noise, grey matter",
    "snr_wm": "signal to noise, white matter",
    "snr_csf": "signal to noise, fluid",
    "snr_total": "signal to noise, all three",
    "cnr": "contrast of grey and white matter to noise",
    "cjv": "variation of grey and white matter together",
    "wm2max": "white matter against the brightest voxels",
    "efc": "entropy: ghosts and blur",
}
CHANGES = {"change": "mean absolute change", "bias": "mean change with its sign"}


def by_level(entry: Entry) -> BoardTable:
    """Return attackers by level: an attack a row, its AUC, identity, EER and linkability for every level."""
    on_all = [r for r in entry.results if r.trial_list == "all" and r.level in EVERY_LEVEL]
    found = {(r.name, r.level): r for r in on_all}
    levels = [level for level in EVERY_LEVEL if any(r.level == level for r in on_all)]
    names = {"AUC": "auc", "identity": "identity", "EER %": "eer", "linkability": "linkability"}
    if not any("identity" in r.figures for r in on_all):
        del names["identity"]
    rows = [
        (
            Cell(attack),
            *(judged(name, found.get((attack, level))) for name in names.values() for level in levels),
        )
        for attack in dict.fromkeys(r.name for r in on_all)
    ]
    header = ("attack", *(f"{label}, {level}" for label in names for level in levels))
    caption = "Attackers by level, on all trials (×: does not count)"
    return BoardTable("by_level", caption, header, tuple(rows))


def results(entry: Entry) -> BoardTable:
    """Return every figure of links between scans and photographs of one system, on every trial list."""
    names = (
        *("eer", "auc", "linkability", "min_cllr", "tmr_at_fmr_1pct", "tmr_at_fmr_01pct", "rank1"),
        *("people_found_any", "people_found_all"),
    )
    header = (
        *("attacker", "level", "trials", "EER %", "AUC", "linkability", "min Cllr", "TMR at FMR 1 %"),
        *("TMR at FMR 0.1 %", "rank-1", "people linked once at FMR 1 %", "people always linked"),
        *("mated trials", "rates"),
    )
    listed = [r for r in entry.results if r.trial_list not in IMAGE_LISTS]
    rows = [
        (
            Cell(r.name),
            Cell(r.level),
            Cell(r.trial_list),
            *(figure(name, r) for name in names),
            Cell(f"{r.counts.get('mated', 0)}", r.counts.get("mated", 0)),
            Cell("yes" if r.rates else "no"),
        )
        for r in listed
    ]
    table = BoardTable("results", "Every figure of every attacker, on every trial list", header, tuple(rows))
    return with_identity(table, listed, CONTROLLED)


def read_by(entry: Entry) -> BoardTable:
    """Return every figure of attributes predicted from the scans of one system."""
    names = ("accuracy", "balanced_accuracy", "macro_f1", "gain", "mae_years", "gain_years")
    header = (
        *("attribute", "predicted from", "level", "accuracy", "balanced accuracy", "macro F1"),
        *("gain over the majority", "error, years", "gain over the median, years"),
    )
    rows = [
        (Cell(r.name), Cell(READ_FROM[r.trial_list]), Cell(r.level), *(figure(name, r) for name in names))
        for r in entry.results
        if r.trial_list in IMAGE_LISTS
    ]
    return BoardTable("attributes", "Attributes predicted from scans and photographs", header, tuple(rows))


def utility(entry: Entry) -> BoardTable:
    """Return what a defacing system costs brain analysis, every measure."""
    rows = [
        (Cell(name), Cell(meaning(name)), Cell(f"{one:.4g}", one.value), Cell(str(one.n), one.n))
        for name, one in entry.utility.items()
    ]
    header = ("measure", "what it is", "value", "subjects")
    return BoardTable("utility", "Utility, measure by measure", header, tuple(rows))


def meaning(measure: str) -> str:
    """Say what a measure of utility is; empty for one this kit does not know.

    Examples
    --------
    >>> meaning("gm_change"), meaning("gm_bias")
    ('volume of grey matter, mean absolute change', 'volume of grey matter, mean change with its sign')
    """
    if measure in MEASURES:
        return MEASURES[measure]
    of, _, how = measure.rpartition("_")
    if how == "rescan":
        return f"{of.removesuffix('_vs')} over that between two sessions of one person"
    return f"{PARTS[of]}, {CHANGES[how]}" if of in PARTS and how in CHANGES else ""


def audit(entry: Entry) -> BoardTable:
    """Return what the attackers were asked, and how they answered."""
    header = ("question", "attacker", "figure [limits]", "passed")
    rows = [
        (
            Cell(check.question),
            Cell(check.attacker),
            Cell(f"{check.value:.2f} [{check.low:.2f}, {check.high:.2f}]", check.value),
            Cell("yes" if check.passed else "no"),
        )
        for check in entry.checks
    ]
    return BoardTable("audit", "Audit of the attackers", header, tuple(rows))


def of_system(entry: Entry) -> list[BoardTable]:
    """Return the tables of one system: what it reached, its utility and the audit of its attackers."""
    levels = (by_level(entry),) if entry.track == "defacing" else ()
    made = (*levels, results(entry), read_by(entry), utility(entry), audit(entry))
    return [table for table in made if table.rows]
