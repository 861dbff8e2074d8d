import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mriprivacy.challenge.entry.attacker import Attacker
from mriprivacy.challenge.entry.entry import Entry, Gate, Result
from mriprivacy.challenge.entry.entry_file import read_entries, write_entry
from mriprivacy.challenge.leaderboard.pages.glossary import Guide
from mriprivacy.challenge.leaderboard.pages.markdown import leaderboard, sections, signatures
from mriprivacy.challenge.leaderboard.pages.terminal import boards, ranking, summary
from mriprivacy.challenge.leaderboard.standings import Board, board
from mriprivacy.challenge.leaderboard.system_tables import read_by
from mriprivacy.scoring import Estimate, ScoringError, Signature
from mriprivacy.scoring.errors import UserError
from tests.helpers.board_entries import made_up

SIGNATURE = Signature(
    "test/1@abababab", "defacing/eval", "deepface(Dlib)+raw/ignorant", "subject-bootstrap,100", 0, "0.1.0"
)


def result(
    auc: float, half: float = 0.05, attacker: str = "deepface(Dlib)+raw/ignorant", **changes: object
) -> Result:
    figures = {
        "auc": Estimate(auc, auc - half, auc + half, 12),
        "eer": Estimate(1 - auc, 1 - auc - half, 1 - auc + half, 12),
        "linkability": Estimate(0.1, 0.0, 0.2, 12),
    }
    counts = {"mated": 12, "nonmated": 132, "subjects": 12, "probes": 12, "failures_to_acquire": 1}
    return replace(Result(Attacker.parse(attacker), "all", figures, counts, str(SIGNATURE)), **changes)


def entry(system: str, *results: Result, passed: int = 24) -> Entry:
    gate = Gate(passed=passed, scans=24, unchanged=0, worst_changed=0.01)
    best = max(
        (r.figures["auc"] for r in results if r.rates and "auc" in r.figures),
        key=lambda e: e.value,
        default=None,
    )
    # What is hard about the people drawn is common to all systems; the rest is a system's own.
    common = np.random.default_rng(0).normal(size=200)
    own = np.random.default_rng(len(system) + ord(system[0])).normal(size=200)
    spread = (best.high - best.low) / 3.92 if best else 0
    draws = best.value + spread * (0.8 * common + 0.6 * own) if best else np.empty(0)
    return Entry(
        "test/1",
        "ab" * 32,
        False,
        "defacing",
        "team",
        system,
        "",
        "cd" * 32,
        results,
        gate,
        (),
        (),
        "0.1.0",
        draws=tuple(draws.clip(0, 1).round(4).tolist()),
    )


def ranked(entries: Sequence[Entry]) -> Board:
    return board(entries)


def ranks(*entries: Entry) -> dict[str, str]:
    return {place.entry.system: place.ranks for place in ranked(entries).places}


def test_a_system_is_rated_by_its_strongest_attacker() -> None:
    """Withstanding three weak attackers must not make up for losing to one strong."""
    shallow = entry(
        "shallow",
        result(0.5),
        result(0.5, attacker="geo+raw/ignorant"),
        result(0.95, attacker="geo+bald/ignorant"),
    )
    even = entry(
        "even",
        result(0.7),
        result(0.7, attacker="geo+raw/ignorant"),
        result(0.7, attacker="geo+bald/ignorant"),
    )
    assert [place.entry.system for place in ranked([shallow, even]).places] == ["even", "shallow"]
    assert shallow.strongest().name == "geo+bald"


def test_systems_that_the_data_do_not_separate_share_their_ranks() -> None:
    found = ranks(
        entry("a", result(0.50)), entry("b", result(0.52)), entry("c", result(0.65)), entry("d", result(0.80))
    )
    assert found == {"a": "1-2", "b": "1-2", "c": "3", "d": "4"}


def test_a_system_that_harms_the_brain_is_not_ranked() -> None:
    found = ranked([entry("butcher", result(0.5), passed=23), entry("gentle", result(0.9))])
    assert [(p.ranks, p.entry.system) for p in found.places] == [("1", "gentle"), ("-", "butcher")]


def test_other_trial_lists_do_not_rate() -> None:
    matched = result(0.99, trial_list="matched")
    assert entry("a", result(0.6), matched).strongest().figures["auc"].value == 0.6
    assert entry("a", result(0.6), matched).strongest("matched").figures["auc"].value == 0.99


def test_entries_made_unlike_are_not_ranked_together() -> None:
    other = result(0.6, signature=str(replace(SIGNATURE, interval="subject-bootstrap,50")))
    unlike = [entry("a", result(0.5)), entry("b", other)]
    with pytest.raises(ScoringError, match="not comparable: interval differs"):
        ranked(unlike)
    with pytest.raises(ScoringError, match="not comparable: interval differs"):
        leaderboard([replace(one, track="attack", gate=None) for one in unlike])


def test_the_order_of_entries_does_not_matter() -> None:
    entries = [entry("a", result(0.5)), entry("b", result(0.5)), entry("c", result(0.9), passed=0)]
    text = leaderboard(entries)
    assert text == leaderboard(entries[::-1])
    assert "| 1-2 | team/a | 0.50 [0.45, 0.55] |" in text
    assert "| - | team/c | 0.90 [0.85, 0.95] |" in text
    assert "failed on 24/24" in text
    assert "ed:test/1@abababab" in text


def test_both_levels_are_shown_and_the_stronger_rates() -> None:
    both = entry(
        "a",
        result(0.5),
        result(0.77, attacker="deepface(Dlib)+raw/informed"),
        result(0.99, trial_list="matched"),
    )
    assert both.strongest().level == "informed"
    text = ranking([both])
    assert "0.77 [0.72, 0.82]" in text
    assert re.search(r"informed +0\.77 +0\.50", text)
    assert entry("b", result(0.5)).strongest_of("informed") is None


def test_who_fails_the_audit_rates_nobody() -> None:
    broken = result(0.9, attacker="deepface(Dlib)+raw/informed", rates=False)
    assert entry("a", result(0.6), broken).strongest().figures["auc"].value == 0.6
    reader = result(0.5, attacker="geo+sex/informed", trial_list="probes")
    none = entry("b", replace(result(0.5), rates=False), reader)
    none = replace(none, draws=())  # as `challenge.evaluation.draws` leaves it
    assert not none.rated
    assert ranks(entry("a", result(0.6)), none) == {"a": "1", "b": "-"}
    assert "| no |" in leaderboard([entry("a", result(0.6), broken)])


def test_groups_are_shown_of_the_strongest_attacker_of_each_level() -> None:
    women = result(0.71, trial_list="sex=F", rates=False)
    weaker = result(0.55, attacker="geo+raw/ignorant")
    informed = [
        replace(one, attacker=replace(one.attacker, level="informed"))
        for one in (result(0.8), replace(women, signature="x"))
    ]
    text = leaderboard([entry("a", result(0.6), weaker, women, *informed)])
    assert "| system | attacker | sex=F |" in text
    assert "| team/a | deepface(Dlib)+raw/ignorant | 0.71 [0.66, 0.76] |" in text
    assert "| team/a | deepface(Dlib)+raw/informed | 0.71 [0.66, 0.76] |" in text
    assert "geo+raw/ignorant" not in text


def test_people_linked_and_what_is_read_of_undefaced_scans_have_their_places() -> None:
    found = {"people_found_any": Estimate(0.5, 0.3, 0.7, 12), "people_found_all": Estimate(0.2, 0.1, 0.3, 12)}
    strongest = result(0.6)
    strongest = replace(strongest, figures={**strongest.figures, **found})
    years = {"mae_years": Estimate(9.0, 8.0, 10.0, 12), "gain_years": Estimate(4.0, 3.0, 5.0, 12)}
    age = replace(strongest, attacker=Attacker.parse("geo+age/informed"), trial_list="probes", figures=years)
    open_age = replace(
        age, trial_list="undefaced", rates=False, figures={**years, "mae_years": years["gain_years"]}
    )
    one = entry("a", strongest, age, open_age)
    text = leaderboard([one])
    assert "| 0.50 [0.30, 0.70] | 0.20 [0.10, 0.30] | yes |" in text
    assert "| 9.00 [8.00, 10.00] | 4.00 [3.00, 5.00] |" in text
    assert (
        "| 4.00 [3.00, 5.00] | 4.00 [3.00, 5.00] |" not in text
    )  # what undefaced scans show has no place here
    read = {row[1].text: row[7].text for row in read_by(one).rows}
    assert read == {"scans": "9.00 [8.00, 10.00]", "undefaced scans": "4.00 [3.00, 5.00]"}


def test_the_ranking_fits_a_terminal() -> None:
    attack = replace(entry("deepface_bald_informed", result(0.93)), track="attack", gate=None)
    text = ranking([entry("replace_face", result(0.5)), entry("identity", result(0.9), passed=0), attack])
    assert all(len(line) <= 80 for line in text.splitlines())
    assert "replace_face" in text
    assert "0.50 [0.45, 0.55]" in text


def test_a_reference_system_that_is_not_the_program_of_its_name_says_so() -> None:
    told = "Reference system remove_face of mriprivacy: after niimath -deface."
    after = replace(entry("remove_face", result(0.5)), team="reference", description=told)
    bare = replace(after, system="blur", description="Reference system blur of mriprivacy.")
    other = replace(after, team="team", system="mine", description="Mine: the best.")
    listed = leaderboard([after, bare, other]).partition("What reference systems are")[2].split("\n\n")[1]
    assert listed == "* `remove_face`: after niimath -deface"
    assert "What reference systems are" not in leaderboard([bare, other])


def test_only_synthetic_editions_are_called_synthetic() -> None:
    assert "synthetic" not in leaderboard([entry("a", result(0.5))])
    assert "synthetic" in leaderboard([replace(entry("a", result(0.5)), synthetic=True)])


def test_days_licence_and_citation_are_told_where_they_are_known() -> None:
    known = replace(entry("a", result(0.5)), received="2026-01-31", licence="CC0-1.0", citation="Cite us")
    text = leaderboard([known, entry("b", result(0.6))])
    assert "Licence of its images: CC0-1.0. To cite: Cite us." in text
    assert " 2026-01-31 |" in text
    assert "| received |" in text
    assert "## test/1 (sha256 abababababababab)\n" in text
    text = leaderboard([replace(known, received="", released="2026-11-24")])
    assert "## test/1 (sha256 abababababababab, released 2026-11-24)\n" in text
    text = leaderboard([entry("b", result(0.6))])
    assert "## test/1 (sha256 abababababababab, no date given)\n" in text
    assert "| received |" not in text
    assert "Licence" not in text


def test_every_submitted_attribute_is_quoted_with_its_signature() -> None:
    lines = signatures([made_up(0, "attributes")])
    assert [line.split("att:")[1].split(" ")[0] for line in lines] == ["sex", "age_group", "ethnicity"]
    assert all(line.startswith("accuracy ") for line in lines)
    assert len(signatures([made_up(0), made_up(0, "attack")])) == 2


def test_the_leaderboard_stands_alone() -> None:
    text = leaderboard([made_up(0)], Guide("team@example.org", "https://kit.example/"))
    assert "docs/" not in text
    assert "team@example.org" in text
    assert "https://kit.example/" in text
    assert "hal-04299422" in text
    assert "* **EER**: " in text


def test_an_entry_survives_its_file(tmp_path: Path) -> None:
    written = entry("a", result(0.5))
    path = write_entry(tmp_path, written)
    assert path == tmp_path / "test-1" / "team__a.json"
    assert read_entries(tmp_path) == (written,)
    assert len(path.read_text().splitlines()) < 100  # two hundred draws are one line
    assert "AUC" not in summary(written)
    assert "auc 0.50" in summary(written)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda e: "not json",
        lambda e: json.dumps([]),
        lambda e: json.dumps({**e, "extra": 1}),
        lambda e: json.dumps({k: v for k, v in e.items() if k != "track"}),
        lambda e: json.dumps({**e, "system": "<b>bold</b>"}),
        lambda e: json.dumps({**e, "system": "other"}),
    ],
)
def test_files_that_are_no_entries_are_all_named(tmp_path: Path, spoil) -> None:
    path = write_entry(tmp_path, entry("a", result(0.5)))
    path.write_text(spoil(json.loads(path.read_text())))
    (tmp_path / "test-1" / "team__z.json").write_text("{}")
    with pytest.raises(UserError) as error:
        read_entries(tmp_path)
    assert len(error.value.problems) == 2
    assert "team__a.json" in error.value.problems[0]


def test_the_verdict_names_the_first_its_equals_and_the_unranked() -> None:
    butcher = entry("butcher", result(0.5), passed=23)
    close = [entry("a", result(0.50)), entry("b", result(0.52)), entry("d", result(0.80)), butcher]
    assert boards(sections(close)).text().splitlines() == [
        "test/1, defacing: team/a is first of 3",
        "  AUC 0.50 [0.45, 0.55] by deepface(Dlib)+raw/ignorant",
        "  significantly better than d 0.80",
        "  not significantly better than b 0.52",
        "  not ranked: butcher (brain gate failed on 1/24)",
    ]
    assert boards(sections([close[0], close[2]])).text().endswith("\n  significantly better than d 0.80")
    assert boards(sections([butcher])).text().startswith("test/1, defacing: no system is ranked")
    many = [replace(one, edition=f"e/{i}") for i in range(9) for one in close]
    assert len(boards(sections(many)).text().splitlines()) == 12
