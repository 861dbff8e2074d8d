"""What each recipient holds, and that it finds the people whose images agree; features are made up."""

from pathlib import Path

import numpy as np
import pytest

from mriprivacy.challenge.attackers.features import ImageFeatures
from mriprivacy.challenge.risk.recipients import (
    NOTHING,
    PHOTOGRAPH,
    SCAN,
    Held,
    LinkQuestion,
    held_by_recipients,
    link_recipient,
    one_scan_each,
    score_people,
)
from mriprivacy.challenge.risk.scan_pairs import ScanPair

NOWHERE = Path("nowhere")


def pair(subject: str, session: str, kind: str) -> ScanPair:
    return ScanPair(subject, session, kind, NOWHERE, NOWHERE)


def image(vector: np.ndarray | None) -> ImageFeatures:
    if vector is None:
        return ImageFeatures(False, "no face found", {})
    return ImageFeatures(True, "", {"geo": vector, "volume(Dlib)": vector})


def test_two_sessions_are_taken_before_two_contrasts() -> None:
    pairs = [
        pair(f"sub-{i}", session, kind)
        for i in range(5)
        for session in ("ses-1", "ses-2")
        for kind in ("T1w", "T2w")
    ]
    held = {one.key: one for one in held_by_recipients(pairs, {})}
    assert held[SCAN].scans["sub-0_ses-1_T2w"] == "sub-0"
    assert held[SCAN].references["sub-0_ses-2_T2w"] == "sub-0"
    assert "of two sessions" in held[SCAN].what
    assert len(one_scan_each(pairs)) == 5


def test_two_contrasts_where_few_have_two_sessions() -> None:
    pairs = [pair(f"sub-{i}", "", kind) for i in range(5) for kind in ("T1w", "T2w")]
    held = {one.key: one for one in held_by_recipients(pairs, {"a.png": "sub-0"})}
    assert held[SCAN].people == tuple(f"sub-{i}" for i in range(5))
    assert set(held[SCAN].scans) == {f"sub-{i}_T1w" for i in range(5)}
    assert set(held[NOTHING].references) == {f"sub-{i}_T2w" for i in range(5)}
    assert held[PHOTOGRAPH].people == ("sub-0",)


def test_one_scan_a_person_tests_neither() -> None:
    held = held_by_recipients([pair(f"sub-{i}", "", "T1w") for i in range(5)], {})
    assert [one.people for one in held] == [(), (), ()]


def held_of(n: int, key: str = PHOTOGRAPH) -> Held:
    return Held(
        key, "", {f"s{i}": f"sub-{i:02d}" for i in range(n)}, {f"p{i}": f"sub-{i:02d}" for i in range(n)}
    )


@pytest.mark.parametrize("key", [PHOTOGRAPH, SCAN])
def test_people_whose_images_agree_are_found(key: str) -> None:
    n, rng = 24, np.random.default_rng(0)
    people = rng.normal(size=(n, 8))
    scans = {f"s{i}": image(people[i] + 0.05 * rng.normal(size=8)) for i in range(n)}
    other = {f"p{i}": image(people[i]) for i in range(n)}
    nothing = {f"s{i}": image(rng.normal(size=8)) for i in range(n)}
    asked = LinkQuestion(held_of(n, key), (nothing, other), (scans, other), ("geo", "volume(Dlib)"))
    untrained, trained = link_recipient(asked)
    for one in (untrained, trained):
        assert one.able
        assert one.after is not None
        assert one.before is not None
        assert one.before.headline.risk.risk.value > 0.9
        assert not one.after.headline.risk.beyond_chance
        assert one.auc is not None
        assert one.auc.low < 0.5 < one.auc.high
    # A photograph has no outline, so this attack links it only when it was trained.
    assert any(name.startswith("volume") for name in untrained.attackers) == (key == SCAN)
    assert any(name.endswith("trained") for name in trained.attackers)
    assert not any(name.endswith("trained") for name in untrained.attackers)


def test_a_scan_without_a_face_comes_last_and_a_person_has_the_best_of_photographs() -> None:
    held = Held(
        PHOTOGRAPH,
        "",
        {"s0": "a", "s1": "b", "s2": "c", "s3": "d"},
        {"p0": "a", "p1": "b", "p1b": "b", "p2": "c", "p3": "d"},
    )
    places = np.eye(4) * 5
    scans = {f"s{i}": image(None if i == 3 else places[i]) for i in range(4)}
    references = {"p0": image(places[0]), "p1": image(places[2]), "p1b": image(places[1])}
    references |= {"p2": image(places[2]), "p3": image(places[3])}
    scores = score_people(held, scans, references, ("geo",), trained=False)["geo, as it is"]
    assert scores.shape == (4, 4)
    assert scores[1].argmax() == 1 or scores[1, 1] == scores[1].max()
    assert (scores[:, 3] == scores.min()).all()


def test_too_few_people_are_not_tested() -> None:
    scans = {f"s{i}": image(np.ones(3) * i) for i in range(5)}
    other = {f"p{i}": image(np.ones(3) * i) for i in range(5)}
    untrained, trained = link_recipient(LinkQuestion(held_of(5), (scans, other), (scans, other), ("geo",)))
    assert untrained.after is not None
    assert trained.why_not == "needs 12 people with a photograph, 5 were given"
