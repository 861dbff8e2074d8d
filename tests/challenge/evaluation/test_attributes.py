"""Attributes and ages are read from images that hold them: scans as defaced, undefaced, photographs."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from mriprivacy.challenge.attackers.features import ImageFeatures
from mriprivacy.challenge.attackers.levels import Seen
from mriprivacy.challenge.edition.protocol import Protocol
from mriprivacy.challenge.edition.public import Edition, open_edition
from mriprivacy.challenge.edition.sealed import open_sealed
from mriprivacy.challenge.entry.attacker import Attacker
from mriprivacy.challenge.entry.entry import Result
from mriprivacy.challenge.evaluation import attributes as reading
from mriprivacy.challenge.evaluation.attributes import predict_from_images
from mriprivacy.challenge.evaluation.context import Context
from mriprivacy.data_prep.editions.build_edition import EditionConfig, build_edition
from mriprivacy.data_prep.formats.schema import Attributes
from mriprivacy.scoring.estimate import Estimate
from tests.helpers.engine import ENGINE
from tests.helpers.tiny_cohort import write_tiny_cohort


@pytest.fixture
def context(tiny_edition: Edition, tiny_edition_folder: Path, tmp_path: Path) -> Context:
    protocol = Protocol(attacks=["geo"], bootstrap=50)
    sealed = open_sealed(tiny_edition_folder)
    return Context(tiny_edition, sealed, protocol, tmp_path, ENGINE)


def seen(context: Context, names: list[str], telling: bool) -> dict[str, ImageFeatures]:
    """Features that are sex and age, or nothing at all."""
    sealed, dev = context.sealed, context.edition.dev
    sexes = {sealed.subjects[p]: own.sex for p, own in {**dev.attributes, **sealed.attributes}.items()}
    ages = {sealed.subjects[p]: age for p, age in sealed.ages.items()}
    of = {name: sealed.subjects[name] for name in names}
    vectors = {n: [float(sexes[s] == "F"), ages[s]] if telling else [0.0, 0.0] for n, s in of.items()}
    return {name: ImageFeatures(True, "", {"geo": np.array(own)}) for name, own in vectors.items()}


def read(context: Context) -> tuple[dict[tuple[str, str], Result], list[str]]:
    """Read from telling originals and photographs, and from defaced scans that tell nothing."""
    splits = context.edition.splits
    photos = {(name, "raw"): seen(context, split.references, True) for name, split in splits.items()}
    looks = [
        Seen({name: seen(context, split.probes, telling) for name, split in splits.items()}, photos)
        for telling in (True, False)
    ]
    submission = SimpleNamespace(track="defacing", team="team", system="system")
    results, checks, remarks = predict_from_images(context, submission, *looks)  # type: ignore[arg-type]
    assert all(check.passed for check in checks)
    assert [check.attacker for check in checks] == [str(one.attacker) for one in results if one.rates]
    return {(result.name, result.trial_list): result for result in results}, remarks


def test_what_defacing_took_is_read_from_undefaced_scans_and_photographs(context: Context) -> None:
    found, remarks = read(context)
    for kind, counted in (("undefaced", "probes"), ("photo", "photographs")):
        sex, age = found["geo+sex", kind], found["geo+age", kind]
        assert sex.figures["accuracy"].value == 1
        assert age.figures["mae_years"].value < 4
        assert age.figures["gain_years"].value > 5
        assert not sex.rates
        assert not age.rates
        assert f"tr:defacing/eval,{kind}" in age.signature
        assert age.counts[counted] == sex.counts[counted]
    assert found["geo+sex", "photo"].counts["photographs"] == len(context.edition.eval.references)
    assert found["geo+sex", "probes"].rates
    assert found["geo+sex", "probes"].figures["gain"].value <= 0
    assert found["geo+age", "probes"].figures["gain_years"].value <= 0
    assert not any("sex" in line or "age:" in line for line in remarks)


def test_nobody_learns_from_images_without_a_face_and_what_is_not_known_is_not_asked(
    context: Context,
) -> None:
    images = {name: ImageFeatures(False, "no face found", {}) for name in context.sealed.subjects}
    blind = Seen(dict.fromkeys(("dev", "eval"), images), {(s, "raw"): images for s in ("dev", "eval")})
    submission = SimpleNamespace(track="defacing", team="team", system="system")
    for ages, asked in ((context.sealed.ages, 4), ({}, 3)):
        asking = replace(context, sealed=replace(context.sealed, ages=ages))
        *nothing, remarks = predict_from_images(asking, submission, blind, blind)  # type: ignore[arg-type]
        assert nothing == [[], []]
        assert len(remarks) == 3 * asked
        assert any(line.endswith("(photo)") for line in remarks)


@pytest.fixture(scope="module")
def larger(tmp_path_factory: pytest.TempPathFactory) -> Context:
    """Of enough people for a leak to stand out."""
    folder = tmp_path_factory.mktemp("larger")
    table = write_tiny_cohort(folder / "people", 40) / "participants.tsv"
    header, *rows = [line.split("\t") for line in table.read_text().splitlines()]
    aged = [[name, sex, str(20 + number), *rest] for number, (name, sex, _, *rest) in enumerate(rows)]
    table.write_text("\n".join("\t".join(row) for row in (header, *aged)) + "\n")
    build_edition(
        folder / "people", folder / "edition", EditionConfig(id="larger", seed=1, hair_removal="given")
    )
    protocol = Protocol(attacks=["geo"], bootstrap=50)
    return Context(
        open_edition(folder / "edition"), open_sealed(folder / "edition"), protocol, folder, ENGINE
    )


def test_a_classifier_with_knowledge_beyond_its_training_does_not_count(
    larger: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that predicts the truth of eval after any training on dev, and one of ages that is trained."""
    splits, sealed = larger.edition.splits, larger.sealed
    photos = {(name, "raw"): seen(larger, split.references, True) for name, split in splits.items()}
    looks = Seen({name: seen(larger, split.probes, True) for name, split in splits.items()}, photos)
    submission = SimpleNamespace(track="defacing", team="team", system="system")

    def knows(attack: str, model: object, images: dict[str, ImageFeatures]) -> dict[str, str]:
        of = {sealed.subjects[probe]: own.sex for probe, own in sealed.attributes.items()}
        return {name: of[sealed.subjects[name]] for name in images}

    monkeypatch.setattr(reading, "infer", knows)
    results, checks, _ = predict_from_images(larger, submission, looks, looks)  # type: ignore[arg-type]
    passed = {check.attacker: check.passed for check in checks}
    assert (passed["geo+sex/informed"], passed["geo+age/informed"]) == (False, True)
    own = {result.name: result for result in results if result.trial_list == "probes"}
    assert (own["geo+sex"].rates, own["geo+age"].rates) == (False, True)
    assert own["geo+age"].figures["gain_years"].low > 0


def test_the_gain_on_shuffled_labels_is_judged_by_its_spread_and_its_interval(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four gains of mean .2 and variance .04 / 3, each with an interval of +-1.96 x .1."""
    submission = SimpleNamespace(track="defacing", team="team", system="system")
    gains = iter([0.1, 0.3, 0.1, 0.3, float("nan"), 0.5, 0.7])

    def scored(*_: object) -> SimpleNamespace:
        gain = next(gains)
        estimate = Estimate(gain, gain - 0.196, gain + 0.196, 9)
        return SimpleNamespace(figures={"gain": estimate, "accuracy": Estimate(9, 9, 9, 9)})

    monkeypatch.setattr(reading, "scored_predictions", scored)
    one = Attacker("geo", "informed", target="sex")
    check = reading._check(context, submission, one, [{}] * 4)  # type: ignore[arg-type]
    assert check is not None
    error = (0.04 / 3 / 4 + 0.1**2) ** 0.5
    assert (check.value, check.low, check.high) == pytest.approx((0.2, 0.2 - 3.3 * error, 0.2 + 3.3 * error))
    assert check.passed
    assert "(accuracy gained)" in check.question
    assert reading._check(context, submission, one, [{}]) is None  # type: ignore[arg-type]
    failed = reading._check(context, submission, one, [{}] * 2)  # type: ignore[arg-type]
    assert failed is not None
    assert not failed.passed


def test_shuffled_labels_are_of_the_same_people_and_as_many_of_each(larger: Context) -> None:
    dev = larger.edition.dev
    known = reading._known(larger)
    images = {**seen(larger, dev.probes[1:], True), dev.probes[0]: ImageFeatures(False, "", {})}
    for what in ("sex", "age"):
        call = reading._Call(images, {}, "geo", Attacker("geo", "informed", target=what), "probes")
        permuted = [reading._shuffled(known, call, seed) for seed in range(2)]
        labels = [
            {name: own.ages[name] if what == "age" else own.attributes[name].sex for name in dev.probes[1:]}
            for own in (known, *permuted)
        ]
        assert labels[0] != labels[1] != labels[2]
        assert sorted(labels[0].values()) == sorted(labels[1].values()) == sorted(labels[2].values())
        assert dev.probes[0] not in (permuted[0].ages if what == "age" else permuted[0].attributes)


@pytest.mark.parametrize(("gain", "passed"), [(0.0, True), (-0.1, True), (0.001, False)])
@pytest.mark.parametrize(("target", "figure"), [("sex", "gain"), ("age", "gain_years")])
def test_a_gain_of_nothing_passes_and_more_does_not(
    gain: float, passed: bool, target: str, figure: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every shuffle gained just as much, with intervals of no width."""
    known, other = Estimate(gain, gain, gain, 9), Estimate(5, 4, 6, 9)
    figures = {"gain": other, "gain_years": other, figure: known}
    monkeypatch.setattr(reading, "scored_predictions", lambda *_: SimpleNamespace(figures=figures))
    check = reading._check(None, None, Attacker("geo", "informed", target=target), [{}] * 5)  # type: ignore[arg-type]
    assert check is not None
    assert (check.value, check.low, check.high) == pytest.approx((gain,) * 3)
    assert check.passed == passed
    unit = "accuracy" if target == "sex" else "years"
    assert check.question == f"trained on shuffled labels, is no better than guessing ({unit} gained)"
    monkeypatch.setattr(reading, "scored_predictions", lambda *_: None)
    assert reading._check(None, None, Attacker("geo", "informed", target=target), [{}] * 5) is None  # type: ignore[arg-type]


def test_labels_are_of_people_whatever_the_image_shows() -> None:
    """Two scans of one person, one of another; a photograph that is not in the key has no label."""
    one, other = Attributes("F", "18-29", "n/a"), Attributes("M", "60+", "asian")
    dev = SimpleNamespace(
        key={("p1", "r1"): True, ("p2", "r1"): True, ("p3", "r2"): True, ("p3", "r1"): False},
        attributes={"p1": one, "p2": one, "p3": other}, probes=("p1", "p2", "p3"),
        references=("r1", "r2", "r3"),
    )  # fmt: skip
    sealed = SimpleNamespace(ages={"p1": 25.0, "p2": 25.0})
    known = reading._known(SimpleNamespace(edition=SimpleNamespace(dev=dev), sealed=sealed))  # type: ignore[arg-type]
    assert known.attributes == {"p1": one, "p2": one, "p3": other, "r1": one, "r2": other}
    assert known.ages == {"p1": 25, "p2": 25, "r1": 25}
    assert known.who == {"p1": "r1", "p2": "r1", "r1": "r1", "p3": "r2", "r2": "r2"}


@pytest.mark.parametrize("target", ["sex", "age"])
def test_a_classifier_is_trained_on_dev_and_predicts_eval(
    target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shuffled labels five times; images of people of whom nothing is known train none."""
    face = ImageFeatures(True, "", {"geo": np.zeros(1)})
    images = dict.fromkeys(("p1", "p2", "p3", "unknown"), face)
    labels = {"p1": Attributes("F", "", ""), "p2": Attributes("M", "", ""), "p3": Attributes("n/a", "", "")}
    known = reading._Known(labels, {"p1": 30.0, "p2": 50.0}, {})
    trained = []

    def train(*given: object) -> str:
        trained.append(given)
        return "model"

    for name in ("train_classifier", "train_ages"):
        monkeypatch.setattr(reading, name, lambda *given, name=name: train(name, *given))
    for name in ("infer", "infer_ages"):
        monkeypatch.setattr(reading, name, lambda *given, name=name: {"by": name, "of": given})
    call = reading._Call(images, {"e": face}, "geo", Attacker("geo", "informed", target=target), "probes")
    found = reading._predict(known, call)
    dev = dict.fromkeys(("p1", "p2", "p3"), face)
    if target == "age":
        assert found == {"by": "infer_ages", "of": ("geo", "model", {"e": face})}
        assert trained == [("train_ages", "geo", dev, known.ages, {})]
    else:
        assert found == {"by": "infer", "of": ("geo", "model", {"e": face})}
        assert trained == [("train_classifier", "sex", "geo", dev, labels, {})]
    assert reading._predict_shuffled(known, call) == [found] * 5
    assert len(trained) == 6
    if target == "age":
        assert all(given[3] in ({"p1": 30, "p2": 50}, {"p1": 50, "p2": 30}) for given in trained[1:])
        assert {given[3]["p1"] for given in trained[1:]} == {30, 50}
    else:
        shuffles = [{name: own.sex for name, own in given[4].items()} for given in trained[1:]]
        assert all(one in ({"p1": "F", "p2": "M"}, {"p1": "M", "p2": "F"}) for one in shuffles)
        assert {one["p1"] for one in shuffles} == {"F", "M"}
