"""Attacks on defaced scans rate defacing systems anew: through every command, and with entries made up."""

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from mriprivacy.challenge.cli import main
from mriprivacy.challenge.edition.defaced import Defaced
from mriprivacy.challenge.edition.public import open_edition
from mriprivacy.challenge.edition.sealed import open_sealed
from mriprivacy.challenge.entry.attacker import Attacker
from mriprivacy.challenge.entry.entry import CHOSEN, Entry, Gate
from mriprivacy.challenge.entry.entry_file import read_entry
from mriprivacy.challenge.evaluation import defacing as judging
from mriprivacy.challenge.evaluation.context import Context, Judged
from mriprivacy.challenge.evaluation.metrics import Ask, verification
from mriprivacy.challenge.evaluation.strongest_attacker import rate_strongest
from mriprivacy.challenge.intake.description import write_submission_json
from mriprivacy.challenge.intake.submission import DefacingSubmission
from mriprivacy.challenge.leaderboard.best_known import MARK, best_known, rerated
from mriprivacy.challenge.leaderboard.pages.card import card
from mriprivacy.challenge.leaderboard.pages.markdown import leaderboard, sections
from mriprivacy.challenge.leaderboard.pages.site import pages
from mriprivacy.data_prep.editions.build_edition import EditionConfig, build_edition
from mriprivacy.data_prep.formats.schema import SCORE_COLUMNS
from mriprivacy.data_prep.formats.tables.tsv import write_table
from mriprivacy.scoring import Estimate, Signature
from tests.helpers.board_entries import HASH, estimate, made_up
from tests.helpers.descriptions import about
from tests.helpers.engine import ENGINE_WORDS
from tests.helpers.tiny_cohort import write_tiny_cohort

SYSTEMS = {"blur": 0.0, "weak": 3.0}  # how far mated trials lie from others for the kit's attackers
DRAWS = {"blur-draw2": 3.0}  # of `blur`, a worse one
PEOPLE = 40


def found_by_the_kit(context: Context, submission: DefacingSubmission) -> Judged:
    """What attackers of the kit find, made up: no image is looked at."""
    noise = np.random.default_rng(1)
    gap = (SYSTEMS | DRAWS)[submission.system] * context.trials.mated
    asks = [
        Ask(
            Attacker.parse(name),
            noise.normal(size=len(gap)) + gap,
            {"probes": PEOPLE // 2, "failures_to_acquire": 0},
        )
        for name in ("geo+raw/ignorant", "volume+raw/informed")
    ]
    results = verification(context, submission, asks)
    chosen, _ = rate_strongest(context, submission, asks, asks[0].counts)
    return Judged(
        results=[*results, *chosen],
        remarks=[],
        scores={ask.attacker: ask.scores for ask in asks},
        gate=Gate(PEOPLE, PEOPLE, 0, 0.0),
        utility={"utility": Estimate(0.9, 0.8, 1.0, PEOPLE)},
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An edition, a submission of each system and their entries, and the edition that `blur` made of it."""
    root = tmp_path_factory.mktemp("best_known")
    config = EditionConfig(id="tiny", seed=11, hair_removal="given", protocol={"bootstrap": 200})
    build_edition(write_tiny_cohort(root / "people", PEOPLE), root / "edition", config)
    edition = open_edition(root / "edition")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(judging, "judge_defacing", found_by_the_kit)
        for number, system in enumerate(SYSTEMS):
            for split in edition.splits.values():
                for probe in split.probes:
                    path = root / system / split.name / "mri" / split.scan_name(probe)
                    path.parent.mkdir(parents=True)
                    image = nib.load(split.scan(probe))
                    nib.save(
                        nib.Nifti1Image(image.get_fdata(dtype=np.float32) // (number + 2), image.affine), path
                    )
            write_submission_json(root / system, **{**about(edition, "defacing"), "system": system})
            run("evaluate", f"edition={root / 'edition'}", f"submission={root / system}", root=root)
    words = [f"edition={root / 'edition'}", f"submission={root / 'blur'}", f"output={root / 'tiny-blur'}"]
    assert main(["build-defaced", *words, *ENGINE_WORDS]) == 0
    return root


def run(command: str, *words: str, root: Path) -> None:
    assert main([command, *words, f"output={root / 'entries'}", *ENGINE_WORDS]) == 0


Scorer = Callable[[np.random.Generator, np.ndarray], np.ndarray]


def attack(home: Path, output: Path, system: str, score: Scorer) -> Path:
    """Evaluate an attack on the scans of `blur`; return its entry."""
    edition, sealed = open_edition(home / "tiny-blur"), open_sealed(home / "tiny-blur")
    mated = np.array([sealed.trials[pair].mated for pair in edition.eval.trials], float)
    scores = score(np.random.default_rng(7), mated)
    rows = [(*pair, repr(float(s))) for pair, s in zip(edition.eval.trials, scores, strict=True)]
    folder = output / system
    folder.mkdir(parents=True)
    write_table(folder / "scores.tsv", SCORE_COLUMNS, rows)
    write_submission_json(folder, **{**about(edition, "attack"), "team": "red", "system": system})
    run("evaluate", f"edition={home / 'tiny-blur'}", f"submission={folder}", root=output)
    return output / "entries" / edition.name.replace("/", "-") / f"red__{system}.json"


def board(home: Path, output: Path, capsys: pytest.CaptureFixture[str]) -> tuple[dict, str]:
    """Rank all entries; return the places of the defacing board by system, and what is printed."""
    entries = output / "entries"
    for path in (home / "entries").rglob("*.json"):
        target = entries / path.relative_to(home / "entries")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    words = [f"entries={entries}", f"output={output / 'board'}", "site=false"]
    capsys.readouterr()
    assert main(["rank", *words]) == 0
    printed = capsys.readouterr().out
    assert main(["rank", *words, "format=json"]) == 0
    boards = json.loads(capsys.readouterr().out)["boards"]
    (places,) = [one["places"] for one in boards if one["track"] == "defacing"]
    return {one["system"]: one for one in places}, printed


def linked(place: dict) -> float:
    return float(next(one["value"] for name, one in place["figures"].items() if name != "utility"))


def oracle(_: np.random.Generator, mated: np.ndarray) -> np.ndarray:
    return mated


def guess(noise: np.random.Generator, mated: np.ndarray) -> np.ndarray:
    return noise.normal(size=len(mated))


def a_little(noise: np.random.Generator, mated: np.ndarray) -> np.ndarray:
    return noise.normal(size=len(mated)) + 1.2 * mated


def test_a_system_falls_when_an_attack_links_everybody(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, printed = board(home, tmp_path / "before", capsys)
    assert [before[f"team/{system}"]["rank"] for system in SYSTEMS] == [1, 2]
    assert MARK not in printed
    path = attack(home, tmp_path, "oracle", oracle)
    after, printed = board(home, tmp_path, capsys)
    assert [after[f"team/{system}"]["rank"] for system in SYSTEMS] == [2, 1]
    assert linked(after["team/blur"]) == 1
    assert after["team/blur"]["attacker"] == "red/oracle/submitted"
    assert after["team/weak"]["figures"] == before["team/weak"]["figures"]
    assert after["team/blur"]["figures"]["utility"] == before["team/blur"]["figures"]["utility"]
    assert (before["team/blur"]["pareto"], after["team/blur"]["pareto"]) == ("on", "perhaps")
    was = f"1.00, was {linked(before['team/blur']):.2f} by "
    (note,) = [line for line in printed.splitlines() if line.startswith(MARK)]
    assert was in note
    text = (tmp_path / "board" / "LEADERBOARD.md").read_text()
    assert f"red/oracle/submitted {MARK}" in text
    assert was in text
    assert "On scans of tiny/2026.1 as team/blur defaced them: " in text
    assert "undefaced scans" not in text.partition("### Attack\n")[2].partition("###")[0]
    assert read_entry(path).defaced is not None


@pytest.mark.parametrize("score", [guess, a_little])
def test_an_attack_that_is_no_better_or_by_luck_changes_nothing(
    score: Scorer, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, _ = board(home, tmp_path / "before", capsys)
    path = attack(home, tmp_path, "luck", score)
    after, printed = board(home, tmp_path, capsys)
    assert after == before
    assert "team/blur keeps its rating" in printed
    more = read_entry(path).strongest().figures["partial_auc"].value > linked(before["team/blur"])
    assert more == (score is a_little)  # a maximum would have taken it


def test_a_worse_draw_that_was_submitted_rates_its_system(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before, _ = board(home, tmp_path / "before", capsys)
    edition = open_edition(home / "edition")
    folder = tmp_path / "sent"
    shutil.copytree(home / "blur", folder)
    words = {**about(edition, "defacing"), "system": "blur-draw2", "draw_of": "blur"}
    write_submission_json(folder, **words)
    monkeypatch.setattr(judging, "judge_defacing", found_by_the_kit)
    capsys.readouterr()
    run("evaluate", f"edition={home / 'edition'}", f"submission={folder}", root=tmp_path)
    assert "a draw of blur" in capsys.readouterr().out
    path = tmp_path / "entries" / "tiny-2026.1" / "team__blur-draw2.json"
    assert read_entry(path).draw_of == "blur"
    after, printed = board(home, tmp_path, capsys)
    assert linked(after["team/blur"]) > linked(before["team/blur"])
    assert [after[f"team/{name}"]["rank"] for name in ("blur", "weak", "blur-draw2")] == [1, 1, None]
    assert after["team/weak"]["figures"] == before["team/weak"]["figures"]
    assert "‡ team/blur is rated by its draw blur-draw2: people linked" in printed
    assert "team/blur, 2 draws: people linked" in printed


# With entries made up: what is compared, and when.


def system_and(*attacks: tuple[float, float]) -> list[Entry]:
    """Make a defacing system of which .30 are linked, and attacks, each with its value and spread to it."""
    made = made_up(0)
    noise = np.random.default_rng(0).normal(size=1000)

    def with_value(entry: Entry, value: float, drawn: np.ndarray) -> Entry:
        results = [
            replace(one, figures={**one.figures, "people_found_any": estimate(value, 0.1)})
            for one in entry.results
        ]
        shares = tuple(np.clip(drawn, 0, 1).round(4).tolist())
        return replace(entry, results=tuple(results), exposure="people_found_any", exposure_draws=shares)

    common = 0.05 * noise
    system = with_value(made, 0.3, 0.3 + common)
    of = Defaced(system.edition, HASH, system.team, system.system, system.submission_sha256)
    entries = [system]
    for number, (value, spread) in enumerate(attacks):
        own = np.random.default_rng(number + 1).normal(size=1000)
        sent = with_value(made_up(number, "attack"), value, value + common + spread * own)
        signature = Signature.parse(sent.results[0].signature)
        moved = str(replace(signature, edition=f"synth-blur/1@{HASH[:8]}"))
        results = tuple(replace(one, signature=moved) for one in sent.results)
        entries.append(replace(sent, edition="synth-blur/1", defaced=of, results=results))
    return entries


def rating(entries: Sequence[Entry]) -> tuple[float, tuple[str, ...]]:
    known = best_known(entries)
    return (
        known.entries[0].strongest().figures["people_found_any"].value,
        tuple(line for lines in known.notes.values() for line in lines),
    )


def test_the_strongest_of_those_that_are_significantly_stronger_rates() -> None:
    value, notes = rating(system_and((0.6, 0.05), (0.8, 0.05), (0.9, 5.0)))
    assert value == 0.8  # .9 varies so much that it may be less
    assert len(notes) == 1
    assert "is rated by the attack team/attack-system-001 on synth-blur/1" in notes[0]
    assert "was 0.30 by" in notes[0]
    assert "Holm, 3 attacks on its scans" in notes[0]


def test_weaker_attacks_take_nothing_away_however_sure_that_is() -> None:
    entries = system_and((0.01, 0.001))
    assert rating(entries)[0] == 0.3
    assert best_known(entries).entries == tuple(entries)


def test_every_attack_more_asks_for_more() -> None:
    just = (0.42, 0.05)  # p is .026
    assert rating(system_and(just))[0] == 0.42
    assert rating(system_and(just, (0.3, 0.05)))[0] == 0.3


def test_what_follows_of_the_new_rating() -> None:
    entries = system_and((0.8, 0.05))
    known = best_known(entries).entries
    assert [rerated(one) for one in (entries[0], known[0])] == [False, True]
    assert (known[0].draws, known[0].exposure_draws) == (entries[1].draws, entries[1].exposure_draws)
    assert sum(one.trial_list == CHOSEN for one in known[0].results) == 1
    assert known[1:] == tuple(entries[1:])
    assert best_known(known).entries[0].strongest().figures == known[0].strongest().figures
    signature = Signature.parse(known[0].strongest().signature)
    assert (signature.track, signature.attack) == (
        "defacing/eval",
        "team/attack-system-000/submitted",
    )


def test_every_page_names_the_attack() -> None:
    entries = system_and((0.8, 0.05))
    section = next(one for one in sections(entries) if one.edition == "synth/1")
    assert section.notes
    shown = dict(pages(entries))
    named = [name for name, text in shown.items() if "team/attack-system-000/submitted" in text]
    assert {Path(name).name for name in named} >= {"index.html", "defacing.tsv"}
    text = leaderboard(entries)
    assert f"* {section.notes[0]}" in text.replace("\\", "")
    rated = best_known(entries).entries[0]
    assert "those of the kit and one that was sent" in card(rated)
    assert "was 0.30 by" in card(rated)


def other(entry: Entry, **changes: str) -> Entry:
    assert entry.defaced is not None
    return replace(entry, defaced=replace(entry.defaced, **changes))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda e: other(e, edition_hash="0" * 64), "no entry of synth/1 (sha256 0000000000000000)"),
        (lambda e: other(e, edition="synth/2"), "no entry of synth/2"),
        (lambda e: other(e, submission_sha256="0" * 64), "is of the submission 0000000000000000"),
        (lambda e: other(e, code="0" * 8), "code of the two entries differ"),
        (lambda e: replace(e, exposure_draws=()), "draws of the two entries differ"),
        (lambda e: replace(e, exposure_draws=e.exposure_draws[1:]), "draws of the two entries differ"),
        (lambda e: replace(e, exposure="partial_auc"), "exposure of the two entries differ"),
        (
            lambda e: replace(
                e,
                results=tuple(
                    replace(one, signature=one.signature.replace("v:0.1.0", "v:0.0.9")) for one in e.results
                ),
            ),
            "version of the two entries differ",
        ),
    ],
)
def test_what_cannot_be_compared_rates_nothing_and_is_named(
    change: Callable[[Entry], Entry], why: str
) -> None:
    system, sent = system_and((0.8, 0.05))
    value, notes = rating([system, change(sent)])
    assert value == 0.3
    assert len(notes) == 1
    assert "team/attack-system-000 does not count for team/defacing-system-000" in notes[0]
    assert why in notes[0]
    assert [*best_known([system, change(sent)]).notes] == [("synth-blur/1", HASH)]


def test_a_system_on_which_no_attacker_counts_stays_so() -> None:
    system, sent = system_and((0.8, 0.05))
    unrated = replace(system, results=tuple(replace(one, rates=False) for one in system.results))
    _, notes = rating([unrated, sent])
    assert "no attacker of the kit counts" in notes[0]
