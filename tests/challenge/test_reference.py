"""A whole evaluation equals a reference that was written a second time, field by field.

The people are made up, and so are their features: no image is looked at. Left out, and tested elsewhere: what
is read of attributes, what files give away, utility, and linkability.
"""

import hashlib
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from mriprivacy.challenge.attackers.features import ImageFeatures
from mriprivacy.challenge.edition.protocol import Protocol
from mriprivacy.challenge.edition.public import open_edition
from mriprivacy.challenge.edition.sealed import open_sealed
from mriprivacy.challenge.entry.entry import Entry, may_be_ranked
from mriprivacy.challenge.evaluation.context import Context
from mriprivacy.challenge.evaluation.evaluator import evaluate
from mriprivacy.challenge.intake.submission import check_submission, write_submission_json
from mriprivacy.data_prep.editions.build_edition import EditionConfig, build_edition
from tests.helpers import reference
from tests.helpers.engine import ENGINE
from tests.helpers.reference import Side
from tests.helpers.tiny_cohort import with_doppelgangers, write_tiny_cohort

pytestmark = pytest.mark.long

N, DRAWS, SEED = 30, 20, 7
PROTOCOL = Protocol(attacks=["geo"], bootstrap=DRAWS, bootstrap_seed=SEED, reanalysed=0)
NAMES = {"geo": "geo"}
ABOUT = {
    "team": "team",
    "system": "system",
    "description": "A line.",
    "contact": "a@b.org",
    "licence": "MIT",
}


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Context:
    folder = tmp_path_factory.mktemp("reference")
    cohort, edition = with_doppelgangers(write_tiny_cohort(folder / "cohort", N)), folder / "edition"
    table = cohort / "participants.tsv"
    head, *rows = (line.split("\t") for line in table.read_text().splitlines())
    aged = [head, *([own[0], own[1], str(20 + 2 * i), *own[3:]] for i, own in enumerate(rows))]
    table.write_text("".join("\t".join(line) + "\n" for line in aged))
    build_edition(cohort, edition, EditionConfig(id="tiny", seed=3, hair_removal="given"))
    return Context(open_edition(edition), open_sealed(edition), PROTOCOL, folder / "cache", ENGINE)


@pytest.fixture(scope="module")
def submission(context: Context, tmp_path_factory: pytest.TempPathFactory):
    """Of ten scans in a row one is the original, one has another brain, one a slightly other brain."""
    folder = tmp_path_factory.mktemp("submission")
    write_submission_json(folder, edition=context.edition.name, track="defacing", **ABOUT)
    place = 0
    for split in context.edition.splits.values():
        for probe in split.probes:
            image = nib.load(split.scan(probe))
            data = np.asanyarray(image.dataobj).copy()
            brain = nib.load(context.sealed.brain_mask(probe)).get_fdata() > 0
            free = np.argwhere(~brain)
            if place % 10 != 3:
                data[tuple(free[:2000].T)] = 0
            changed = np.argwhere(brain)[: {4: brain.sum() // 3, 5: brain.sum() // 50}.get(place % 10, 0)]
            data[tuple(changed.T)] = 0
            path = folder / split.name / "mri" / split.scan_name(probe)
            path.parent.mkdir(parents=True, exist_ok=True)
            nib.save(nib.Nifti1Image(data, image.affine), path)
            place += 1
    return check_submission(folder, context.edition)


@pytest.fixture(scope="module")
def looks(context: Context) -> dict[tuple[str, str, str], np.ndarray]:
    """What each attack sees in each image, by attack, state and image; two scans have no face.

    A doppelganger shares half of what makes up a person; one of them has no face.
    """
    rng, of = np.random.default_rng(12), context.sealed.subjects
    people = {who: rng.normal(size=4) for who in sorted(set(of.values()))}
    turn = {(a, state): rng.normal(size=(4, 6)) for a in NAMES for state in ("scan", "raw", "bald")}
    found = {}
    for split in context.edition.splits.values():
        for attack in NAMES:
            scan = turn[attack, "scan"]
            for state, noise in (("released", 2.5), ("defaced", 1.2)):
                for probe in split.probes:
                    found[attack, state, probe] = people[of[probe]] @ scan + noise * rng.normal(size=6)
            for condition in ("raw", "bald"):
                other = (
                    0.6 * scan + 0.4 * turn[attack, condition] if attack == "geo" else turn[attack, condition]
                )
                for one in split.references:
                    found[attack, condition, one] = people[of[one]] @ other + 2 + 0.5 * rng.normal(size=6)
    shared = np.array([1, 1, 0, 0])
    for condition in ("raw", "bald"):
        for attack in NAMES:
            for one in sorted(context.edition.eval.references)[1:]:
                other = shared * people[of[one]] + (1 - shared) * rng.normal(size=4)
                seen = other @ turn[attack, condition] + 2 + 0.5 * rng.normal(size=6)
                found[attack, condition, f"double {one}"] = seen
    for split in context.edition.splits.values():
        for attack in NAMES:
            del found[attack, "defaced", sorted(split.probes)[1]]
    return found


@pytest.fixture(scope="module")
def entry(context: Context, submission, looks) -> Entry:
    def extract(
        paths, kind, extraction, label, compute, untrusted=False, heads=()
    ) -> dict[str, ImageFeatures]:
        def one(name: str) -> ImageFeatures:
            place, image = name.rsplit(" ", 1)
            state = "bald" if "bald" in place else "raw"
            if "doppelganger" in place:
                image = f"double {image}"
            if kind == "scan":
                state = "defaced" if untrusted else "released"
            vectors = {a: looks[a, state, image] for a in NAMES if (a, state, image) in looks}
            return ImageFeatures(bool(vectors), "" if vectors else "no face found", vectors)

        return {name: one(name) for name in paths}

    with pytest.MonkeyPatch.context() as patch:
        room = "mriprivacy.challenge.evaluation.defacing."
        patch.setattr(room + "extract", extract)
        patch.setattr(room + "predict_from_images", lambda *_: ([], [], []))
        patch.setattr(room + "leak_checks", lambda *_: [])
        return evaluate(context, submission).entry


class Expected:
    """What the reference says, of an edition's tables and of made-up features alone."""

    def __init__(self, context: Context, looks: dict) -> None:
        edition, sealed = context.edition, context.sealed
        self.trials, of = list(edition.eval.trials), sealed.subjects
        self.people = np.array([(of[p], of[r]) for p, r in self.trials])
        self.mated = self.people[:, 0] == self.people[:, 1]
        self.probes = np.array([p for p, _ in self.trials])
        key = edition.dev.key
        first: dict[str, str] = {}
        for _, r in sorted(key, key=lambda pair: pair[1]):
            first.setdefault(of[r], r)
        who = {image: first[of[image]] for pair in key for image in pair}

        # The same list, in which mated trials are with the doppelganger's photograph.
        doubled = [
            (p, f"double {r}" if own else r) for (p, r), own in zip(self.trials, self.mated, strict=True)
        ]
        shown = sorted({r for _, r in doubled} | set(edition.eval.references))

        def see(state: str, among=None, other=None, trials=self.trials) -> dict[str, np.ndarray]:
            def side(attack: str, which: str, images) -> dict[str, np.ndarray]:
                return {i: looks[attack, which, i] for i in images if (attack, which, i) in looks}

            kinds = [(a, c) for c in ("raw", "bald") for a in NAMES]
            parts = {f"{NAMES[a]}+{c}": (a, c) for a, c in kinds}
            return reference.attackers(
                {
                    name: (
                        Side(side(a, state, edition.dev.probes), who),
                        Side(side(a, c, edition.dev.references), who),
                    )
                    for name, (a, c) in parts.items()
                },
                {name: side(a, state, edition.eval.probes) for name, (a, c) in parts.items()},
                {name: side(a, c, shown) for name, (a, c) in parts.items()},
                trials,
                key,
                other,
                among,
            )

        of_eval = {i: of[i] for i in (*edition.eval.probes, *edition.eval.references)}

        def fit(state: str, seed: int | None = None, double: bool = False) -> dict[str, np.ndarray]:
            found = {}
            for attack, condition in ((a, c) for c in ("raw", "bald") for a in NAMES):
                sides = [
                    Side({i: looks[attack, which, i] for i in images if (attack, which, i) in looks}, of_eval)
                    for which, images in (
                        (state, edition.eval.probes),
                        (condition, edition.eval.references),
                    )
                ]
                name = f"{NAMES[attack]}+{condition}/cross-fitted"
                keys = ((r, (attack, condition, f"double {r}")) for r in edition.eval.references)
                doubles = {r: looks[key] for r, key in keys if key in looks} if double else None
                found[name], fewest = reference.cross_fitted(*sides, self.trials, of_eval, seed, doubles)
                if state == "defaced" and seed is None:
                    self.fewest = fewest
            return found

        fitted = fit("defaced")
        by_key = [fit("defaced", seed) for seed in range(10)]

        def ask(among=None) -> None:
            self.scores = see("defaced", among) | fitted
            self.doubles = see("defaced", among, trials=doubled) | fit("defaced", double=True)
            keys = [reference.shuffled_key(who, set(edition.dev.references), seed) for seed in range(10)]
            shuffled = [see("defaced", among, other) for other in keys]
            taught = {
                name: [reference.auc(own[name], self.mated) for own in shuffled]
                for name in self.scores
                if name.endswith("/informed")
            }
            taught |= {name: [reference.auc(own[name], self.mated) for own in by_key] for name in fitted}
            undefaced = see("released", among) | fit("released")
            self.checks = reference.audited(self.scores, undefaced, taught, self.people, self.mated, SEED)

        ask()
        learned = {n for n in self.scores if n.endswith("/informed") and not n.startswith("fusion")}
        sound = learned - {c[1] for c in self.checks if not c[5] and not c[0].startswith("links")}
        if sound != learned:
            ask(sound)
        weak = {check[1] for check in self.checks if not check[5] and check[0].startswith("links")}
        failed = {check[1] for check in self.checks if not check[5] and not check[0].startswith("links")}
        assert set(self.scores) - failed - weak  # one of them is not weak, so that all count
        self.rating = [name for name in self.scores if name not in failed]
        self.area = {name: reference.auc(own, self.mated) for name, own in self.scores.items()}
        self.strongest = self.chosen_in_draws(SEED)
        named = [name.removeprefix("-") for name in self.strongest.chosen]
        self.most = max(self.rating, key=named.count)

    def strength(self, name: str) -> tuple[float, float]:
        """What makes an attacker the strongest of its level: people linked, then AUC."""
        everybody = np.ones(len(self.strongest.names))
        return self.strongest.strength(self.scores[name], everybody)[::-1]

    def chosen_in_draws(self, seed: int) -> reference.Strongest:
        rating = {name: self.scores[name] for name in self.rating}
        return reference.Strongest(rating, self.people, self.mated, DRAWS, seed)


@pytest.fixture(scope="module")
def expected(context: Context, looks) -> Expected:
    with threadpool_limits(1):  # matrices of six features
        return Expected(context, looks)


def groups(context: Context, expected: Expected) -> dict[str, np.ndarray]:
    """Parts of the trial list with thirty non-mated trials, of five people or more."""
    sealed = context.sealed
    parts = {"matched": np.array([sealed.trials[pair].matched for pair in expected.trials])}
    for field in ("sex", "age_group", "ethnicity"):
        own = {p: getattr(sealed.attributes[p], field) for p in context.edition.eval.probes}
        for value in sorted(set(own.values()) - {"n/a"}):
            if len({sealed.subjects[p] for p in own if own[p] == value}) >= 5:
                parts[f"{field}={value}"] = np.array([own[p] == value for p in expected.probes])
    return {name: own for name, own in parts.items() if (own & ~expected.mated).sum() >= 30}


def test_scores_and_figures_of_every_attacker_and_group(
    entry: Entry, expected: Expected, context: Context
) -> None:
    """Values, intervals and people, to 1e-6."""
    parts = {"all": np.ones(len(expected.trials), bool), **groups(context, expected)}
    wanted = [(name, part) for name in expected.scores for part in ("all", "matched") if part in parts]
    best = [
        max((n for n in expected.rating if n.endswith(level)), key=expected.strength, default=None)
        for level in ("ignorant", "adapted", "informed", "cross-fitted")
    ]
    wanted.append((expected.most, "chosen"))
    wanted += [(name, part) for name in best if name for part in parts if "=" in part]
    known = context.sealed.attributes
    of = {context.sealed.subjects[p]: own for p, own in known.items()}
    agree = [sum(a == b != "n/a" for a, b in zip(of[p], of[r], strict=True)) for p, r in expected.people]
    scores = {**expected.scores, "attributes/oracle": np.array(agree, float)}
    wanted.append(("attributes/oracle", "all"))
    assert [(str(one.attacker), one.trial_list) for one in entry.results] == wanted
    assert any("=" in part for part in parts)
    parts["chosen"] = parts["all"]
    for one in entry.results:
        name, chosen, own = str(one.attacker), parts[one.trial_list], scores[str(one.attacker)]
        double = expected.doubles.get(name)
        if one.trial_list == "chosen":
            own, (mean, spread) = expected.strongest.scores, expected.strongest.norms
            seen = [
                (-1 if by.startswith("-") else 1) * expected.doubles[by.removeprefix("-")][i]
                for i, by in enumerate(expected.strongest.chosen)
            ]
            double = (np.array(seen) - mean) / spread
        threshold = reference.threshold_of(own, expected.mated) if "=" in one.trial_list else None
        figures = reference.figures(
            own[chosen], expected.people[chosen], expected.mated[chosen], expected.probes[chosen],
            DRAWS, SEED, threshold,
        )  # fmt: skip
        if one.trial_list == "chosen":
            n = figures["auc"][3]
            for figure, draws in (
                ("auc", expected.strongest.areas),
                ("partial_auc", expected.strongest.partial),
            ):
                value = figures[figure][0]
                limits = reference.ends(figure, value, draws.var() * n / (n - 1), n)
                figures[figure] = (value, *limits, n)
        if double is not None:
            control, identity = reference.identity(
                own[chosen], double[chosen], expected.people[chosen], expected.mated[chosen],
                DRAWS, SEED,
            )  # fmt: skip
            figures |= {"auc_doppelganger": control, "identity": identity}
        assert set(one.figures) - {"linkability", "fnir_at_fpir_10pct"} == set(figures)
        for figure, value in figures.items():
            told = one.figures[figure]
            where = name, one.trial_list, figure
            assert (told.value, told.n) == pytest.approx((value[0], value[3]), abs=1e-6), where
            # The kit takes the noise of single pairs off, by draws of its own.
            noise = 0.15 if "=" in one.trial_list else 0.08
            assert (told.low, told.high) == pytest.approx(value[1:3], abs=noise, nan_ok=True), where


def test_counts_and_who_rates(entry: Entry, expected: Expected, context: Context) -> None:
    parts = {"all": np.ones(len(expected.trials), bool), **groups(context, expected)}
    parts["chosen"] = parts["all"]
    n = len(context.edition.eval.probes)
    for one in entry.results:
        chosen = parts[one.trial_list]
        wanted = {
            "mated": (chosen & expected.mated).sum(),
            "nonmated": (chosen & ~expected.mated).sum(),
            "subjects": len(np.unique(expected.people[chosen])),
        }
        if one.level != "oracle":
            wanted |= {"probes": n, "failures_to_acquire": 1, "without_nose": 0}
        if one.trial_list == "chosen":
            wanted["chosen_from"] = len(expected.rating)
        elif "=" not in one.trial_list and one.level in ("adapted", "informed"):
            wanted["learned_from"] = len(context.edition.dev.probes) - 1
        elif "=" not in one.trial_list and one.level == "cross-fitted":
            wanted["learned_from"] = expected.fewest
        assert one.counts == wanted, one.attacker
        assert one.rates == (str(one.attacker) in expected.rating and "=" not in one.trial_list)
        edition = f"ed:{entry.edition}@{context.edition.hash[:8]} | "
        assert edition in one.signature
        assert f"ci:subject-bootstrap,{DRAWS}" in one.signature


def test_audit(entry: Entry, expected: Expected) -> None:
    told = {(c.question, c.attacker): (c.value, c.low, c.high, c.passed) for c in entry.checks}
    wanted = {check[:2]: check[2:] for check in expected.checks}
    assert set(told) == set(wanted)
    assert len(told) == len(entry.checks) == len(expected.checks)
    for check, values in wanted.items():
        assert told[check][:3] == pytest.approx(values[:3], abs=1e-6), check
        assert told[check][3] == values[3], check
    assert any(not check[3] for check in told.values())


def test_gate(entry: Entry, context: Context, submission) -> None:
    found = {}
    for name, split in context.edition.splits.items():
        for probe in split.probes:
            before, after = (
                nib.load(p).get_fdata() for p in (split.scan(probe), submission.scans[name, probe])
            )
            brain = nib.load(context.sealed.brain_mask(probe)).get_fdata() > 0
            found[probe] = reference.gate(before, after, brain, PROTOCOL.in_brain_change)
    shares, other, alone = zip(*found.values(), strict=True)
    failed = {probe for probe, own in found.items() if not own[2]}
    assert (len(failed), sum(other)) == (3, N - 3)  # every branch is there
    assert set(entry.gate.failed) == failed
    told = (entry.gate.passed, entry.gate.scans, entry.gate.unchanged, entry.gate.estimated)
    assert told == (sum(a and b for a, b in zip(other, alone, strict=True)), N, N - sum(other), 0)
    assert entry.gate.worst_changed == pytest.approx(max(shares), abs=1e-12)
    assert not may_be_ranked(entry)


def test_draws_and_the_strongest(entry: Entry, expected: Expected, context: Context) -> None:
    nonce = (Path(context.sealed.root) / "nonce").read_bytes()
    seed = int.from_bytes(hashlib.sha256(nonce + b"draws of subjects").digest()[:8], "big")
    chosen = expected.chosen_in_draws(seed)
    assert entry.draws == pytest.approx(chosen.areas, abs=6e-5)
    assert entry.exposure_draws == pytest.approx(chosen.partial, abs=6e-5)
    assert entry.exposure == "partial_auc"  # of so few people
    assert entry.rated
    assert (str(entry.strongest().attacker), entry.strongest().trial_list) == (expected.most, "chosen")


def test_what_identifies_the_entry(entry: Entry, context: Context, submission) -> None:
    assert (entry.edition, entry.edition_hash) == (context.edition.name, context.edition.hash)
    assert (entry.track, entry.team, entry.system) == ("defacing", "team", "system")
    assert (entry.description, entry.submission_sha256) == ("A line.", submission.sha256)
    assert entry.synthetic is True
    assert entry.utility == {}
    assert "utility: not measured (protocol.reanalysed is 0)" in entry.warnings
    assert all(seconds >= 0 for seconds in entry.seconds.values())
    assert (entry.released, entry.received, entry.supersedes) == ("", "", "")
