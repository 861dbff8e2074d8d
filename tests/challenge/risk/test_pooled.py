"""Three hospitals, pooled: counts and intervals as from all scores in one place, and no small cell."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mriprivacy.challenge.cli import main
from mriprivacy.challenge.risk.assessment import Assessment, Terms
from mriprivacy.challenge.risk.control_rate import Counts, controlled_risk, of_several, pool, successes
from mriprivacy.challenge.risk.inference import Inferred
from mriprivacy.challenge.risk.pooled import Pooled, pooled
from mriprivacy.challenge.risk.recipients import PHOTOGRAPH, Linkage
from mriprivacy.challenge.risk.scan_checks import FACE_LEFT, NOT_DEFACED, CheckedScan
from mriprivacy.challenge.risk.shared_counts import as_shared, read_shared
from mriprivacy.challenge.risk.singling_out import choose, single_out
from mriprivacy.scoring.errors import UserError
from tests.helpers.central_risk import central

SIZES = (12, 20, 33)
ATTACKERS = ("geo, as it is", "deepface(Dlib), adapted", "volume, trained")


def tables(n: int) -> dict[str, np.ndarray]:
    """Scores of three attackers of one hospital; one sees a quarter of the people, and there are ties."""
    rng = np.random.default_rng(n)
    own = np.diag([6.0 * (i % 4 == 0) for i in range(n)])
    found = {name: np.round(rng.normal(size=(n, n)), 1) for name in ATTACKERS}
    found[ATTACKERS[1]] = found[ATTACKERS[1]] + own
    return found


def predicted(n: int) -> np.ndarray:
    return np.random.default_rng(100 + n).random((n, n)) < 0.5


def hospital(n: int, failed: int = 0) -> Assessment:
    scores = tables(n)
    names = [f"secret-{i}" for i in range(n)]
    chosen, _ = choose(list(scores.values()))
    seen = single_out(chosen, names, scores)
    right = predicted(n)
    counts = successes(np.diag(right).astype(float), right[~np.eye(n, dtype=bool)].astype(float))
    known = Inferred("sex", n, None, None, counts=Counts(counts, {"geo": counts}))
    checked = [CheckedScan(f"{name}_T1w", name, "x", "y") for name in names]
    checked = [
        replace(one, failures=((FACE_LEFT, "nose"),) if i < failed else ()) for i, one in enumerate(checked)
    ]
    linked = Linkage(PHOTOGRAPH, "a photograph", False, n, after=seen, before=seen, attackers=ATTACKERS)
    return Assessment(
        Terms(f"Study {n}"), n, n, n, {}, 0, 0, (linked,), (known,), tuple(checked), (), "0", "2026-11-29"
    )


@pytest.fixture
def shared(tmp_path: Path) -> list[Path]:
    paths = []
    for n, failed in zip(SIZES, (0, 3, 7), strict=True):
        paths.append(tmp_path / f"site-{n}.json")
        paths[-1].write_text(as_shared(hospital(n, failed)))
    return paths


def read(paths: list[Path]) -> Pooled:
    return pooled([read_shared(path) for path in paths])


def everywhere(name: str | None) -> list[np.ndarray]:
    """Scores of an attacker at each hospital, or of the chosen ones."""
    return [choose(list(tables(n).values()))[0] if name is None else tables(n)[name] for n in SIZES]


def test_three_hospitals_pooled_are_the_central_result(shared: list[Path]) -> None:
    found = read(shared).linkage[0]
    assert [point.gallery for point in found.curve] == [2, 5, 10]  # of the smallest hospital
    assert (found.sites, found.people, found.headline.gallery) == (3, sum(SIZES), 5)
    for point in found.curve:
        size = point.gallery
        tried = [controlled_risk(*central(everywhere(name), size), len(ATTACKERS)) for name in ATTACKERS]
        wanted = of_several(controlled_risk(*central(everywhere(None), size)), tried)
        for have, want, within in (
            (point.risk.attack, wanted.attack, 1e-12),
            (point.risk.control, wanted.control, 1e-12),
            (point.risk.risk.value, wanted.risk.value, 1e-12),
            # The products above and the kit's logarithms differ by 1e-14, which the search for ends enlarges.
            (point.risk.risk.low, wanted.risk.low, 1e-9),
            (point.risk.risk.high, wanted.risk.high, 1e-9),
        ):
            assert have == pytest.approx(want, abs=within)
        own = [hospital(n).linkage[0].after for n in SIZES]
        parts = [one.counts[point.gallery] for one in own if one is not None]
        here = Counts(
            pool([one.chosen for one in parts]),
            {name: pool([one.tried[name] for one in parts]) for name in ATTACKERS},
        ).risk
        assert (point.risk.risk.low, point.risk.risk.high) == pytest.approx(
            (here.risk.low, here.risk.high), abs=1e-12
        )
        assert 0 < point.risk.risk.low < point.risk.risk.high < 1
    assert found.before is not None
    assert found.before == found.headline


def test_counts_are_the_same_bits_and_in_any_order(shared: list[Path]) -> None:
    one, other = read(shared), read(shared[::-1])
    assert one.linkage == other.linkage
    assert one.inferred == other.inferred
    sex = one.inferred[0]
    everyone = np.concatenate([np.diag(predicted(n)) for n in SIZES])
    assert sex.people == len(everyone)
    assert sex.risk.attack == everyone.sum() / len(everyone)
    assert sex.risk.risk.low == 0
    assert sex.risk.risk.high > sex.risk.risk.value


@pytest.mark.parametrize("wrap", [lambda c: {"risk": c}, lambda c: {"id": 7, "results": {"risk": c}}])
def test_results_of_platforms_hold_the_same_counts(
    wrap: Callable[[dict[str, Any]], dict[str, Any]], shared: list[Path], tmp_path: Path
) -> None:
    before = read(shared)
    for path in shared:
        path.write_text(json.dumps(wrap(json.loads(path.read_text()))))
    assert read(shared) == before
    shared[0].write_text(json.dumps({"aggregates": {"auc": 0.5}}))
    with pytest.raises(UserError, match="format is 'None'"):
        read(shared)


def test_no_person_and_no_small_cell_is_shared(shared: list[Path]) -> None:
    for path in shared:
        assert "secret" not in path.read_text()
    failures = [json.loads(path.read_text())["failures"] for path in shared]
    assert [one[FACE_LEFT] for one in failures] == [0, None, 7]
    found = {one.kind: (one.scans, one.hidden) for one in read(shared).failures}
    assert found[FACE_LEFT] == (7, 1)
    assert found[NOT_DEFACED] == (0, 0)
    few = replace(hospital(12), linkage=(replace(hospital(12).linkage[0], before=None),), inferred=())
    tiny = single_out(np.eye(4), list("abcd"), {"geo": np.eye(4)})
    alone = replace(few, people=4, linkage=(replace(few.linkage[0], people=4, after=tiny),))
    content = json.loads(as_shared(alone))
    assert (content["rows"], content["left_out"], content["people"], content["scans"]) == ([], 1, None, None)


def test_an_attacker_of_one_hospital_alone_does_not_count(shared: list[Path]) -> None:
    content = json.loads(shared[0].read_text())
    for row in content["rows"]:
        row["tried"].pop(ATTACKERS[1], None)
    shared[0].write_text(json.dumps(content))
    found = read(shared).linkage[0]
    assert found.attackers == 2
    # The attacker that sees is not among them: the value is that of the chosen ones all the same.
    assert found.headline.risk.risk.value > 0.1


def test_a_recipient_that_one_hospital_did_not_test_is_pooled_over_the_others(shared: list[Path]) -> None:
    content = json.loads(shared[0].read_text())
    content["rows"] = []
    shared[0].write_text(json.dumps(content))
    found = read(shared).linkage[0]
    assert (found.sites, found.people, found.headline.gallery) == (2, 53, 10)


def command(tmp_path: Path, shared: list[Path]) -> int:
    return main(["pool", f"counts=[{','.join(map(str, shared))}]", f"output={tmp_path / 'pooled'}"])


def test_the_page_shows_what_was_pooled(
    tmp_path: Path, shared: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(tmp_path, shared) == 0
    printed = capsys.readouterr().out
    assert "Hospitals: 3, with 65 people." in printed
    assert "Failures of defacing: at least 8; counts of 1 to 4 that were not shared: 1." in printed
    assert "Pairs of people of two hospitals were not compared" in printed
    page = (tmp_path / "pooled" / "pooled.html").read_text()
    assert "no scan was compared with one of another hospital" in page
    for words in ("Study 33", "8 to 11", "A photograph of the person", "What is not pooled"):
        assert words in page
    report = json.loads((tmp_path / "pooled" / "pooled.json").read_text())
    assert report["linkage"][0]["people"] == 65
    assert 'control": [' not in (tmp_path / "pooled" / "pooled.json").read_text()


def spoil(change: Callable[[dict[str, Any]], object]) -> Callable[[list[Path]], list[Path]]:
    def spoiled(paths: list[Path]) -> list[Path]:
        content = json.loads(paths[1].read_text())
        change(content)
        paths[1].write_text(json.dumps(content))
        return paths

    return spoiled


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda paths: paths[:1], "1 files; expected counts.json of two hospitals or more"),
        (lambda paths: [*paths, paths[0]], "expected each hospital once"),
        (lambda paths: [paths[0], paths[0].with_name("none.json")], "none.json"),
        (spoil(lambda c: c.update(format="x")), "format is 'x'"),
        (spoil(lambda c: c.pop("rows")), "members are"),
        (spoil(lambda c: c.update(people=3)), "people is '3', no whole number of at least 5"),
        (spoil(lambda c: c.update(smallest_cell=1)), "smallest_cell is '1'"),
        (spoil(lambda c: c["rows"][0].update(key="dental")), "row 1 asks what this kit does not"),
        (spoil(lambda c: c["rows"][0].update(key=[1])), "row 1 asks what this kit does not"),
        (spoil(lambda c: c["rows"][0].update(gallery=0)), "row 1: gallery is 0"),
        (spoil(lambda c: c["rows"][0].update(tried={})), "row 1: no attack was tried"),
        (spoil(lambda c: c["rows"][0]["chosen"].update(right=1e9)), "do not add up to 20 people"),
        (spoil(lambda c: c["rows"][0]["chosen"].update(right="1")), "no numbers from 0"),
        (spoil(lambda c: c["rows"][0]["chosen"].update(people=21)), "21 people of 20"),
        (spoil(lambda c: c["rows"][0]["chosen"]["control"].update({"65": 1})), "other steps than 0 to 64"),
        (spoil(lambda c: c["rows"].append(c["rows"][0])), "asks what an earlier row asks"),
        (spoil(lambda c: c["failures"].pop(FACE_LEFT)), "failures are"),
    ],
)
def test_bad_counts_are_one_line(
    change: Callable[[list[Path]], list[Path]],
    said: str,
    tmp_path: Path,
    shared: list[Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert command(tmp_path, change(shared)) == 2
    error = capsys.readouterr().err
    assert said in error
    assert sum(line.startswith("mriprivacy: ") for line in error.splitlines()) == 1
    assert not (tmp_path / "pooled").exists()
