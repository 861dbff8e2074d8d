"""`attack` and `infer` on dev leave out the people whom they score, and `rehearse` takes what they write."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mriprivacy.challenge.attackers.features import ImageFeatures
from mriprivacy.challenge.cli import main
from mriprivacy.challenge.commands import attack, infer
from mriprivacy.challenge.edition.public import Edition, open_edition
from mriprivacy.data_prep.editions.build_edition import EditionConfig, build_edition
from tests.helpers.engine import ENGINE_WORDS
from tests.helpers.tiny_cohort import write_tiny_cohort


@pytest.fixture(scope="module")
def edition(tmp_path_factory: pytest.TempPathFactory) -> Edition:
    """Twenty-four people, twelve in dev: as few as an informed attacker needs who leaves people out."""
    folder = tmp_path_factory.mktemp("left_out")
    config = EditionConfig(id="tiny", seed=1, hair_removal="given")
    build_edition(write_tiny_cohort(folder / "people", 24), folder / "edition", config)
    return open_edition(folder / "edition" / "public")


@pytest.fixture
def seen(edition: Edition, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Images that show as many numbers as are asked for; photograph and scan of a person are alike in one."""

    def features(numbers: int) -> None:
        whose = {r: p for (p, r), mated in edition.dev.key.items() if mated}
        sexes = {probe: float(own.sex == "F") for probe, own in edition.dev.attributes.items()}
        rng = np.random.default_rng(5)
        noise = {name: rng.normal(size=numbers) for name in edition.dev.probes}

        def extract(paths: dict[str, Path], *_: object) -> dict[str, ImageFeatures]:
            found = {}
            for name in paths:
                probe = whose.get(name, name)
                vector = noise.get(probe, rng.normal(size=numbers)) + 0.01 * rng.normal(size=numbers)
                vector[0] += 5 * sexes.get(probe, 0.0)
                found[name] = ImageFeatures(True, "", {"geo": vector})
            return found

        monkeypatch.setattr(attack, "extract", extract)
        monkeypatch.setattr(infer, "extract", extract)

    return features


def measured(edition: Edition, folder: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, dict]:
    capsys.readouterr()
    assert main(["rehearse", f"edition={edition.root}", f"submission={folder}", "format=json"]) == 0
    found: dict[str, dict] = json.loads(capsys.readouterr().out)["measured"]
    return found


@pytest.mark.parametrize("level", ["ignorant", "adapted", "informed"])
def test_every_level_scores_dev(
    edition: Edition,
    seen: Callable[[int], None],
    level: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    seen(6)
    words = [f"edition={edition.root}", f"output={tmp_path / 'mine'}", "split=dev", *ENGINE_WORDS]
    assert main(["attack", "attack=geo", f"attack.level={level}", *words]) == 0
    assert measured(edition, tmp_path / "mine", capsys)["auc"]["value"] > 0.9


def test_attributes_are_predicted_by_people_left_out(
    edition: Edition, seen: Callable[[int], None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each training lacks two of twelve people; together they leave out all."""
    seen(40)
    words = [f"edition={edition.root}", f"output={tmp_path / 'mine'}", "split=dev", *ENGINE_WORDS]
    trained: list[set[str]] = []
    train, whole = infer.train_classifier, set(edition.dev.probes)

    def noted(attribute, name, images, truth, subjects):  # type: ignore[no-untyped-def]
        trained.append(set(images))
        return train(attribute, name, images, truth, subjects)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(infer, "train_classifier", noted)
        status = main(["infer", "attack=geo", *words])
    assert status == 0, capsys.readouterr().err
    assert len(trained) == 3 * 6
    assert all(len(own) == len(whole) - 2 for own in trained)
    assert set.union(*(whole - own for own in trained[:6])) == whole
    rows = (tmp_path / "mine" / "attributes.tsv").read_text().splitlines()
    assert {row.split("\t")[0] for row in rows[1:]} == whole
    measured(edition, tmp_path / "mine", capsys)


def test_a_few_people_too_few_are_named(
    tiny_edition: Edition, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [f"edition={tiny_edition.root}", f"output={tmp_path / 'mine'}", "split=dev"]
    assert main(["attack", "attack=geo", "attack.level=informed", *words]) == 2
    assert "needs 12 people in dev with split=dev, which leaves people out" in capsys.readouterr().err
