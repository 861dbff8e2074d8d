"""Entries as evaluations write them, made up: for the leaderboard, the site and its speed."""

import numpy as np

from mriprivacy.challenge.entry.attacker import Attacker
from mriprivacy.challenge.entry.entry import Check, Entry, Gate, Result
from mriprivacy.scoring import Estimate, Signature

HASH = "ab" * 32


def estimate(value: float, half: float, n: int = 24) -> Estimate:
    return Estimate(float(value), float(np.clip(value - half, 0, 1)), float(np.clip(value + half, 0, 1)), n)


def signature(track: str, attack: str, system: str) -> str:
    made = Signature(
        f"synth/1@{HASH[:8]}", track, attack, "subject-bootstrap,1000", 0, "0.1.0", system=f"team/{system}"
    )
    return str(made)


def figures(auc: float, half: float = 0.06) -> dict[str, Estimate]:
    return {
        "eer": estimate(1 - auc, half),
        "auc": estimate(auc, half),
        "linkability": estimate(max(2 * auc - 1.1, 0), half),
        "min_cllr": estimate(1.5 - auc, half),
        "tmr_at_fmr_1pct": estimate(max(auc - 0.5, 0), half),
        "tmr_at_fmr_01pct": estimate(max(auc - 0.6, 0), half),
        "people_found_any": estimate(max(auc - 0.4, 0), half),
        "people_found_all": estimate(max(auc - 0.6, 0), half),
        "rank1": estimate(max(auc - 0.4, 0), half),
    }


def draws(auc: float, number: int) -> tuple[float, ...]:
    """A thousand draws; what is hard about the people drawn is common to all systems."""
    common = np.random.default_rng(0).normal(size=1000)
    own = np.random.default_rng(number + 1).normal(size=1000)
    return tuple((auc + 0.02 * common + 0.02 * own).clip(0, 1).round(4).tolist())


def made_up(number: int, track: str = "defacing", synthetic: bool = True, description: str = "") -> Entry:
    """Entry number n of a track; the same for the same number."""
    rng = np.random.default_rng(number)
    auc, useful = 0.5 + 0.45 * rng.beta(1, 2), rng.beta(6, 2)
    name = f"{track}-system-{number:03d}"
    counts = {"mated": 24, "nonmated": 552, "subjects": 24, "probes": 24, "failures_to_acquire": number % 5}
    if track == "attributes":
        shares = dict.fromkeys(("accuracy", "balanced_accuracy", "macro_f1", "gain"), estimate(auc, 0.1))
        results = [
            Result(
                Attacker(a, "submitted"),
                "probes",
                shares,
                {"probes": 24},
                signature("attributes/eval", a, name),
            )
            for a in ("sex", "age_group", "ethnicity")
        ]
    elif track == "attack":
        own = signature("attack/eval", f"{name}/submitted", name)
        results = [Result(Attacker(name, "submitted"), "all", figures(auc), counts, own)]
    else:
        results = []
        for weaker, (attack, level) in enumerate(
            (attack, level)
            for level in ("informed", "adapted", "ignorant")
            for attack in ("deepface(Dlib)+bald", "deepface(Dlib)+raw", "geo+bald", "geo+raw")
        ):
            attacker = Attacker.parse(f"{attack}/{level}")
            own = signature("defacing/eval", str(attacker), name)
            weakened = 0.5 + (auc - 0.5) * 0.85**weaker
            results.append(Result(attacker, "all", figures(weakened), counts, own))
            if not weaker:
                for part in ("matched", "sex=F", "sex=M", "age_group=18-29"):
                    results.append(Result(attacker, part, figures(auc), counts, own, rates=False))
        shares = dict.fromkeys(("accuracy", "balanced_accuracy", "macro_f1", "gain"), estimate(auc, 0.1))
        results += [
            Result(Attacker("geo", "informed", target=a), "probes", shares, {"probes": 24}, own, rates=False)
            for a in ("sex", "age_group", "ethnicity")
        ]
    gate = Gate(passed=48 - (number % 9 == 8), scans=48, unchanged=0, worst_changed=0.01)
    check = Check("links undefaced scans", "geo+raw/ignorant", 0.7, 0.6, 0.8, True)
    return Entry(
        "synth/1",
        HASH,
        synthetic,
        track,
        "team",
        name,
        description,
        "cd" * 32,
        tuple(results),
        gate if track == "defacing" else None,
        (check,) if track == "defacing" else (),
        ("brain gate: a note (scans: 1)",),
        "0.1.0",
        utility={
            "utility": estimate(useful, 0.05),
            "brain_dice": estimate(0.99, 0.005),
            "displacement_mm": Estimate(0.4, 0.2, 0.7, 24),
        }
        if track == "defacing"
        else {},
        draws=draws(auc, number) if track != "attributes" else (),
        licence="CC-BY-4.0",
        citation="Somebody et al., Synthetic people (2026)",
        received=f"2026-01-{1 + number % 28:02d}",
    )
