"""MedPerf's containers, but for Docker: configurations, and every task as MedPerf starts it."""

import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from mriprivacy.challenge.cli import main
from mriprivacy.challenge.edition.public import open_edition
from mriprivacy.challenge.edition.sealed import open_sealed
from mriprivacy.challenge.export.columns import columns
from mriprivacy.challenge.export.medperf.containers import build_words
from mriprivacy.challenge.intake.description import write_submission_json
from mriprivacy.data_prep.formats.schema import SCORE_COLUMNS
from mriprivacy.data_prep.formats.tables.tsv import write_table
from tests.helpers.in_ci import needs_extra
from tests.helpers.medperf_rules import MOUNTS, can_mount, config_problems, start

CONTAINERS = ("data_preparator", "model", "metrics")
IMAGE = "you/mriprivacy:0.1.0"


def export(edition: Path, output: Path, *words: str) -> int:
    return main(["export", "target=medperf", f"edition={edition}", f"output={output}", *words])


@pytest.fixture(scope="module")
def image(tiny_edition_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("medperf") / "attack"
    assert export(tiny_edition_folder, folder, "track=attack", f"image={IMAGE}") == 0
    return folder


def config(image: Path, container: str) -> dict[str, Any]:
    return yaml.safe_load((image / container / "container_config.yaml").read_text())


class Hospital:
    """What lies on a hospital's machine, and which tasks were run there."""

    def __init__(self, image: Path, cohort: Path, folder: Path, mounted: bool = False) -> None:
        self.image, self.folder, self.mounted = image, folder, mounted
        self.places = {
            name: folder / name for name in ("data", "labels", "predictions", "results.yaml", "stats.yaml")
        }
        self.cohort, self.runs = cohort, 0

    def run(
        self, container: str, task: str, mounts: Mapping[str, Path], **parameters: Any
    ) -> tuple[int, str]:
        given = yaml.safe_load((self.image / container / "parameters.yaml").read_text()) | parameters
        self.runs += 1
        own = self.folder / f"run-{self.runs}"
        own.mkdir(parents=True)
        (own / "parameters.yaml").write_text(json.dumps(given))
        settings = config(self.image, container)
        every = {**mounts, "parameters_file": own / "parameters.yaml"}
        done = start(self.image, settings, task, every, own, self.mounted)
        return done.returncode, done.stderr

    def prepare(self, *more: str) -> tuple[int, str]:
        words = yaml.safe_load((self.image / "data_preparator" / "parameters.yaml").read_text())["build"]
        mounts = {
            "data_path": self.cohort,
            "output_path": self.places["data"],
            "output_labels_path": self.places["labels"],
        }
        return self.run("data_preparator", "prepare", mounts, build=[*words, "compute=sequential", *more])

    def prepared(self, task: str, output: str = "") -> tuple[int, str]:
        mounts = {"data_path": self.places["data"], "labels_path": self.places["labels"]}
        if output:
            mounts["output_path"] = self.places[output]
        return self.run("data_preparator", task, mounts)

    def infer(self, **parameters: Any) -> tuple[int, str]:
        mounts = {"data_path": self.places["data"], "output_path": self.places["predictions"]}
        return self.run("model", "infer", mounts, **parameters)

    def evaluate(self) -> tuple[int, str]:
        mounts = {
            "predictions": self.places["predictions"],
            "labels": self.places["labels"],
            "output_path": self.places["results.yaml"],
        }
        return self.run("metrics", "evaluate", mounts)

    def results(self) -> Any:
        return yaml.safe_load(self.places["results.yaml"].read_text())

    def guess(self, rows: slice = slice(None)) -> None:
        """Write what a model of somebody else might."""
        edition = open_edition(self.places["data"])
        folder = self.places["predictions"]
        about = {
            "team": "team",
            "system": "s",
            "description": "d",
            "contact": "a@example.org",
            "licence": "MIT",
        }
        write_submission_json(folder, edition=edition.name, track="attack", **about)
        scores = [(p, r, repr(i / 7)) for i, (p, r) in enumerate(edition.eval.trials)]
        write_table(folder / "scores.tsv", SCORE_COLUMNS, scores[rows])


@pytest.fixture(scope="module")
def ready(image: Path, tiny_cohort: Path, tmp_path_factory: pytest.TempPathFactory) -> Hospital:
    """A hospital whose data are prepared, by the image's own program."""
    hospital = Hospital(image, tiny_cohort, tmp_path_factory.mktemp("hospital"))
    status, lines = hospital.prepare("edition.hair_removal=given", "cache=" + str(hospital.folder / "cache"))
    assert status == 0, lines
    return hospital


@pytest.fixture
def hospital(ready: Hospital, tmp_path: Path) -> Hospital:
    own = Hospital(ready.image, ready.cohort, tmp_path / "own")
    shutil.copytree(ready.folder, own.folder, ignore=shutil.ignore_patterns("run-*"))
    return own


def digest(folder: Path) -> str:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return hashlib.sha256(b"".join(bytes(file) + file.read_bytes() for file in files)).hexdigest()


def test_medperf_takes_the_configurations(image: Path) -> None:
    found = {container: config(image, container) for container in CONTAINERS}
    assert [config_problems(one) for one in found.values()] == [[], [], []]
    assert {task for one in found.values() for task in one["tasks"]} == set(MOUNTS)
    assert {one["image"] for one in found.values()} == {IMAGE}


@pytest.mark.parametrize(
    "spoil",
    [
        lambda one: one.pop("image"),
        lambda one: one.update(container_type="Docker"),
        lambda one: one["tasks"]["evaluate"]["run_args"].update(network="host"),
        lambda one: one["tasks"]["evaluate"]["input_volumes"].update(
            data_path={"mount_path": "/data", "type": "directory"}
        ),
        lambda one: one["tasks"]["evaluate"]["output_volumes"]["output_path"].update(type="directory"),
        lambda one: one["tasks"]["evaluate"]["output_volumes"]["output_path"].pop("mount_path"),
    ],
)
def test_the_rules_refuse_what_medperf_does(spoil: Any, image: Path) -> None:
    spoiled = config(image, "metrics")
    spoil(spoiled)
    assert config_problems(spoiled)


def test_nothing_of_the_editions_people_is_in_the_folder(image: Path, tiny_edition_folder: Path) -> None:
    sealed = open_sealed(tiny_edition_folder)
    edition = open_edition(tiny_edition_folder)
    nonce = (tiny_edition_folder / "sealed" / "nonce").read_text().strip()
    secrets = {nonce, *sealed.subjects.values(), *edition.eval.probes, *edition.eval.references}
    for path in (path for path in image.rglob("*") if path.is_file() and path.suffix not in (".py", ".txt")):
        content = path.read_bytes()
        assert not [secret for secret in secrets if secret.encode() in content], path


def test_the_same_edition_gives_the_same_bytes(
    image: Path, tiny_edition_folder: Path, tmp_path: Path
) -> None:
    assert export(tiny_edition_folder, tmp_path / "attack", "track=attack", f"image={IMAGE}") == 0
    shutil.rmtree(tmp_path / "first", ignore_errors=True)
    names = sorted(path.relative_to(image) for path in image.rglob("*") if path.is_file())
    assert all((image / name).read_bytes() == (tmp_path / "attack" / name).read_bytes() for name in names)


def test_prepare_parts_what_a_model_may_see_from_the_key(ready: Hospital) -> None:
    data, labels = ready.places["data"], ready.places["labels"]
    assert open_edition(data).hash == open_edition(labels).hash
    assert open_edition(data).description["tracks"] == ["attack"]
    assert {path.name for path in labels.iterdir()} == {"public", "sealed"}
    assert open_sealed(labels).subjects
    assert not [path for path in data.rglob("*") if path.name in ("nonce", "subjects.tsv")]


@pytest.mark.long
def test_two_hospitals_draw_two_seeds(
    ready: Hospital, image: Path, tiny_cohort: Path, tmp_path: Path
) -> None:
    other = Hospital(image, tiny_cohort, tmp_path / "other")
    assert other.prepare("edition.hair_removal=given")[0] == 0
    assert open_edition(other.places["data"]).hash != open_edition(ready.places["data"]).hash


@pytest.mark.long
def test_prepare_can_be_run_again(hospital: Hospital) -> None:
    (hospital.places["labels"] / ".made").mkdir()
    before = open_edition(hospital.places["data"]).hash
    assert hospital.prepare("edition.hair_removal=given")[0] == 0
    assert open_edition(hospital.places["data"]).hash != before
    assert hospital.prepared("sanity_check") == (0, "")


@pytest.mark.long
def test_a_cohort_that_cannot_be_built_says_why(image: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    status, lines = Hospital(image, tmp_path / "empty", tmp_path / "hospital").prepare()
    assert status == 2
    assert "participants.tsv" in lines
    assert "Traceback" not in lines


@pytest.mark.long
def test_sanity_check_finds_what_changed_and_what_does_not_belong_together(
    hospital: Hospital, tiny_edition_folder: Path
) -> None:
    assert hospital.prepared("sanity_check") == (0, "")
    (hospital.places["data"] / "eval" / "trials.tsv").write_text("probe\treference\n")
    status, line = hospital.prepared("sanity_check")
    assert (status, line.count("\n")) == (2, 1)
    assert "eval/trials.tsv" in line
    shutil.rmtree(hospital.places["data"])
    shutil.copytree(tiny_edition_folder / "public", hospital.places["data"])
    assert "of two editions" in hospital.prepared("sanity_check")[1]


def test_statistics_count_images_and_name_nobody(ready: Hospital) -> None:
    assert ready.prepared("statistics", "stats.yaml") == (0, "")
    shown = yaml.safe_load(ready.places["stats.yaml"].read_text())
    assert shown["counts"]["eval"]["probes"] == len(open_edition(ready.places["data"]).eval.probes)
    assert set(shown) == {"id", "version", "contrast", "counts", "synthetic"}


def test_scores_are_written_in_place_and_inputs_stay(hospital: Hospital) -> None:
    hospital.places["results.yaml"].touch()
    mounted = hospital.places["results.yaml"].stat().st_ino
    hospital.guess()
    before = digest(hospital.places["labels"]), digest(hospital.places["predictions"])
    assert hospital.evaluate() == (0, "")
    assert hospital.places["results.yaml"].stat().st_ino == mounted
    assert (digest(hospital.places["labels"]), digest(hospital.places["predictions"])) == before
    found = hospital.results()
    assert set(found) == {"aggregates", "signatures", "warnings"}
    assert columns("attack")[0].key in found["aggregates"]
    json.dumps(found)  # what MedPerf's server keeps


@pytest.mark.parametrize(
    ("spoil", "line"),
    [
        (lambda folder: (folder / "submission.json").unlink(), "submission.json"),
        (lambda folder: (folder / "scores.tsv").write_text("probe\treference\tscore\n"), "scores.tsv"),
        (lambda folder: [path.unlink() for path in folder.iterdir()], "submission.json"),
    ],
)
def test_a_wrong_submission_has_no_scores_and_a_line(spoil: Any, line: str, hospital: Hospital) -> None:
    hospital.guess()
    spoil(hospital.places["predictions"])
    status, lines = hospital.evaluate()
    assert status == 2
    assert line in lines
    assert "Traceback" not in lines
    assert hospital.results() is None


def test_labels_without_a_key_are_no_fault_of_the_submission(hospital: Hospital) -> None:
    hospital.guess()
    (hospital.places["labels"] / "sealed" / "key.tsv").unlink()
    status, lines = hospital.evaluate()
    assert status == 2
    assert hospital.results() is None
    assert "no sealed key here" in lines


@pytest.mark.long
@needs_extra(can_mount(), "no namespaces for mounts on this machine")
def test_it_works_on_mounts_without_a_network_as_a_foreign_user(
    image: Path, tiny_cohort: Path, tmp_path: Path
) -> None:
    hospital = Hospital(image, tiny_cohort, tmp_path / "hospital", mounted=True)
    assert hospital.prepare("edition.hair_removal=given") == (0, "")
    assert hospital.prepared("sanity_check") == (0, "")
    assert hospital.prepared("statistics", "stats.yaml") == (0, "")
    hospital.places["predictions"].mkdir()
    hospital.guess()
    assert hospital.evaluate() == (0, "")
    assert hospital.results()["aggregates"]


@pytest.mark.long
def test_a_reference_defacer_is_a_model(tiny_edition_folder: Path, tiny_cohort: Path, tmp_path: Path) -> None:
    words = ["track=defacing", f"image={IMAGE}", "baseline_defacer=identity"]
    assert export(tiny_edition_folder, tmp_path / "image", *words) == 0
    hospital = Hospital(tmp_path / "image", tiny_cohort, tmp_path / "hospital")
    cheap = ["edition.hair_removal=given", 'protocol.attacks=["geo"]', "protocol.spacing_mm=4"]
    assert hospital.prepare(*cheap)[0] == 0
    assert hospital.infer(command=["deface", "defacer=identity", "compute=sequential"])[0] == 0
    assert {path.name for path in hospital.places["predictions"].iterdir()} >= {
        "submission.json",
        "dev",
        "eval",
    }
    # Intake takes it; in scans of noise no attacker finds a face.
    status, line = hospital.evaluate()
    assert (status, line) == (2, "no attacker that detected a face passed the audit: no attacker counts\n")
    assert hospital.results() is None


@pytest.mark.slow
def test_a_hospital_goes_from_its_scans_to_scores(tiny_edition_folder: Path, tmp_path: Path) -> None:
    """Every task in turn, on twenty synthetic people whose faces attackers find."""
    words = ["cohort.subjects=20", "cohort.scans.spacing_mm=2", "cohort.photos.pixels=300"]
    assert main(["cohort", *words, f"output={tmp_path / 'people'}"]) == 0
    words = ["track=defacing", f"image={IMAGE}", "baseline_defacer=blur"]
    assert export(tiny_edition_folder, tmp_path / "image", *words) == 0
    hospital = Hospital(tmp_path / "image", tmp_path / "people", tmp_path / "hospital")
    for status, lines in (
        hospital.prepare("edition.hair_removal=builtin"),
        hospital.prepared("sanity_check"),
        hospital.prepared("statistics", "stats.yaml"),
        hospital.infer(),
        hospital.evaluate(),
    ):
        assert status == 0, lines
    aggregates = hospital.results()["aggregates"]
    assert 0 <= aggregates[columns("defacing")[0].key] <= 1
    assert hospital.results()["signatures"]


def test_the_model_is_the_baseline_that_was_asked_for(tiny_edition_folder: Path, tmp_path: Path) -> None:
    words = ["track=defacing", f"image={IMAGE}", "baseline_defacer=noise"]
    assert export(tiny_edition_folder, tmp_path / "image", *words) == 0
    parameters = yaml.safe_load((tmp_path / "image" / "model" / "parameters.yaml").read_text())
    assert parameters["command"] == ["deface", "defacer=noise"]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ([], "image is empty"),
        (["image=My Image"], "expected a name as Docker takes it"),
        ([f"image={IMAGE}", "service=https://scores.example.org"], "takes no service"),
        ([f"image={IMAGE}", "track=defacing", "baseline_defacer=pydeface"], "is not in the image"),
        ([f"image={IMAGE}", "track=attack", "baseline_attack=telepathy"], "baseline_attack is 'telepathy'"),
    ],
)
def test_words_that_are_refused(
    words: list[str],
    line: str,
    tiny_edition_folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert export(tiny_edition_folder, tmp_path / "out", *words) == 2
    (found,) = capsys.readouterr().err.splitlines()
    assert line in found
    assert not (tmp_path / "out").exists()


def test_build_takes_the_words_of_any_edition(tiny_edition_folder: Path) -> None:
    from mriprivacy.challenge.settings.compose import compose_raw, literal_texts

    description = open_edition(tiny_edition_folder).description
    odd = {**description, "citation": "Us, it's (2026) [a=b] ${x}", "consent": "to 'all', \\ of it"}
    odd["protocol"] = {"attacks": ["geo"], "spacing_mm": 2.5, "views": [[0, 0]], "bootstrap": 300}
    composed = compose_raw("build", literal_texts("build", build_words(odd, "defacing")))
    assert composed.edition.citation == odd["citation"]
    assert composed.edition.consent == odd["consent"]
    assert composed.edition.tracks == ["defacing"]
    assert composed.protocol.spacing_mm == 2.5
    assert list(composed.protocol.attacks) == ["geo"]
    assert [list(view) for view in composed.protocol.views] == [[0, 0]]
