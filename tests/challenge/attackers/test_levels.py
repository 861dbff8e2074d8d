"""Attackers and their audit, on people whose features are known; no image is looked at."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from mriprivacy.challenge.attackers.features import ImageFeatures
from mriprivacy.challenge.attackers.levels import Attacker, Looks, run_attackers, taught_nothing
from mriprivacy.challenge.edition.protocol import Protocol
from mriprivacy.challenge.edition.public import open_edition
from mriprivacy.challenge.edition.sealed import SealedTrial, open_sealed
from mriprivacy.challenge.entry.entry import LEVELS, Result
from mriprivacy.challenge.evaluation.audit import audit
from mriprivacy.challenge.evaluation.context import Evaluator, whose
from mriprivacy.challenge.evaluation.defacing import _audited, _by_group
from mriprivacy.challenge.evaluation.metrics import Ask, trial_masks, verification
from mriprivacy.data_prep.editions.build_edition import EditionConfig, build_edition
from mriprivacy.scoring import Estimate, auc
from tests.conftest import write_tiny_cohort
from tests.helpers.engine import ENGINE

PROTOCOL = Protocol(attacks=["geo", "deepface"], bootstrap=200)
N = 60


@pytest.fixture(scope="module")
def evaluator(tmp_path_factory: pytest.TempPathFactory) -> Evaluator:
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
    return Evaluator(open_edition(edition), open_sealed(edition), PROTOCOL, folder, ENGINE)


def looks(evaluator: Evaluator, noise: float, seed: int = 0, missing: int = 0) -> Looks:
    """Two attacks see every person through a matrix of each side, with an offset, and noise of each image."""
    rng = np.random.default_rng(seed)
    people = {s: rng.normal(size=6) for s in sorted(set(evaluator.sealed.subjects.values()))}
    turn = {(a, side): rng.normal(size=(6, 12)) for a in ("geo", "deepface") for side in ("scan", "photo")}

    def image(name: str, side: str) -> ImageFeatures:
        person = people[evaluator.sealed.subjects[name]]
        common = 0.3 * turn["geo", "scan"] + 0.7 * turn["geo", side]
        maps = {"geo": common, "deepface": 0.3 * turn["deepface", "scan"] + 0.7 * turn["deepface", side]}
        offset = 4.0 if side == "photo" else 0.0
        return ImageFeatures(
            True, "", {a: person @ m + offset + noise * rng.normal(size=12) for a, m in maps.items()}
        )

    splits = evaluator.edition.splits
    scans = {name: {p: image(p, "scan") for p in split.probes} for name, split in splits.items()}
    for probe in evaluator.edition.eval.probes[:missing]:
        scans["eval"][probe] = ImageFeatures(False, "no face found", {})
    photos = {
        (name, condition): {r: image(r, "photo") for r in split.references}
        for name, split in splits.items()
        for condition in ("raw", "bald")
    }
    return Looks(scans, photos)


def areas(evaluator: Evaluator, attackers: list[Attacker]) -> dict[tuple[str, str], float]:
    mated, _ = whose(evaluator)
    return {(a.name, a.level): auc(a.scores[mated], a.scores[~mated]) for a in attackers}


def test_who_knows_more_links_better(evaluator: Evaluator) -> None:
    found = areas(evaluator, run_attackers(evaluator.edition, PROTOCOL, looks(evaluator, 1.5))[0])
    assert len(found) == 2 * 2 * 3 + 1
    for name in ("geo+raw", "geo+bald", "deepface(Dlib)+raw", "deepface(Dlib)+bald"):
        assert found[name, "informed"] > found[name, "ignorant"] + 0.05
    informed = [area for (name, level), area in found.items() if level == "informed" and name != "fusion"]
    assert found["fusion", "informed"] > max(informed)


def test_the_score_of_a_pair_depends_on_dev_and_on_that_pair_alone(evaluator: Evaluator) -> None:
    """Nobody of eval is learned from: with all others of eval exchanged for noise, nothing changes."""
    before = looks(evaluator, 1.5)
    trials = evaluator.edition.eval.trials
    probe, reference = trials[5]
    rng = np.random.default_rng(9)
    noise = ImageFeatures(True, "", {a: rng.normal(size=12) for a in ("geo", "deepface")})
    scans = {name: image if name == probe else noise for name, image in before.scans["eval"].items()}
    photos = {
        key: {r: image if r == reference else noise for r, image in own.items()} if key[0] == "eval" else own
        for key, own in before.photos.items()
    }
    after = Looks({**before.scans, "eval": scans}, photos)
    pairs = zip(
        run_attackers(evaluator.edition, PROTOCOL, before)[0],
        run_attackers(evaluator.edition, PROTOCOL, after)[0],
        strict=True,
    )
    for one, other in pairs:
        assert one.scores[5] == pytest.approx(other.scores[5]), one.name


def test_a_missing_face_scores_lowest_with_every_attacker(evaluator: Evaluator) -> None:
    attackers, _ = run_attackers(evaluator.edition, PROTOCOL, looks(evaluator, 1.5, missing=3))
    lost = set(evaluator.edition.eval.probes[:3])
    missing = np.array([probe in lost for probe, _ in evaluator.edition.eval.trials])
    for one in attackers:
        assert (one.scores[missing] == one.scores.min()).all()


def test_faces_nobody_shows_teach_nobody(evaluator: Evaluator) -> None:
    none = looks(evaluator, 1.0)
    blank = {
        split: dict.fromkeys(own, ImageFeatures(False, "no face found", {}))
        for split, own in none.scans.items()
    }
    attackers, remarks = run_attackers(evaluator.edition, PROTOCOL, replace(none, scans=blank))
    assert {one.level for one in attackers} == {"ignorant"}
    assert all((one.scores == 0).all() for one in attackers)
    assert not any(one.saw_somebody for one in attackers)
    assert all(one.saw_somebody for one in run_attackers(evaluator.edition, PROTOCOL, none)[0])
    assert len(remarks) == 4


def test_a_shuffled_key_teaches_nothing(evaluator: Evaluator) -> None:
    mated, _ = whose(evaluator)
    shuffled = taught_nothing(evaluator.edition, PROTOCOL, looks(evaluator, 0.5), mated, range(10))
    assert set(shuffled) == {"geo+raw", "geo+bald", "deepface(Dlib)+raw", "deepface(Dlib)+bald", "fusion"}
    assert abs(shuffled["fusion"].mean() - 0.5) < 0.1
    assert abs(np.mean([own.mean() for own in shuffled.values()]) - 0.5) < 0.1


def checks(evaluator: Evaluator, defaced: Looks, original: Looks) -> dict[tuple[str, str], bool]:
    attackers, ceiling = (run_attackers(evaluator.edition, PROTOCOL, one)[0] for one in (defaced, original))
    shuffled = taught_nothing(evaluator.edition, PROTOCOL, defaced, whose(evaluator)[0], range(10))
    return {
        (c.question.split(" ")[0], c.attacker): c.passed
        for c in audit(evaluator, attackers, ceiling, shuffled)
    }


def test_honest_attackers_pass_and_those_who_cannot_link_at_all_fail(evaluator: Evaluator) -> None:
    good = looks(evaluator, 0.3)
    found = checks(evaluator, looks(evaluator, 3.0), good)
    assert found["links", "deepface(Dlib)+raw/informed"]
    assert found["taught", "deepface(Dlib)+raw/informed"]
    assert found["taught", "fusion/informed"]
    assert found["no", "deepface(Dlib)+raw/informed"]
    blind = checks(evaluator, good, looks(evaluator, 1000.0))
    assert not any(passed for (question, _), passed in blind.items() if question == "links")


def test_an_attacker_who_links_by_a_shuffled_key_or_loses_by_knowing_more_rates_nobody(
    evaluator: Evaluator,
) -> None:
    """Rigged: shuffled keys that teach, and an informed attacker whose scores are turned round."""
    defaced = looks(evaluator, 1.0)
    attackers, _ = run_attackers(evaluator.edition, PROTOCOL, defaced)
    name = "geo+raw"
    broken = [
        replace(one, scores=-one.scores) if (one.name, one.level) == (name, "informed") else one
        for one in attackers
    ]
    shuffled = {one.name: np.full(10, 0.5) for one in attackers if one.level == "informed"}
    shuffled["deepface(Dlib)+raw"] = np.full(10, 0.9)
    del shuffled["fusion"]
    failed = {
        (c.question.split(",")[0], c.attacker)
        for c in audit(evaluator, broken, attackers, shuffled)
        if not c.passed
    }
    assert failed == {
        ("taught a shuffled key", "deepface(Dlib)+raw/informed"),
        ("taught a shuffled key", "fusion/informed"),
        (f"no worse than {name}/ignorant (AUC gained)", f"{name}/informed"),
        (f"no worse than {name}/adapted (AUC gained)", f"{name}/informed"),
    }


@pytest.mark.parametrize("learned_from_nothing", [True, False])
def test_who_links_by_a_shuffled_key_is_no_part_of_the_fusion_either(
    evaluator: Evaluator, monkeypatch: pytest.MonkeyPatch, learned_from_nothing: bool
) -> None:
    """But who only cannot link undefaced scans is: `geo` sees nothing in them."""
    defaced, original = looks(evaluator, 1.0), looks(evaluator, 0.5)
    rng = np.random.default_rng(2)
    blind = {
        split: {p: replace(i, vectors={**i.vectors, "geo": rng.normal(size=12)}) for p, i in own.items()}
        for split, own in original.scans.items()
    }

    def taught(*arguments: Any) -> dict[str, np.ndarray]:
        found = taught_nothing(*arguments)
        return {n: own + 0.4 if "geo" in n and learned_from_nothing else own for n, own in found.items()}

    monkeypatch.setattr("mriprivacy.challenge.evaluation.defacing.taught_nothing", taught)
    attackers, _, asked = _audited(evaluator, replace(original, scans=blind), defaced)
    failed = {check.attacker for check in asked if not check.passed}
    assert {"geo+raw/informed", "geo+bald/informed"} <= failed
    assert not {"deepface(Dlib)+raw/informed", "deepface(Dlib)+bald/informed", "fusion/informed"} & failed
    sound = {"deepface(Dlib)+raw", "deepface(Dlib)+bald"}
    for among, same in ((sound, learned_from_nothing), (None, not learned_from_nothing)):
        *_, fusion = run_attackers(evaluator.edition, PROTOCOL, defaced, among)[0]
        assert np.array_equal(attackers[-1].scores, fusion.scores) is same


def test_who_was_not_asked_about_undefaced_scans_has_not_passed(evaluator: Evaluator) -> None:
    defaced = looks(evaluator, 1.0)
    attackers, _ = run_attackers(evaluator.edition, PROTOCOL, defaced)
    shuffled = {one.name: np.linspace(0.45, 0.55, 10) for one in attackers if one.level == "informed"}
    found = audit(evaluator, attackers, [one for one in attackers if one.name != "fusion"], shuffled)
    assert {(c.question.split(" ")[0], c.attacker) for c in found if not c.passed} == {
        ("links", "fusion/informed")
    }


def test_fusion_must_not_do_worse_than_who_is_adapted(evaluator: Evaluator) -> None:
    defaced = looks(evaluator, 1.0)
    attackers, _ = run_attackers(evaluator.edition, PROTOCOL, defaced)
    mated, _ = whose(evaluator)
    rigged = [replace(one, scores=mated + 0.0) if one.level == "adapted" else one for one in attackers]
    rigged[-1] = replace(rigged[-1], scores=np.random.default_rng(0).normal(size=len(mated)))
    shuffled = {one.name: np.linspace(0.45, 0.55, 10) for one in attackers if one.level == "informed"}
    (told,) = (
        c
        for c in audit(evaluator, rigged, attackers, shuffled)
        if c.question.startswith("no") and "fusion" in c.attacker
    )
    assert told.question.endswith("adapted (AUC gained)")
    assert not told.passed


def test_where_dev_saw_nobody_with_both_attacks_one_is_enough(evaluator: Evaluator) -> None:
    """In dev each attack sees one half of the people; in eval both see everybody."""
    whole = looks(evaluator, 0.5)
    dev = evaluator.edition.dev.probes
    halves = {"geo": set(dev[::2]), "deepface": set(dev[1::2])}
    scans = {
        p: replace(image, vectors={a: v for a, v in image.vectors.items() if p in halves[a]})
        for p, image in whole.scans["dev"].items()
    }
    attackers, _ = run_attackers(
        evaluator.edition, PROTOCOL, replace(whole, scans={**whole.scans, "dev": scans})
    )
    found = areas(evaluator, attackers)
    singles = [area for (name, level), area in found.items() if level == "informed" and name != "fusion"]
    assert found["fusion", "informed"] > min(singles)


@pytest.mark.parametrize("shown", [8, 9, 12])
def test_where_few_show_a_face_those_who_cannot_learn_say_so(evaluator: Evaluator, shown: int) -> None:
    """Each attack sees other people; whether they can be fused or not, the evaluation goes on."""
    whole = looks(evaluator, 1.0)
    dev = evaluator.edition.dev
    for seed in range(5):
        rng = np.random.default_rng(seed)
        seen = {a: set(rng.permutation(dev.probes)[:shown].tolist()) for a in ("geo", "deepface")}
        scans = {
            p: replace(image, vectors={a: v for a, v in image.vectors.items() if p in seen[a]})
            for p, image in whole.scans["dev"].items()
        }
        few = replace(whole, scans={**whole.scans, "dev": scans})
        attackers, remarks = run_attackers(evaluator.edition, PROTOCOL, few)
        fused = any(one.name == "fusion" for one in attackers)
        assert fused or any(remark.startswith("fusion: nobody learns to fuse") for remark in remarks)
        shuffled = taught_nothing(evaluator.edition, PROTOCOL, few, whose(evaluator)[0], range(3))
        assert all(np.isfinite(own).all() for own in shuffled.values())


def test_groups_cover_everybody_once(evaluator: Evaluator) -> None:
    masks = trial_masks(evaluator)
    sexes = [mask for name, mask in masks.items() if name.startswith("sex=")]
    assert len(sexes) == 2
    assert (np.sum(sexes, axis=0) == 1).all()
    assert masks["all"].all()


def test_each_levels_strongest_attacker_is_told_by_group(evaluator: Evaluator) -> None:
    scores = np.zeros(len(evaluator.edition.eval.trials))
    attackers = [Attacker(n, level, scores) for n in ("geo+raw", "geo+bald") for level in LEVELS[::2]]
    auc_of = {("geo+raw", "ignorant"): 0.6, ("geo+bald", "informed"): 0.9}
    results = [
        Result(a.name, a.level, "all", {"auc": Estimate(auc_of.get((a.name, a.level), 0.5), 0, 1, 9)}, {}, "")
        for a in attackers
    ]
    asks = _by_group(evaluator, attackers, results, {})
    assert [(ask.name, ask.level) for ask in asks] == [("geo+raw", "ignorant"), ("geo+bald", "informed")]
    assert "sex=F" in asks[0].trial_lists
    assert "matched" not in asks[0].trial_lists
    assert not any(ask.rates for ask in asks)


def test_groups_are_linked_at_the_threshold_of_everybody(evaluator: Evaluator) -> None:
    """Women whom the attacker takes for everybody are found at his threshold, not at one of their own."""
    mated, subjects = whose(evaluator)
    women = np.array([evaluator.sealed.attributes[p].sex == "F" for p, _ in evaluator.edition.eval.trials])
    scores = np.random.default_rng(5).normal(size=len(mated)) + 2.0 * mated + 3.0 * women
    one = SimpleNamespace(track="defacing", team="t", system="s")
    asks = [Ask("geo+raw", "ignorant", scores, trial_lists=["all", "sex=F", "sex=M"])]
    found = {r.trial_list: r.figures["people_found_any"].value for r in verification(evaluator, one, asks)}
    threshold = np.quantile(scores[~mated], 0.99, method="inverted_cdf")
    for group, who in (("sex=F", women), ("sex=M", ~women)):
        people = np.unique(subjects[who & mated, 0])
        linked = [(scores[mated & (subjects[:, 0] == person)] > threshold).any() for person in people]
        assert found[group] == pytest.approx(np.mean(linked))
    assert found["sex=F"] > found["all"] > found["sex=M"]


def test_lists_of_few_nonmated_trials_are_not_told(evaluator: Evaluator) -> None:
    """Thirty are told and twenty-nine are not, on the matched list as on a group's; all trials always are."""
    pairs = list(evaluator.edition.eval.trials)
    nonmated = [pair for pair in pairs if not evaluator.sealed.trials[pair].mated]
    for count, told in ((30, True), (29, False)):
        matched = {**evaluator.sealed.trials}
        matched |= {pair: SealedTrial(own.mated, own.mated) for pair, own in matched.items()}
        matched |= {pair: SealedTrial(False, True) for pair in nonmated[:count]}
        sealed = replace(evaluator.sealed, trials=matched)
        assert ("matched" in trial_masks(replace(evaluator, sealed=sealed))) is told
        women = {p for p, own in evaluator.sealed.attributes.items() if own.sex == "F"}
        kept = [pair for pair in nonmated if pair[0] in women][:count]
        short = [pair for pair in pairs if evaluator.sealed.trials[pair].mated] + kept
        edition = SimpleNamespace(eval=SimpleNamespace(trials=short))
        masks = trial_masks(replace(evaluator, edition=edition))
        assert ("sex=F" in masks) is told
        assert "sex=M" not in masks
        assert masks["all"].sum() == len(short)


def test_the_kit_of_one_network_does_not_pass_for_another(evaluator: Evaluator, tmp_path: Path) -> None:
    named = run_attackers(evaluator.edition, Protocol(model="VGG-Face"), looks(evaluator, 1.0))[0]
    assert "deepface(VGG-Face)+raw" in {one.name for one in named}
