"""The starting kit, and words that `export` refuses."""

import math
from dataclasses import replace
from pathlib import Path

import pytest

from mriprivacy.challenge.cli import main
from mriprivacy.challenge.edition.public import Edition
from mriprivacy.challenge.export.columns import platform_scores
from mriprivacy.challenge.intake.description import SubmissionError
from mriprivacy.challenge.settings.groups import AttackChoice
from mriprivacy.challenge.settings.runner import run_command
from tests.helpers.board_entries import made_up
from tests.helpers.engine import ENGINE, ENGINE_WORDS


def test_the_starting_kit_has_a_valid_submission_of_every_track(
    tiny_edition_folder: Path, tiny_edition: Edition, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    public, kit = tiny_edition_folder / "public", tmp_path / "kit"
    words = ["baseline_defacer=identity", f"cache={tmp_path / 'cache'}", *ENGINE_WORDS]
    assert main(["export", "target=starting_kit", f"edition={public}", f"output={kit}", *words]) == 0
    for track in tiny_edition.tracks:
        submission = kit / "submissions" / track
        assert main(["check", f"edition={public}", f"submission={submission}"]) == 0
        assert f"track {track}" in capsys.readouterr().out
        assert f"submission=submissions/{track}" in (kit / "README.md").read_text()
    assert tiny_edition.hash in (kit / "README.md").read_text()


def test_the_majority_is_that_of_dev(
    tiny_edition_folder: Path, tiny_edition: Edition, tmp_path: Path
) -> None:
    from mriprivacy.challenge.export.starting_kit import Baselines, write_starting_kit

    write_starting_kit(
        tiny_edition, tmp_path, ("attributes",), Baselines("", "", "", ENGINE, 1.0, run_command)
    )
    lines = (tmp_path / "submissions" / "attributes" / "attributes.tsv").read_text().splitlines()[1:]
    said = {tuple(line.split("\t")[1:]) for line in lines}
    assert len(said) == 1
    dev = [own.sex for own in tiny_edition.dev.attributes.values()]
    assert dev.count(said.pop()[0]) * 2 >= len(dev)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["target=moon"], "expected one of starting_kit, codabench, grand_challenge"),
        (
            ["target=codabench", "track=singing"],
            "track is 'singing'; expected one of defacing, attack, attributes",
        ),
        (["target=grand_challenge", "track=singing"], "expected one of defacing, attack"),
        (["target=starting_kit", "baseline_defacer=scalpel"], "expected one of"),
        (
            ["target=starting_kit", "baseline_attack=telepathy", "baseline_defacer=identity"],
            "expected one of",
        ),
    ],
)
def test_wrong_words_leave_nothing(
    words: list[str],
    told: str,
    tiny_edition_folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = [*words, f"edition={tiny_edition_folder}", f"output={tmp_path / 'out'}", *ENGINE_WORDS]
    assert main(["export", *words]) == 2
    assert told in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_platforms_that_score_need_the_key(
    tiny_edition_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for target in ("codabench", "grand_challenge"):
        public = tmp_path / "public"
        if not public.exists():
            public.symlink_to(tiny_edition_folder / "public")
        words = [f"target={target}", f"edition={public}", f"output={tmp_path / 'out'}"]
        assert main(["export", *words]) == 2
        assert "no sealed key here" in capsys.readouterr().err
        assert not (tmp_path / "out").exists()


def test_an_edition_that_was_changed_is_not_exported(
    own_edition_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (own_edition_folder / "public" / "eval" / "trials.tsv").open("a") as table:
        table.write("")
    (own_edition_folder / "public" / "edition.json").write_text(
        (own_edition_folder / "public" / "edition.json").read_text() + "\n"
    )
    words = ["target=grand_challenge", f"edition={own_edition_folder}", f"output={tmp_path / 'out'}"]
    assert main(["export", *words]) == 2
    assert "is not the file that was released" in capsys.readouterr().err


def test_the_baseline_has_the_voxels_of_the_protocol() -> None:
    """`attack.spacing_mm` is the key that the starting kit sets."""
    assert hasattr(AttackChoice(), "spacing_mm")


def test_a_platform_ranks_nobody_whom_the_leaderboard_does_not_rank() -> None:
    good = made_up(0)
    auc = good.strongest().figures["auc"].value
    assert platform_scores(good)["auc"] == max(math.floor(10 * auc) / 10, 0.5)
    assert platform_scores(good, 0.01, "all")["auc"] == max(math.floor(100 * auc) / 100, 0.5)
    unrated = replace(good, results=tuple(replace(one, rates=False) for one in good.results))
    with pytest.raises(SubmissionError, match="no attacker counts"):
        platform_scores(unrated)
    with pytest.raises(SubmissionError, match="fail the gate"):
        platform_scores(made_up(8))
