"""Doppelgangers tell demographics from identity: attackers that are known to link by one or the other."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mriprivacy.challenge.attackers.cross_fitted import run_cross_fitted
from mriprivacy.challenge.attackers.features import ImageFeatures
from mriprivacy.challenge.attackers.levels import AttackScores, Control, Seen, run_attackers
from mriprivacy.challenge.edition.protocol import Protocol, attacks_of
from mriprivacy.challenge.edition.public import open_edition
from mriprivacy.challenge.edition.sealed import open_sealed
from mriprivacy.challenge.entry.entry import CROSS_FITTED, EVERY_LEVEL, Entry, Result
from mriprivacy.challenge.entry.entry_file import read_entries, write_entry
from mriprivacy.challenge.evaluation.context import Context
from mriprivacy.challenge.evaluation.evaluator import evaluate
from mriprivacy.challenge.evaluation.metrics import Ask, verification
from mriprivacy.challenge.intake.submission import check_submission, write_submission_json
from mriprivacy.challenge.leaderboard.pages.markdown import leaderboard
from mriprivacy.challenge.leaderboard.pages.terminal import summary
from mriprivacy.challenge.leaderboard.system_tables import by_level, results
from mriprivacy.data_prep.editions.build_edition import EditionConfig, build_edition
from tests.helpers.engine import ENGINE
from tests.helpers.tiny_cohort import with_doppelgangers, write_tiny_cohort

pytestmark = pytest.mark.long

N = 40
PROTOCOL = Protocol(attacks=["geo", "deepface"], networks=["Dlib"], bootstrap=100, reanalysed=0)


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Context:
    folder = tmp_path_factory.mktemp("identity")
    cohort = with_doppelgangers(write_tiny_cohort(folder / "cohort", N))
    table = cohort / "participants.tsv"
    head, *rows = (line.split("\t") for line in table.read_text().splitlines())
    aged = [head, *([own[0], own[1], str(20 + i), *own[3:]] for i, own in enumerate(rows))]
    table.write_text("".join("\t".join(line) + "\n" for line in aged))
    build_edition(cohort, folder / "edition", EditionConfig(id="tiny", seed=3, hair_removal="given"))
    edition = folder / "edition"
    return Context(open_edition(edition), open_sealed(edition), PROTOCOL, folder / "cache", ENGINE)


def features(context: Context, kind: str) -> Callable[[str, bool], np.ndarray]:
    """What an attack sees of the image of a person, or of a doppelganger."""
    rng, of = np.random.default_rng(2), context.sealed.subjects
    ages = {of[probe]: age for probe, age in context.sealed.ages.items()}
    edition = context.edition
    known = {of[p]: own for p, own in [*edition.dev.attributes.items(), *context.sealed.attributes.items()]}
    people = {who: rng.normal(size=6) for who in sorted(ages)}
    doubles = {who: rng.normal(size=6) for who in sorted(ages)}

    def see(image: str, double: bool) -> np.ndarray:
        who = of[image]
        if kind == "demographics":  # -|age difference|, and two people of two sexes are far apart
            return np.array([ages[who], 100.0 * (known[who].sex == "F")]) + rng.normal(size=2)
        return (doubles if double else people)[who] + 0.5 * rng.normal(size=6)

    return see


def seen(context: Context, kind: str) -> tuple[Seen, Control]:
    see = features(context, kind)

    def image(name: str, double: bool = False) -> ImageFeatures:
        return ImageFeatures(True, "", {attack: see(name, double) for attack in attacks_of(PROTOCOL)})

    splits, conditions = context.edition.splits, context.edition.conditions
    return (
        Seen(
            {name: {p: image(p) for p in split.probes} for name, split in splits.items()},
            {(n, c): {r: image(r) for r in s.references} for n, s in splits.items() for c in conditions},
        ),
        Control(
            {c: {r: image(r, True) for r in context.edition.eval.references} for c in conditions},
            context.trials.mated,
        ),
    )


def attackers(
    context: Context, looks: Seen, control: Control | None = None
) -> tuple[list[AttackScores], list[str]]:
    """Every level, cross-fitted ones last."""
    found, remarks = run_attackers(context.edition, PROTOCOL, looks, control=control)
    fitted, lacking = run_cross_fitted(context.edition, PROTOCOL, looks, context.sealed.subjects, control)
    return [*found, *fitted], [*remarks, *lacking]


def scored(context: Context, kind: str) -> list[Result]:
    looks, control = seen(context, kind)
    found, _ = attackers(context, looks, control)
    asks = [Ask(one.attacker, one.scores, {}, ["all"], doppelganger=one.doppelganger) for one in found]
    about = type("About", (), {"track": "defacing", "team": "team", "system": "system"})
    return verification(context, about, asks)


def test_who_reads_demographics_alone_has_no_identity(context: Context) -> None:
    found = scored(context, "demographics")
    for result in found:
        assert result.figures["auc"].value > 0.85, result.attacker
        assert abs(result.figures["identity"].value) < 0.04, result.attacker
    identities = [result.figures["identity"] for result in found]
    assert sum(one.low <= 0 <= one.high for one in identities) >= 0.9 * len(found)  # of 95 % intervals


def test_who_reads_identity_has_it(context: Context) -> None:
    found = scored(context, "identity")
    assert {one.level for one in found} == set(EVERY_LEVEL)
    assert any(one.name == "fusion" for one in found)
    for result in found:
        # A cross-fitted attacker is trained on 13 people, others on 20.
        weakest, least = (0.75, 0.0) if result.level == CROSS_FITTED else (0.85, 0.15)
        assert result.figures["auc"].value > weakest, result.attacker
        control = result.figures["auc_doppelganger"]
        assert control.low < 0.5 < control.high, (result.attacker, control)
        assert result.figures["identity"].low > least, result.attacker
        difference = result.figures["auc"].value - control.value
        assert result.figures["identity"].value == pytest.approx(difference)


def test_no_attacker_is_trained_or_standardized_by_doppelgangers(context: Context) -> None:
    """With them, without them, with others, or with none that shows a face: the same scores, bit for bit."""
    looks, control = seen(context, "identity")
    rng = np.random.default_rng(5)

    def noisy() -> ImageFeatures:
        return ImageFeatures(True, "", {attack: 1e3 * rng.normal(size=6) for attack in attacks_of(PROTOCOL)})

    noise = {c: {r: noisy() for r in own} for c, own in control.photos.items()}
    blank = {c: dict.fromkeys(own, ImageFeatures(False, "no face", {})) for c, own in control.photos.items()}
    alone, remarks = attackers(context, looks)
    assert all(one.doppelganger is None for one in alone)
    mated = context.trials.mated
    for photos in (control.photos, noise, blank):
        found, noted = attackers(context, looks, replace(control, photos=photos))
        assert noted == remarks
        for one, other in zip(alone, found, strict=True):
            assert (one.attacker, one.trained_on) == (other.attacker, other.trained_on)
            np.testing.assert_array_equal(one.scores, other.scores)
            np.testing.assert_array_equal(other.doppelganger[~mated], one.scores[~mated])
            assert (other.doppelganger[mated] != one.scores[mated]).any()
            if photos is blank:
                assert (other.doppelganger[mated] == other.doppelganger.min()).all()


@pytest.fixture(scope="module")
def submission(context: Context, tmp_path_factory: pytest.TempPathFactory):
    """The scans as they are: what is seen in them is made up."""
    folder = tmp_path_factory.mktemp("submission")
    write_submission_json(
        folder, edition=context.edition.name, track="defacing", team="team", system="system",
        description="A line.", contact="a@b.org", licence="MIT",
    )  # fmt: skip
    for split in context.edition.splits.values():
        for probe in split.probes:
            path = folder / split.name / "mri" / split.scan_name(probe)
            path.parent.mkdir(parents=True)
            shutil.copy(split.scan(probe), path)
    return check_submission(folder, context.edition)


def entry_of(context: Context, submission, monkeypatch: pytest.MonkeyPatch, lost: str = "") -> Entry:
    see, asked = features(context, "identity"), []

    def extract(
        paths, kind, extraction, label, compute, untrusted=False, heads=()
    ) -> dict[str, ImageFeatures]:
        asked.extend(paths.values())
        double = {name: Path(path).is_relative_to(context.sealed.root) for name, path in paths.items()}
        assert not (untrusted and any(double.values()))
        assert all(kind == "photo" for own in double.values() if own)
        return {
            name: ImageFeatures(False, "no face found", {})
            if double[name] and name.endswith(lost or "-")
            else ImageFeatures(
                True, "", {a: see(name.split()[-1], double[name]) for a in attacks_of(PROTOCOL)}
            )
            for name in paths
        }

    room = "mriprivacy.challenge.evaluation.defacing."
    monkeypatch.setattr(room + "extract", extract)
    monkeypatch.setattr(room + "SHUFFLED_KEYS", 2)  # the audit is none of this
    monkeypatch.setattr(room + "predict_from_images", lambda *_: ([], [], []))
    monkeypatch.setattr(room + "leak_checks", lambda *_: [])
    quick = replace(context, protocol=replace(PROTOCOL, attacks=["geo"]))
    entry = evaluate(quick, submission).entry
    assert len(asked) == len(set(map(str, asked))), "each image once"
    return entry


def test_an_entry_has_identity_beside_every_figure_and_boards_show_it(
    context: Context, submission, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lost = min(context.edition.eval.references)
    entry = entry_of(context, submission, monkeypatch, lost)
    for result in entry.results:
        assert ("identity" in result.figures) == (result.level != "oracle"), result
    for condition in ("raw", "bald"):
        count = f"1 of {len(context.edition.eval.references)} {condition} photographs"
        assert any(w.startswith(f"doppelgangers: no face in {count} (of {lost});") for w in entry.warnings)
    write_entry(tmp_path, entry)
    assert read_entries(tmp_path) == (entry,)
    strongest = entry.strongest().figures["identity"]
    assert "identity ↓" in leaderboard([entry])
    assert f"{strongest:.2f}" in leaderboard([entry])
    assert f"identity {strongest:.2f}" in summary(entry)
    assert any(head.startswith("identity, ") for head in by_level(entry).header)
    assert {"AUC, doppelganger", "identity"} <= set(results(entry).header)


def test_an_edition_without_doppelgangers_has_no_such_figure(
    context: Context, submission, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As editions of before, and of real people."""
    folder = Path(shutil.copytree(context.edition.root.parent, tmp_path / "edition"))
    shutil.rmtree(folder / "sealed" / "doppelgangers")
    before = replace(context, edition=open_edition(folder), sealed=open_sealed(folder))
    entry = entry_of(before, replace(submission), monkeypatch)
    assert not any({"identity", "auc_doppelganger"} & set(result.figures) for result in entry.results)
    assert "identity ↓" not in leaderboard([entry])
    assert not any("identity" in head for table in (by_level(entry), results(entry)) for head in table.header)
