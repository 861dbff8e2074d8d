"""Attackers and their audit, on people whose features are known; no image is looked at."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from mriprivacy.challenge.attackers.features import ImageFeatures
from mriprivacy.challenge.attackers.levels import (
    FUSED,
    AttackScores,
    Seen,
    run_attackers,
    shuffled_key_aucs,
)
from mriprivacy.challenge.edition.protocol import Protocol
from mriprivacy.challenge.edition.public import open_edition
from mriprivacy.challenge.edition.sealed import SealedTrial, open_sealed
from mriprivacy.challenge.entry.attacker import Attacker
from mriprivacy.challenge.entry.entry import LEVELS, Result
from mriprivacy.challenge.evaluation.checks.audit import audit
from mriprivacy.challenge.evaluation.context import Context
from mriprivacy.challenge.evaluation.defacing import _audited, _by_group
from mriprivacy.challenge.evaluation.draws import exposure_of
from mriprivacy.challenge.evaluation.metrics import Ask, trial_masks, verification
from mriprivacy.data_prep.editions.build_edition import EditionConfig, build_edition
from mriprivacy.scoring import Estimate, auc
from tests.helpers.engine import ENGINE
from tests.helpers.tiny_cohort import write_tiny_cohort

pytestmark = pytest.mark.long

PROTOCOL = Protocol(attacks=["geo", "deepface"], networks=["Dlib"], bootstrap=200)
FACE = "deepface(Dlib)"
N = 60


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Context:
    """Sixty people of noise, half of them dev; ages end at 80."""
    folder = tmp_path_factory.mktemp("attackers")
    cohort = write_tiny_cohort(folder / "cohort", N)
    table = cohort / "participants.tsv"
    head, *rows = table.read_text().splitlines()
    cells = [row.split("\t") for row in rows]
    aged = ["\t".join([c[0], c[1], str(20 + int(c[0][4:])), *c[3:]]) for c in cells]
    table.write_text("\n".join([head, *aged]) + "\n")
    build_edition(cohort, folder / "edition", EditionConfig(id="tiny", seed=4, hair_removal="given"))
    edition = folder / "edition"
    return Context(open_edition(edition), open_sealed(edition), PROTOCOL, folder, ENGINE)


def looks(context: Context, noise: float, seed: int = 0, missing: int = 0) -> Seen:
    """Two attacks see every person through a matrix of each side, with an offset, and noise of each image."""
    rng = np.random.default_rng(seed)
    people = {s: rng.normal(size=6) for s in sorted(set(context.sealed.subjects.values()))}
    turn = {(a, side): rng.normal(size=(6, 12)) for a in ("geo", FACE) for side in ("scan", "photo")}

    def image(name: str, side: str) -> ImageFeatures:
        person = people[context.sealed.subjects[name]]
        common = 0.3 * turn["geo", "scan"] + 0.7 * turn["geo", side]
        maps = {"geo": common, FACE: 0.3 * turn[FACE, "scan"] + 0.7 * turn[FACE, side]}
        offset = 4.0 if side == "photo" else 0.0
        return ImageFeatures(
            True, "", {a: person @ m + offset + noise * rng.normal(size=12) for a, m in maps.items()}
        )

    splits = context.edition.splits
    scans = {name: {p: image(p, "scan") for p in split.probes} for name, split in splits.items()}
    for probe in context.edition.eval.probes[:missing]:
        scans["eval"][probe] = ImageFeatures(False, "no face found", {})
    photos = {
        (name, condition): {r: image(r, "photo") for r in split.references}
        for name, split in splits.items()
        for condition in ("raw", "bald")
    }
    return Seen(scans, photos)


def areas(context: Context, attackers: list[AttackScores]) -> dict[tuple[str, str], float]:
    mated = context.trials.mated
    return {(a.attacker.name, a.attacker.level): auc(a.scores[mated], a.scores[~mated]) for a in attackers}


def test_who_knows_more_links_better(context: Context) -> None:
    found = areas(context, run_attackers(context.edition, PROTOCOL, looks(context, 1.5))[0])
    assert len(found) == 2 * 2 * 3 + 1
    for name in ("geo+raw", "geo+bald", "deepface(Dlib)+raw", "deepface(Dlib)+bald"):
        assert found[name, "informed"] > found[name, "ignorant"] + 0.05
    informed = [area for (name, level), area in found.items() if level == "informed" and name != "fusion"]
    assert found["fusion", "informed"] > max(informed)


def test_the_score_of_a_pair_depends_on_dev_and_on_that_pair_alone(context: Context) -> None:
    """No attacker is trained on eval: with all others of eval exchanged for noise, nothing changes."""
    before = looks(context, 1.5)
    trials = context.edition.eval.trials
    probe, reference = trials[5]
    rng = np.random.default_rng(9)
    noise = ImageFeatures(True, "", {a: rng.normal(size=12) for a in ("geo", FACE)})
    scans = {name: image if name == probe else noise for name, image in before.scans["eval"].items()}
    photos = {
        key: {r: image if r == reference else noise for r, image in own.items()} if key[0] == "eval" else own
        for key, own in before.photos.items()
    }
    after = Seen({**before.scans, "eval": scans}, photos)
    pairs = zip(
        run_attackers(context.edition, PROTOCOL, before)[0],
        run_attackers(context.edition, PROTOCOL, after)[0],
        strict=True,
    )
    for one, other in pairs:
        assert one.scores[5] == pytest.approx(other.scores[5]), one.attacker


def test_a_missing_face_scores_lowest_with_every_attacker(context: Context) -> None:
    attackers, _ = run_attackers(context.edition, PROTOCOL, looks(context, 1.5, missing=3))
    lost = set(context.edition.eval.probes[:3])
    missing = np.array([probe in lost for probe, _ in context.edition.eval.trials])
    for one in attackers:
        assert (one.scores[missing] == one.scores.min()).all()


def test_faces_nobody_shows_teach_nobody(context: Context) -> None:
    none = looks(context, 1.0)
    blank = {
        split: dict.fromkeys(own, ImageFeatures(False, "no face found", {}))
        for split, own in none.scans.items()
    }
    attackers, remarks = run_attackers(context.edition, PROTOCOL, replace(none, scans=blank))
    assert {one.attacker.level for one in attackers} == {"ignorant"}
    assert all((one.scores == 0).all() for one in attackers)
    assert not any(one.scores_differ for one in attackers)
    assert all(one.scores_differ for one in run_attackers(context.edition, PROTOCOL, none)[0])
    assert len(remarks) == 4


def test_a_shuffled_key_teaches_nothing(context: Context) -> None:
    mated = context.trials.mated
    shuffled = shuffled_key_aucs(context.edition, PROTOCOL, looks(context, 0.5), mated, range(10))
    assert {one.name for one in shuffled} == {
        "geo+raw",
        "geo+bald",
        "deepface(Dlib)+raw",
        "deepface(Dlib)+bald",
        "fusion",
    }
    assert abs(shuffled[FUSED].mean() - 0.5) < 0.1
    assert abs(np.mean([own.mean() for own in shuffled.values()]) - 0.5) < 0.1


def checks(context: Context, defaced: Seen, original: Seen) -> dict[tuple[str, str], bool]:
    attackers, ceiling = (run_attackers(context.edition, PROTOCOL, one)[0] for one in (defaced, original))
    shuffled = shuffled_key_aucs(context.edition, PROTOCOL, defaced, context.trials.mated, range(10))
    return {
        (c.question.split(" ")[0], c.attacker): c.passed for c in audit(context, attackers, ceiling, shuffled)
    }


def test_honest_attackers_pass_and_those_who_cannot_link_at_all_fail(context: Context) -> None:
    good = looks(context, 0.3)
    found = checks(context, looks(context, 3.0), good)
    assert found["links", "deepface(Dlib)+raw/informed"]
    assert found["trained", "deepface(Dlib)+raw/informed"]
    assert found["trained", "fusion/informed"]
    assert found["no", "deepface(Dlib)+raw/informed"]
    blind = checks(context, good, looks(context, 1000.0))
    assert not any(passed for (question, _), passed in blind.items() if question == "links")


def test_an_attacker_who_links_by_a_shuffled_key_or_loses_by_knowing_more_rates_nobody(
    context: Context,
) -> None:
    """Rigged: shuffled keys that link, and an informed attacker that guesses. One turned round links, too."""
    defaced = looks(context, 1.0)
    attackers, _ = run_attackers(context.edition, PROTOCOL, defaced)
    name = "geo+raw"
    guess = np.random.default_rng(4).normal(size=len(attackers[0].scores))

    def with_informed(scores: np.ndarray) -> list[AttackScores]:
        informed = f"{name}/informed"
        return [replace(a, scores=scores) if str(a.attacker) == informed else a for a in attackers]

    broken = with_informed(guess)
    shuffled = {one.attacker: np.full(10, 0.5) for one in attackers if one.attacker.level == "informed"}
    shuffled[Attacker.parse("deepface(Dlib)+raw/informed")] = np.full(10, 0.9)
    del shuffled[FUSED]
    failed = {
        (c.question.split(",")[0], c.attacker)
        for c in audit(context, broken, attackers, shuffled)
        if not c.passed
    }
    assert failed == {
        ("trained on a shuffled key", "deepface(Dlib)+raw/informed"),
        ("trained on a shuffled key", "fusion/informed"),
        (f"no worse than {name}/adapted (AUC gained)", f"{name}/informed"),
    }
    own = next(one.scores for one in attackers if str(one.attacker) == f"{name}/informed")
    turned = audit(context, with_informed(-own), attackers, shuffled)
    assert all(c.passed for c in turned if c.attacker == f"{name}/informed" and "no worse" in c.question)


@pytest.mark.parametrize("links_by_nothing", [True, False])
def test_who_links_by_a_shuffled_key_is_no_part_of_the_fusion_either(
    context: Context, monkeypatch: pytest.MonkeyPatch, links_by_nothing: bool
) -> None:
    """But who only cannot link undefaced scans is: `geo` sees nothing in them."""
    defaced, original = looks(context, 1.0), looks(context, 0.5)
    rng = np.random.default_rng(2)
    blind = {
        split: {p: replace(i, vectors={**i.vectors, "geo": rng.normal(size=12)}) for p, i in own.items()}
        for split, own in original.scans.items()
    }

    def rigged(*arguments: Any) -> dict[Attacker, np.ndarray]:
        found = shuffled_key_aucs(*arguments)
        return {
            one: own + 0.4 if one.attack == "geo" and links_by_nothing else own for one, own in found.items()
        }

    monkeypatch.setattr("mriprivacy.challenge.evaluation.defacing.shuffled_key_aucs", rigged)
    monkeypatch.setattr("mriprivacy.challenge.evaluation.defacing.SHUFFLED_KEYS", 5)
    audited = _audited(context, replace(original, scans=blind), defaced, None)
    failed = {check.attacker for check in audited.checks if not check.passed}
    assert {"geo+raw/informed", "geo+bald/informed"} <= failed
    assert not {"deepface(Dlib)+raw/informed", "deepface(Dlib)+bald/informed", "fusion/informed"} & failed
    sound = {Attacker.parse(f"deepface(Dlib)+{condition}/informed") for condition in ("raw", "bald")}
    (fused,) = (one for one in audited.attackers if one.attacker == FUSED)
    for among, same in ((sound, links_by_nothing), (None, not links_by_nothing)):
        *_, fusion = run_attackers(context.edition, PROTOCOL, defaced, among)[0]
        assert np.array_equal(fused.scores, fusion.scores) is same


def test_who_was_not_asked_about_undefaced_scans_has_not_passed(context: Context) -> None:
    defaced = looks(context, 1.0)
    attackers, _ = run_attackers(context.edition, PROTOCOL, defaced)
    shuffled = {
        one.attacker: np.linspace(0.45, 0.55, 10) for one in attackers if one.attacker.level == "informed"
    }
    found = audit(context, attackers, [one for one in attackers if one.attacker != FUSED], shuffled)
    assert {(c.question.split(" ")[0], c.attacker) for c in found if not c.passed} == {
        ("links", "fusion/informed")
    }


def test_fusion_must_not_do_worse_than_who_is_adapted(context: Context) -> None:
    defaced = looks(context, 1.0)
    attackers, _ = run_attackers(context.edition, PROTOCOL, defaced)
    mated = context.trials.mated
    rigged = [
        replace(one, scores=mated + 0.0) if one.attacker.level == "adapted" else one for one in attackers
    ]
    rigged[-1] = replace(rigged[-1], scores=np.random.default_rng(0).normal(size=len(mated)))
    shuffled = {
        one.attacker: np.linspace(0.45, 0.55, 10) for one in attackers if one.attacker.level == "informed"
    }
    (told,) = (
        c
        for c in audit(context, rigged, attackers, shuffled)
        if c.question.startswith("no") and "fusion" in c.attacker
    )
    assert told.question.endswith("adapted (AUC gained)")
    assert not told.passed


@pytest.mark.parametrize(("conditions", "fused"), [(("raw", "bald"), True), (("raw",), False)])
def test_two_attackers_are_fused_and_one_is_not(
    context: Context, conditions: tuple[str, ...], fused: bool
) -> None:
    protocol = replace(PROTOCOL, attacks=["geo"])
    whole = looks(context, 1.0)
    seen = replace(whole, photos={key: own for key, own in whole.photos.items() if key[1] in conditions})
    attackers, remarks = run_attackers(context.edition, protocol, seen)
    assert (FUSED in [one.attacker for one in attackers], remarks) == (fused, [])
    shuffled = shuffled_key_aucs(context.edition, protocol, seen, context.trials.mated, range(2))
    assert (FUSED in shuffled, len(shuffled)) == (fused, len(conditions) + fused)


def test_a_condition_counts_only_where_both_splits_have_it(context: Context) -> None:
    whole = looks(context, 1.0)
    for split in ("dev", "eval"):
        photos = {key: own for key, own in whole.photos.items() if key != (split, "bald")}
        assert replace(whole, photos=photos).conditions == ("raw",)
    assert whole.conditions == ("raw", "bald")


def test_where_dev_saw_nobody_with_both_attacks_one_is_enough(context: Context) -> None:
    """In dev each attack sees one half of the people; in eval both see everybody."""
    whole = looks(context, 0.5)
    dev = context.edition.dev.probes
    halves = {"geo": set(dev[::2]), FACE: set(dev[1::2])}
    scans = {
        p: replace(image, vectors={a: v for a, v in image.vectors.items() if p in halves[a]})
        for p, image in whole.scans["dev"].items()
    }
    attackers, _ = run_attackers(
        context.edition, PROTOCOL, replace(whole, scans={**whole.scans, "dev": scans})
    )
    found = areas(context, attackers)
    singles = [area for (name, level), area in found.items() if level == "informed" and name != "fusion"]
    assert found["fusion", "informed"] > min(singles)


@pytest.mark.parametrize("shown", [8, 9, 12])
def test_where_few_show_a_face_those_who_cannot_learn_say_so(context: Context, shown: int) -> None:
    """Each attack sees other people; whether they can be fused or not, the evaluation goes on."""
    whole = looks(context, 1.0)
    dev = context.edition.dev
    for seed in range(2):
        rng = np.random.default_rng(seed)
        seen = {a: set(rng.permutation(dev.probes)[:shown].tolist()) for a in ("geo", FACE)}
        scans = {
            p: replace(image, vectors={a: v for a, v in image.vectors.items() if p in seen[a]})
            for p, image in whole.scans["dev"].items()
        }
        few = replace(whole, scans={**whole.scans, "dev": scans})
        attackers, remarks = run_attackers(context.edition, PROTOCOL, few)
        fused = any(one.attacker == FUSED for one in attackers)
        assert fused or any(remark.startswith("fusion: not trained") for remark in remarks)
        shuffled = shuffled_key_aucs(context.edition, PROTOCOL, few, context.trials.mated, range(3))
        assert all(np.isfinite(own).all() for own in shuffled.values())


def test_groups_cover_everybody_once(context: Context) -> None:
    masks = trial_masks(context)
    sexes = [mask for name, mask in masks.items() if name.startswith("sex=")]
    assert len(sexes) == 2
    assert (np.sum(sexes, axis=0) == 1).all()
    assert masks["all"].all()


@pytest.mark.parametrize("exposed", ["geo+raw/informed", ""])
def test_each_levels_strongest_attacker_is_told_by_group(context: Context, exposed: str) -> None:
    """The strongest links most people, as in `Entry.strongest_of`; AUC decides between equals."""
    scores = np.zeros(len(context.edition.eval.trials))
    named = [Attacker.parse(f"{n}/{level}") for n in ("geo+raw", "geo+bald") for level in LEVELS[::2]]
    auc_of = {"geo+raw/ignorant": 0.6, "geo+bald/informed": 0.9}
    results = [
        Result(
            one,
            "all",
            {
                "auc": Estimate(auc_of.get(str(one), 0.5), 0, 1, 9),
                exposure_of(context): Estimate(0.5 if str(one) == exposed else 0.1, 0, 1, 9),
            },
            {},
            "",
        )
        for one in named
    ]
    asks = _by_group(context, [Ask(one, scores) for one in named], results, {})
    assert [str(ask.attacker) for ask in asks] == ["geo+raw/ignorant", exposed or "geo+bald/informed"]
    assert "sex=F" in asks[0].trial_lists
    assert "matched" not in asks[0].trial_lists
    assert not any(ask.rates for ask in asks)


def test_groups_are_linked_at_the_threshold_of_everybody(context: Context) -> None:
    """Women whom the attacker takes for everybody are found at its threshold, not at one of their own."""
    mated, subjects = context.trials.mated, context.trials.subjects
    women = np.array([context.sealed.attributes[p].sex == "F" for p, _ in context.edition.eval.trials])
    scores = np.random.default_rng(5).normal(size=len(mated)) + 2.0 * mated + 3.0 * women
    one = SimpleNamespace(track="defacing", team="t", system="s")
    asks = [Ask(Attacker.parse("geo+raw/ignorant"), scores, trial_lists=["all", "sex=F", "sex=M"])]
    found = {r.trial_list: r.figures["people_found_any"].value for r in verification(context, one, asks)}
    threshold = np.quantile(scores[~mated], 0.99, method="inverted_cdf")
    for group, who in (("sex=F", women), ("sex=M", ~women)):
        people = np.unique(subjects[who & mated, 0])
        linked = [(scores[mated & (subjects[:, 0] == person)] > threshold).any() for person in people]
        assert found[group] == pytest.approx(np.mean(linked))
    assert found["sex=F"] > found["all"] > found["sex=M"]


def test_lists_of_few_nonmated_trials_are_not_told(context: Context) -> None:
    """Thirty are reported and twenty-nine are not, matched or of a group; all trials always are."""
    pairs = list(context.edition.eval.trials)
    nonmated = [pair for pair in pairs if not context.sealed.trials[pair].mated]
    for count, told in ((30, True), (29, False)):
        matched = {**context.sealed.trials}
        matched |= {pair: SealedTrial(own.mated, own.mated) for pair, own in matched.items()}
        matched |= {pair: SealedTrial(False, True) for pair in nonmated[:count]}
        sealed = replace(context.sealed, trials=matched)
        assert ("matched" in trial_masks(replace(context, sealed=sealed))) is told
        women = {p for p, own in context.sealed.attributes.items() if own.sex == "F"}
        kept = [pair for pair in nonmated if pair[0] in women][:count]
        short = [pair for pair in pairs if context.sealed.trials[pair].mated] + kept
        edition = SimpleNamespace(eval=SimpleNamespace(trials=short))
        masks = trial_masks(replace(context, edition=edition))
        assert ("sex=F" in masks) is told
        assert "sex=M" not in masks
        assert masks["all"].sum() == len(short)


def test_every_network_is_an_attacker_of_its_own(context: Context) -> None:
    """Each at every level, with a shuffled key, and in the fusion, by scores of its own features."""
    protocol = Protocol(attacks=["geo", "deepface"], networks=["Dlib", "SFace"])
    one, other = looks(context, 1.5), looks(context, 0.5, seed=1)

    def beside(left: Any, right: Any) -> Any:
        second = {name: image.vectors[FACE] for name, image in right.items()}
        return {
            name: replace(image, vectors={**image.vectors, "deepface(SFace)": second[name]})
            for name, image in left.items()
        }

    both = Seen(
        {split: beside(own, other.scans[split]) for split, own in one.scans.items()},
        {key: beside(own, other.photos[key]) for key, own in one.photos.items()},
    )
    found = {str(own.attacker): own.scores for own in run_attackers(context.edition, protocol, both)[0]}
    alone, second = (
        {str(own.attacker): own.scores for own in run_attackers(context.edition, PROTOCOL, seen)[0]}
        for seen in (one, other)
    )
    assert set(found) == set(alone) | {name.replace("Dlib", "SFace") for name in alone}
    for name, scores in found.items():
        if name != str(FUSED):
            expected = second[name.replace("SFace", "Dlib")] if "SFace" in name else alone[name]
            assert np.array_equal(scores, expected), name
    mated = context.trials.mated
    better = auc(found[str(FUSED)][mated], found[str(FUSED)][~mated])
    assert better > auc(alone[str(FUSED)][mated], alone[str(FUSED)][~mated])
    shuffled = shuffled_key_aucs(context.edition, protocol, both, mated, range(2))
    assert {f"deepface({n})+{c}/informed" for n in ("Dlib", "SFace") for c in ("raw", "bald")} <= {
        str(own) for own in shuffled
    }
