"""The Codabench bundle: accepted by the platform's rules, scoring as it does, of synthetic people only."""

import io
import json
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
import yaml

from mriprivacy.challenge.cli import main
from mriprivacy.challenge.entry.entry_file import read_entries
from mriprivacy.challenge.export.codabench import codabench_run
from mriprivacy.challenge.export.columns import columns, platform_scores
from mriprivacy.data_prep.editions.build_edition import EditionConfig, build_edition
from mriprivacy.scoring.errors import UserError
from tests.helpers.codabench_rules import bundle_problems
from tests.helpers.engine import ENGINE_WORDS
from tests.helpers.stock_image import linked_python, pinned_python


def export(edition: Path, output: Path, *words: str) -> int:
    cache = f"cache={output.parent / 'cache'}"
    open_key = "limits.open_key=true"  # five people: their key can bear no answer
    fixed = ["target=codabench", f"edition={edition}", f"output={output}", cache, open_key, *ENGINE_WORDS]
    return main(["export", *fixed, *words])


@pytest.fixture(scope="module")
def bundle(tiny_edition_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("codabench") / "bundle.zip"
    assert export(tiny_edition_folder, path, "columns=all") == 0
    return path


def inner(bundle: Path, name: str) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(zipfile.ZipFile(bundle).read(name)))


def lay_out(bundle: Path, submission: Path, app: Path) -> list[str]:
    """Lay out `/app` as Codabench's worker does; return the command of the scoring program."""
    inner(bundle, "scoring_program.zip").extractall(app / "program")
    inner(bundle, "reference_data.zip").extractall(app / "input" / "ref")
    shutil.copytree(submission, app / "input" / "res")
    (app / "input" / "res" / "metadata").write_text("exitCode: null\n")  # the worker's own
    (app / "output").mkdir()
    command = yaml.safe_load((app / "program" / "metadata.yaml").read_text())["command"]
    return command.replace("/app", str(app)).split()


def run_as_platform(
    bundle: Path, submission: Path, app: Path, python: Path
) -> subprocess.CompletedProcess[str]:
    """Run the scoring program as the worker does, with nothing of the kit but what the bundle brings."""
    return subprocess.run(
        lay_out(bundle, submission, app),
        cwd=app / "program",
        env={"PATH": f"{python}:/usr/bin:/bin", "HOME": str(app)},
        capture_output=True,
        text=True,
        check=False,
    )


def run_here(bundle: Path, submission: Path, app: Path) -> int:
    """Run the same in this process, which is quicker."""
    python, _, module, *words = lay_out(bundle, submission, app)
    assert (python, module) == ("python3", codabench_run.__name__)
    return codabench_run.main(words)


def expected_scores(edition: Path, submission: Path, tmp_path: Path) -> dict[str, float]:
    words = [f"edition={edition}", f"submission={submission}", f"output={tmp_path / 'entries'}"]
    assert main(["evaluate", *words, f"cache={tmp_path / 'cache'}", *ENGINE_WORDS]) == 0
    return platform_scores(read_entries(tmp_path / "entries")[0], which="all")


def test_the_platform_would_accept_it(bundle: Path) -> None:
    assert bundle_problems(bundle) == []


def test_a_bundle_of_real_people_is_refused(
    own_cohort: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The platform gives the key to everybody who can see the benchmark."""
    (own_cohort / "dataset_description.json").unlink()
    for path in own_cohort.glob("sub-*/anat/*_T2w.nii.gz"):
        shutil.copy(path, path.with_name(path.name.replace("T2w", "T1w")))
    config = EditionConfig(
        id="hospital",
        version="1",
        licence="proprietary",
        citation="Us",
        contrast="T1w",
        references="T2w",
        tracks=["attack"],
        seed=2**64,
    )
    build_edition(own_cohort, tmp_path / "edition", config)
    assert export(tmp_path / "edition", tmp_path / "bundle.zip") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "hospital/1 does not say synthetic: true" in line
    assert "all people who can see a benchmark can download the key" in line
    assert "mriprivacy evaluate" in line
    assert not (tmp_path / "bundle.zip").exists()


def test_who_exports_and_who_takes_part_are_told_that_the_key_is_open(
    tiny_edition_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bundle.zip"
    assert export(tiny_edition_folder, path, "track=attributes") == 0
    told = [line for line in capsys.readouterr().out.splitlines() if "can download the key" in line]
    assert len(told) == 1
    with zipfile.ZipFile(path) as archive:
        overview = archive.read("pages/overview.md").decode()
        about = yaml.safe_load(archive.read("competition.yaml"))
    assert "The labels of `eval` are not secret here" in overview
    assert "sealed" not in overview
    assert about["auto_run_submissions"] is False


def test_the_same_edition_gives_the_same_bytes(bundle: Path, tiny_edition_folder: Path) -> None:
    again = bundle.with_name("again.zip")
    assert export(tiny_edition_folder, again, "columns=all") == 0
    assert again.read_bytes() == bundle.read_bytes()


def test_the_starting_kit_and_the_solution_are_valid_submissions(
    bundle: Path, tiny_edition_folder: Path, tmp_path: Path
) -> None:
    inner(bundle, "starting_kit.zip").extractall(tmp_path / "kit")
    inner(bundle, "solution.zip").extractall(tmp_path / "solution")
    for folder in (tmp_path / "kit" / "submissions" / "attack", tmp_path / "solution"):
        assert main(["check", f"edition={tiny_edition_folder / 'public'}", f"submission={folder}"]) == 0


def check_scores(bundle: Path, app: Path, edition: Path, submission: Path) -> None:
    """The scores are those of `evaluate`, nothing else lies beside them, and the leaderboard knows them."""
    assert [path.name for path in (app / "output").iterdir()] == ["scores.json"]
    scores = json.loads((app / "output" / "scores.json").read_text())
    assert scores == pytest.approx(expected_scores(edition, submission, app), abs=1e-9)
    board = yaml.safe_load(zipfile.ZipFile(bundle).read("competition.yaml"))["leaderboards"][0]
    assert set(scores) <= {column["key"] for column in board["columns"]}
    assert board["columns"][0]["key"] in scores


def test_it_scores_attacks_as_evaluate_does_and_tells_nothing_of_the_key(
    bundle: Path, attack: Path, tiny_edition_folder: Path, tmp_path: Path
) -> None:
    python = linked_python(tmp_path / "env")
    done = run_as_platform(bundle, attack, tmp_path / "app", python)
    assert done.returncode == 0, done.stderr
    check_scores(bundle, tmp_path / "app", tiny_edition_folder, attack)
    told = done.stdout + done.stderr + (tmp_path / "app" / "output" / "scores.json").read_text()
    assert "mated" not in told.replace("mated trials", "")
    assert not re.search(r"person-\d", told)


def test_it_scores_attributes_as_evaluate_does(
    attributes: Path, tiny_edition_folder: Path, tmp_path: Path
) -> None:
    bundle = tmp_path / "attributes.zip"
    assert export(tiny_edition_folder, bundle, "track=attributes", "columns=all") == 0
    assert run_here(bundle, attributes, tmp_path / "app") == 0
    check_scores(bundle, tmp_path / "app", tiny_edition_folder, attributes)


@pytest.mark.slow
def test_it_scores_the_same_with_the_versions_of_the_image(
    bundle: Path, attack: Path, tiny_edition_folder: Path, tmp_path: Path
) -> None:
    done = run_as_platform(bundle, attack, tmp_path / "app", pinned_python(tmp_path / "env"))
    assert done.returncode == 0, done.stderr
    check_scores(bundle, tmp_path / "app", tiny_edition_folder, attack)


def cut(submission: Path) -> None:
    table = submission / "scores.tsv"
    table.write_text("\n".join(table.read_text().splitlines()[:-2]) + "\n")


def another_track(submission: Path) -> None:
    about = json.loads((submission / "submission.json").read_text()) | {"track": "attributes"}
    (submission / "submission.json").write_text(json.dumps(about))
    (submission / "scores.tsv").unlink()


def not_a_number(submission: Path) -> None:
    table = submission / "scores.tsv"
    table.write_text(re.sub(r"\t[^\t]*\n$", "\tnan\n", table.read_text()))


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (cut, "missing"),
        (another_track, "attributes"),
        (not_a_number, "score"),
        (shutil.rmtree, "submission.json"),
    ],
)
def test_an_invalid_submission_has_no_score(
    spoil: Callable[[Path], None],
    told: str,
    bundle: Path,
    attack: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    spoil(attack)
    attack.mkdir(exist_ok=True)
    assert run_here(bundle, attack, tmp_path / "app") == 2
    out, err = capsys.readouterr()
    assert told in err
    assert str(tmp_path) not in out + err
    assert not list((tmp_path / "app" / "output").iterdir())


def test_a_fault_is_told_without_what_it_was_about(
    bundle: Path, attack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Reference data that are not whole: the organizer's fault, and none of the participant's business."""
    broken = tmp_path / "broken.zip"
    with zipfile.ZipFile(broken, "w") as target:
        for name in ("scoring_program.zip", "reference_data.zip"):
            content = zipfile.ZipFile(bundle).read(name)
            if name == "reference_data.zip":
                packed = io.BytesIO()
                with zipfile.ZipFile(packed, "w") as partial, inner(bundle, name) as whole:
                    for member in whole.namelist():
                        if member != "sealed/key.tsv":
                            partial.writestr(member, whole.read(member))
                content = packed.getvalue()
            target.writestr(name, content)
    assert run_here(broken, attack, tmp_path / "app") == 1
    assert capsys.readouterr().err == "the scoring program failed (EditionError); tell the organizers\n"
    assert not list((tmp_path / "app" / "output").iterdir())


def test_a_problem_of_the_evaluation_is_told_without_a_path(
    bundle: Path,
    attack: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    problem = UserError("/the/organizers/cache: was kept from an earlier run and cannot be read")
    monkeypatch.setattr("mriprivacy.challenge.export.scorer.evaluate", Mock(side_effect=problem))
    assert run_here(bundle, attack, tmp_path / "app") == 1
    assert capsys.readouterr().err == "the scoring program failed (UserError); tell the organizers\n"


def test_scores_are_shown_in_steps(bundle: Path, attack: Path, tmp_path: Path) -> None:
    assert run_here(bundle, attack, tmp_path / "app") == 0
    scores = json.loads((tmp_path / "app" / "output" / "scores.json").read_text())
    assert scores
    assert len(scores) > 5
    assert all(score == round(score, 1) for score in scores.values())


def test_nothing_goes_to_the_platform_that_scoring_does_not_need(
    bundle: Path, tiny_edition_folder: Path
) -> None:
    nonce = (tiny_edition_folder / "sealed" / "nonce").read_bytes().strip()
    with inner(bundle, "reference_data.zip") as reference:
        assert not [name for name in reference.namelist() if name.endswith((".gz", ".png", "nonce"))]
        everything = b"".join(reference.read(name) for name in reference.namelist())
    assert nonce not in everything
    assert not re.search(rb"sub-\d\d\b", everything)  # the cohort's own names
    # Participants can download the reference data, too; the starting kit is what they are meant to.
    with inner(bundle, "starting_kit.zip") as kit:
        assert not [name for name in kit.namelist() if "key" in name or "sealed" in name]


def test_data_go_with_the_bundle_only_when_asked(
    bundle: Path, tiny_edition_folder: Path, tmp_path: Path
) -> None:
    assert "public_data.zip" not in zipfile.ZipFile(bundle).namelist()
    path = tmp_path / "with.zip"
    assert export(tiny_edition_folder, path, "with_data=true", "track=attributes") == 0
    assert bundle_problems(path) == []
    with inner(path, "public_data.zip") as data:
        assert "eval/trials.tsv" in data.namelist()
        assert not [name for name in data.namelist() if "sealed" in name]


def test_defacing_needs_an_image_with_the_kit(
    tiny_edition_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "defacing.zip"
    words = ["track=defacing", "baseline_defacer=identity"]
    assert export(tiny_edition_folder, path, *words) == 2
    assert "image=" in capsys.readouterr().err
    assert not path.exists()
    assert export(tiny_edition_folder, path, *words, "image=me/mriprivacy:0.1.0") == 0
    assert bundle_problems(path) == []
    about = yaml.safe_load(zipfile.ZipFile(path).read("competition.yaml"))
    assert about["docker_image"] == "me/mriprivacy:0.1.0"
    assert about["leaderboards"][0]["columns"][0]["sorting"] == "asc"
    assert any(name.endswith(".nii.gz") for name in inner(path, "reference_data.zip").namelist())


@pytest.mark.parametrize(
    ("dates", "told"),
    [
        (["start=tomorrow"], "YYYY-MM-DD"),
        (["start='2026-13-01 00:00:00'"], "YYYY-MM-DD"),
        (["start='2026-02-01 00:00:00'", "end='2026-02-01 00:00:00'"], "expected a time after"),
    ],
)
def test_a_date_that_is_none_is_refused(
    dates: list[str],
    told: str,
    tiny_edition_folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert export(tiny_edition_folder, tmp_path / "x.zip", *dates, "track=attributes") == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "x.zip").exists()


def change(**values: Any) -> Callable[[dict[str, Any]], None]:
    return lambda about: about.update(values)


def drop(key: str) -> Callable[[dict[str, Any]], None]:
    return lambda about: about.pop(key)


def phase(**values: Any) -> Callable[[dict[str, Any]], None]:
    return lambda about: about["phases"][0].update(values)


def column(number: int, **values: Any) -> Callable[[dict[str, Any]], None]:
    return lambda about: about["leaderboards"][0]["columns"][number].update(values)


BROKEN: list[tuple[Callable[[dict[str, Any]], None], str]] = [
    (change(version=1), "version"),
    (drop("title"), "title"),
    (drop("terms"), "page None"),
    (drop("pages"), "pages"),
    (change(image="nowhere.png"), "image"),
    (change(pages=[{"title": "x", "file": "pages/nowhere.md"}]), "nowhere.md"),
    (drop("tasks"), "tasks"),
    (lambda about: about["tasks"].append(about["tasks"][0]), "no two alike"),
    (lambda about: about["tasks"][0].pop("scoring_program"), "no scoring_program"),
    (lambda about: about["tasks"][0].update(scoring_program="solution.zip"), "metadata.yaml"),
    (lambda about: about["tasks"][0].update(reference_data="nowhere.zip"), "nowhere.zip"),
    (lambda about: about["solutions"][0].update(tasks=[7]), "task that is not there"),
    (drop("phases"), "phases"),
    (phase(tasks=[1]), "tasks that are there"),
    (phase(start="soon"), "no time"),
    (phase(start="2026-02-01 00:00:00", end="2026-01-01 00:00:00"), "before"),
    (phase(starting_kit="nowhere.zip"), "starting_kit"),
    (drop("leaderboards"), "leaderboards"),
    (change(leaderboards=[{"title": "x", "key": "x", "columns": []}]), "columns"),
    (column(1, index=0), "index"),
    (column(1, key="auc"), "no two alike"),
    (column(0, sorting="up"), "sorting"),
    (column(0, title="x" * 37), "36 characters"),
]


@pytest.mark.parametrize(("spoil", "told"), BROKEN)
def test_the_rules_refuse_what_the_platform_refuses(
    spoil: Callable[[dict[str, Any]], None], told: str, bundle: Path, tmp_path: Path
) -> None:
    about = yaml.safe_load(zipfile.ZipFile(bundle).read("competition.yaml"))
    spoil(about)
    path = tmp_path / "broken.zip"
    with zipfile.ZipFile(path, "w") as target, zipfile.ZipFile(bundle) as source:
        for name in source.namelist():
            content = source.read(name) if name != "competition.yaml" else yaml.safe_dump(about)
            target.writestr(name, content)
    assert any(told in problem for problem in bundle_problems(path))


@pytest.mark.parametrize("track", ["defacing", "attack", "attributes"])
def test_columns_fit_the_platform(track: str) -> None:
    every = columns(track, "all")
    keys = [one.key for one in every]
    assert len(set(keys)) == len(keys)
    assert all(len(one.title) <= 36 and len(one.key) <= 36 for one in every)
    assert set(columns(track)) < set(every)
