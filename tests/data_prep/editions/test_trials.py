"""Trial lists: no pair twice, no label wrong, no order that tells."""

from collections import Counter
from collections.abc import Callable
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from mriprivacy.data_prep.editions.trials import (
    Trial,
    agree,
    check_trials,
    draw_met,
    make_listed_trials,
    make_trials,
)
from mriprivacy.data_prep.formats.schema import Attributes
from mriprivacy.scoring import auc


def people(n: int, photos: int = 1) -> tuple[dict[str, str], dict[str, str], dict[str, Attributes]]:
    probes = {f"p{i}": f"s{i}" for i in range(n)}
    references = {f"r{i}-{k}": f"s{i}" for i in range(n) for k in range(1 + i % photos)}
    attributes = {f"s{i}": Attributes("FM"[i % 2], "18-29", ("x", "y")[i // 2 % 2]) for i in range(n)}
    return probes, references, attributes


def test_hand_made_list() -> None:
    trials = make_trials(*people(5), np.random.default_rng(0))
    table = {(t.probe, t.reference): (t.mated, t.matched) for t in trials}
    assert len(trials) == len(table) == 25
    assert sum(mated for mated, _ in table.values()) == 5
    assert table["p0", "r0-0"] == (True, True)
    assert table["p0", "r4-0"] == (False, True)  # s0 and s4 are both F, x
    assert table["p0", "r1-0"] == (False, False)
    assert sum(matched and not mated for mated, matched in table.values()) == 2


@given(st.integers(2, 12), st.integers(1, 3), st.integers(0, 11), st.integers(0, 2**64))
def test_properties(n: int, photos: int, nonmated: int, seed: int) -> None:
    probes, references, attributes = people(n, photos)
    nonmated = min(nonmated, n - 1)
    trials = make_trials(probes, references, attributes, np.random.default_rng(seed), nonmated)
    pairs = [(t.probe, t.reference) for t in trials]
    assert len(set(pairs)) == len(pairs)
    assert {p for p, _ in pairs} == set(probes)
    assert {t.reference for t in trials if t.mated} == set(references)
    assert all(t.mated == (probes[t.probe] == references[t.reference]) for t in trials)
    assert all(t.matched for t in trials if t.mated)
    for probe in probes:
        met = {references[r] for p, r in pairs if p == probe}
        assert len(met) == 1 + (nonmated or n - 1)
        # Every subject met is met in all of its references, the own one no more than the others.
        assert {r for p, r in pairs if p == probe} == {r for r, s in references.items() if s in met}
    # As often as one meets, one is met: who is met more often is not known by it.
    meetings = Counter((probes[p], references[r]) for p, r in pairs)
    assert set(Counter(other for _, other in meetings).values()) == {1 + (nonmated or n - 1)}


def as_matrix(trials: tuple[Trial, ...], n: int) -> tuple[np.ndarray, np.ndarray]:
    """Probes by reference, and the key, of a list of one probe and one reference each."""
    met, mated = np.zeros((n, n)), np.zeros((n, n), bool)
    for trial in trials:
        place = int(trial.probe[1:]), int(trial.reference[1:].split("-")[0])
        met[place], mated[place] = 1, trial.mated
    return met, mated


def sinkhorn(met: np.ndarray) -> np.ndarray:
    """How likely each pair is mated, nearly, if a scan may belong to every photograph that it meets."""
    for _ in range(200):
        met = met / met.sum(1, keepdims=True)
        met = met / met.sum(0, keepdims=True)
    return met


def share_of_matchings(met: np.ndarray) -> np.ndarray:
    """The same exactly: in how many of all one-to-one assignments each pair is."""
    n = len(met)
    assignments = [rows for rows in permutations(range(n)) if all(met[i, j] for i, j in enumerate(rows))]
    return np.array([[np.mean([rows[i] == j for rows in assignments]) for j in range(n)] for i in range(n)])


@pytest.mark.parametrize(
    ("n", "nonmated", "attack", "draws"),
    [
        (24, 1, sinkhorn, 20), (24, 4, sinkhorn, 20), (100, 1, sinkhorn, 20), (100, 5, sinkhorn, 20),
        (7, 2, share_of_matchings, 100), (5, 1, share_of_matchings, 100),
    ],
)  # fmt: skip
def test_a_short_list_tells_no_label(
    n: int, nonmated: int, attack: Callable[[np.ndarray], np.ndarray], draws: int
) -> None:
    """Others drawn one by one gave AUC .96 for 24 people with one other each, .99 for 100."""
    areas = []
    for seed in range(draws):
        met, mated = as_matrix(make_trials(*people(n), np.random.default_rng(seed), nonmated), n)
        scores = attack(met).round(9)
        areas.append(auc(scores[mated], scores[(met > 0) & ~mated]))
    error = np.std(areas) / np.sqrt(draws)
    assert abs(np.mean(areas) - 0.5) <= 4 * error + 1e-6
    assert abs(np.mean(areas) - 0.5) < 0.1


def test_a_weak_attack_does_not_find_everybody_at_once() -> None:
    """Of a group, all keys are open: no label follows from another group's."""
    met, _ = as_matrix(make_trials(*people(24), np.random.default_rng(0), 3), 24)
    groups = {tuple(row) for row in met}
    assert len(groups) == 6
    assert {sum(group) for group in groups} == {4}


def test_people_told_by_their_numbers_are_refused() -> None:
    probes = {"p0": "s0", "p0b": "s0", "p1": "s1", "p2": "s2"}
    references = {"r0": "s0", "r0b": "s0", "r1": "s1", "r2": "s2"}
    anyone = {f"s{i}": Attributes("F", "18-29", "x") for i in range(4)}
    with pytest.raises(
        ValueError,
        match=r"nonmated_per_probe is 1; expected 0 .all., or .* Here people have different numbers",
    ):
        make_trials(probes, references, anyone, np.random.default_rng(0), 1)
    make_trials(probes | {"p3": "s3"}, references | {"r3": "s3"}, anyone, np.random.default_rng(0), 1)


def test_the_order_of_the_mappings_does_not_matter() -> None:
    probes, references, attributes = people(8, 2)
    backwards = [dict(reversed(mapping.items())) for mapping in (probes, references)]
    for nonmated in (0, 3):
        one = make_trials(probes, references, attributes, np.random.default_rng(1), nonmated)
        other = make_trials(backwards[0], backwards[1], attributes, np.random.default_rng(1), nonmated)
        assert one == other


def test_the_position_tells_nothing() -> None:
    """Over many lists, mated trials stand in every position equally often."""
    mated = np.zeros(36)
    for seed in range(300):
        mated += [trial.mated for trial in make_trials(*people(6), np.random.default_rng(seed))]
    assert mated.sum() == 6 * 300
    assert chisquare(mated).pvalue > 1e-4


def test_references_drawn_pay_no_heed_to_demographics() -> None:
    drawn: Counter[bool] = Counter()
    for seed in range(300):
        trials = make_trials(*people(9), np.random.default_rng(seed), 2)
        drawn.update(t.matched for t in trials if not t.mated)
    # 9 subjects in groups of 3, 2, 2, 2: 12 of the 72 ordered pairs are matched.
    n = drawn.total()
    assert abs(drawn[True] / n - 12 / 72) < 4 * np.sqrt(12 / 72 * 60 / 72 / n)


def test_unknown_attributes_never_match() -> None:
    unknown = Attributes("F", "n/a", "x")
    assert not agree(unknown, unknown)


@pytest.mark.parametrize(
    ("probes", "references", "nonmated", "words"),
    [
        ({"p": "s"}, {"r": "s"}, 0, "at least two subjects"),
        ({}, {}, 0, "at least two subjects"),
        ({"p": "s", "q": "t"}, {"r": "s"}, 0, "one is missing for t"),
        ({"p": "s"}, {"r": "s", "q": "t"}, 0, "one is missing for t"),
        ({"p": "s", "q": "t"}, {"r": "s", "u": "t"}, 2, r"expected 0 \(all\) to 1"),
        ({"p": "s", "q": "t"}, {"r": "s", "u": "t"}, -1, r"expected 0 \(all\) to 1"),
    ],
)
def test_lists_that_cannot_be(
    probes: dict[str, str], references: dict[str, str], nonmated: int, words: str
) -> None:
    anyone = {s: Attributes("F", "18-29", "x") for s in ("s", "t")}
    with pytest.raises(ValueError, match=words):
        make_trials(probes, references, anyone, np.random.default_rng(0), nonmated)


GOOD = [
    Trial("p", "r", True, True),
    Trial("p", "u", False, False),
    Trial("q", "u", True, True),
    Trial("q", "r", False, False),
]


@pytest.mark.parametrize(
    ("trials", "words"),
    [
        ([*GOOD, GOOD[0]], "p r is in the list twice"),
        ([Trial("p", "r", False, True), *GOOD[1:]], "labelled nonmated, but both are of one subject"),
        ([GOOD[0], Trial("p", "u", True, False), *GOOD[2:]], "labelled mated, but both are of two subjects"),
        (GOOD[:2], r"no mated trial for q, u \(2 in all\)"),
        ([], r"no mated trial for p, q, r, u \(4 in all\)"),
        ([GOOD[0], *GOOD[2:]], r"no non-mated trial for p, u \(2 in all\)"),
        ([GOOD[0], GOOD[2]], r"no non-mated trial for p, q, r, u \(4 in all\)"),
    ],
)
def test_swapped_and_duplicated_lists_do_not_pass(trials: list[Trial], words: str) -> None:
    check_trials(GOOD, {"p": "s", "q": "t"}, {"r": "s", "u": "t"})
    with pytest.raises(ValueError, match=words):
        check_trials(trials, {"p": "s", "q": "t"}, {"r": "s", "u": "t"})


@pytest.mark.parametrize(("n", "nonmated"), [(12, 2), (7, 2), (9, 1)])
def test_impostors_are_drawn_and_everybody_is_as_likely(n: int, nonmated: int) -> None:
    """Whole groups (12 people in threes) and those left over on a circle; chi-square over 1,000 lists."""
    met = np.zeros((n, n))
    for seed in range(1000):
        met += as_matrix(make_trials(*people(n), np.random.default_rng(seed), nonmated), n)[0]
    others = met[~np.eye(n, dtype=bool)]
    assert others.sum() == 1000 * n * nonmated
    # Meetings of one list depend on each other, so the statistic is generous, and a fixed order still fails.
    assert chisquare(others).pvalue > 1e-4
    assert others.min() > 0.7 * others.mean()


def test_people_with_unknown_attributes_keep_their_mated_trials() -> None:
    probes, references, attributes = people(4)
    attributes |= {"s1": Attributes("F", "n/a", "x"), "s2": Attributes("F", "n/a", "x")}
    table = {
        (t.probe, t.reference): t
        for t in make_trials(probes, references, attributes, np.random.default_rng(0))
    }
    assert all(table[f"p{i}", f"r{i}-0"].matched for i in range(4))
    # Unknown is not alike, not even to unknown.
    assert not table["p1", "r2-0"].matched


def test_ages_in_years_decide_whom_a_trial_matches_where_both_are_known() -> None:
    """People a year apart are alike though an edge of the age groups lies between; those 11 apart are not."""
    years = {"s0": 29.0, "s1": 30.0, "s2": 41.0}
    groups = ("18-29", "30-44", "30-44", "30-44")
    attributes = {f"s{i}": Attributes("F", group, "x") for i, group in enumerate(groups)}
    attributes["s4"] = Attributes("M", "30-44", "x")
    probes, references = ({f"{kind}{i}": f"s{i}" for i in range(5)} for kind in "pr")
    ages = years | {"s4": 30.0}  # that of s3 is not known

    def matched(within: float) -> set[str]:
        rng = np.random.default_rng(0)
        trials = make_trials(probes, references, attributes, rng, ages=ages, years=within)
        found = {"".join(sorted(t.probe[1] + t.reference[1])) for t in trials if t.matched and not t.mated}
        assert all(
            Trial(t.reference.replace("r", "p"), t.probe.replace("p", "r"), t.mated, t.matched) in trials
            for t in trials
        )
        return found

    assert matched(5) == {"01", "13", "23"}  # with s3 the age group decides
    assert matched(0) == {"13", "23"}
    assert matched(11) == {"01", "12", "13", "23"}
    assert matched(12) == {"01", "02", "12", "13", "23"}


def test_what_is_not_known_matches_nobody_whatever_the_age() -> None:
    assert not agree(Attributes("n/a", "18-29", "x"), Attributes("n/a", "18-29", "x"), apart=0)
    assert not agree(Attributes("F", "18-29", "n/a"), Attributes("F", "18-29", "n/a"), apart=0)
    assert agree(Attributes("F", "18-29", "x"), Attributes("F", "45-59", "x"), apart=0)


MET = {"g": "ghc", "h": "hcg", "c": "cgh", "b": "abf", "e": "bed", "f": "efa", "d": "fdb", "a": "dae"}


def test_who_meets_whom_is_the_same_in_every_version_of_the_kit() -> None:
    """An edition is made again from its seed: numpy keeps its generators, and we what we do with them."""
    met = draw_met(list("abcdefgh"), 2, np.random.default_rng(3))
    assert {person: "".join(others) for person, others in met.items()} == MET


def test_five_of_many_are_named() -> None:
    images = {f"p{i}": f"s{i}" for i in range(7)}, {f"r{i}": f"s{i}" for i in range(7)}
    attributes = {f"s{i}": Attributes("F", "18-29", "x") for i in range(13)}
    with pytest.raises(ValueError, match=r"no mated trial for p0, p1, p2, p3, p4 \(14 in all\)$"):
        check_trials([], *images)
    more = {f"q{i}": f"s{7 + i}" for i in range(6)}
    words = r"^every subject needs a probe and a reference; one is missing for s10, s11, s12, s7, s8$"
    with pytest.raises(ValueError, match=words):
        make_trials(images[0] | more, images[1], attributes, np.random.default_rng(0))
    with pytest.raises(ValueError, match=words):
        make_listed_trials(images[0], images[1] | more, attributes, dict.fromkeys(attributes, "A"), by_name)


@pytest.mark.parametrize(("apart", "alike"), [(0, True), (4.9, True), (5, True), (5.01, False)])
def test_people_are_alike_within_five_years_if_nothing_else_is_said(apart: float, alike: bool) -> None:
    one, other = Attributes("F", "18-29", "x"), Attributes("F", "30-44", "x")
    assert agree(one, other, apart) == alike
    images, known = ({"a": "s", "b": "t"}, {"x": "s", "y": "t"}), {"s": one, "t": other}
    ages = {"s": 29.0, "t": 29.0 + apart}
    drawn = make_trials(*images, known, np.random.default_rng(0), ages=ages)
    listed = make_listed_trials(*images, known, dict.fromkeys(known, "A"), by_name, ages=ages)
    for trials in (drawn, listed):
        assert sorted(t.matched for t in trials if not t.mated) == [alike] * 2
        assert all(t.matched for t in trials if t.mated)


def by_name(probe: str, reference: str) -> bytes:
    return f"{reference} {probe}".encode()


def test_a_list_compares_people_of_one_site_in_the_order_of_their_pairs() -> None:
    probes = {"a": "s1", "b": "s2", "c": "s3", "d": "s4", "a2": "s1"}
    references = {"x": "s1", "y": "s2", "u": "s3", "v": "s4"}
    sites = {"s1": "A", "s2": "A", "s3": "B", "s4": "B"}
    known = {subject: Attributes("F", "18-29", "x") for subject in sites}
    trials = make_listed_trials(probes, references, known, sites, by_name)
    pairs = [(t.probe, t.reference) for t in trials]
    assert pairs == [
        ("c", "u"), ("d", "u"), ("c", "v"), ("d", "v"),
        ("a", "x"), ("a2", "x"), ("b", "x"), ("a", "y"), ("a2", "y"), ("b", "y"),
    ]  # fmt: skip
    assert [t.mated for t in trials] == [probes[p] == references[r] for p, r in pairs]
    fewer = [{name: s for name, s in images.items() if s in ("s1", "s2")} for images in (probes, references)]
    assert make_listed_trials(fewer[0], fewer[1], known, sites, by_name) == trials[4:]


@pytest.mark.parametrize(
    ("sites", "words"),
    [
        ({"s1": "A", "s2": "B"}, "one person alone at A, B, and a non-mated trial takes two of one site"),
        ({"s1": "", "s2": "B"}, "one person alone at B, the whole list, and"),
    ],
)
def test_a_person_alone_at_a_site_makes_no_list(sites: dict[str, str], words: str) -> None:
    known = {subject: Attributes("F", "18-29", "x") for subject in sites}
    images = {"a": "s1", "b": "s2"}, {"x": "s1", "y": "s2"}
    with pytest.raises(ValueError, match=words):
        make_listed_trials(*images, known, sites, by_name)
    assert len(make_listed_trials(*images, known, dict.fromkeys(sites, ""), by_name)) == 4
    alone = {"a": "s1"}, {"x": "s1"}
    with pytest.raises(ValueError, match="one person alone at the whole list"):
        make_listed_trials(*alone, known, {"s1": ""}, by_name)
    with pytest.raises(ValueError, match="no person of the list is in it"):
        make_listed_trials({}, {}, known, sites, by_name)


class Fixed:
    """Draws nothing: the order as it is, and these places."""

    def __init__(self, places: list[int]) -> None:
        self.places = places

    def permutation(self, n: int) -> np.ndarray:
        return np.arange(n)

    def choice(self, among: int | np.ndarray, size: int | None = None, replace: bool = True) -> object:
        """Return the places, which are drawn without replacement; then the second of them."""
        if size is None:
            return among[1]  # type: ignore[index]
        assert not replace
        assert size == len(self.places) <= among  # type: ignore[operator]
        return np.array(self.places)


def test_whole_groups_meet_all_of_theirs_and_the_last_one_stands_on_a_circle() -> None:
    """Seven people with two others each: a group of three, and four, each with those 0, 2 and 3 places on."""
    met = draw_met("abcdefg", 2, Fixed([1, 0, 2]))  # type: ignore[arg-type]
    assert {who: "".join(others) for who, others in met.items()} == {
        "a": "bac", "b": "cba", "c": "acb",
        "d": "edf", "e": "feg", "f": "gfd", "g": "dge",
    }  # fmt: skip
    met = draw_met("abcd", 2, Fixed([3, 1, 0]))  # type: ignore[arg-type]
    assert {who: "".join(others) for who, others in met.items()} == {
        "a": "cad", "b": "dba", "c": "acb", "d": "bdc",
    }  # fmt: skip


def test_images_of_people_may_differ_in_number_on_one_side_alone() -> None:
    """With equal numbers on one side, no person is known by the numbers."""
    anyone = {f"s{i}": Attributes("F", "18-29", "x") for i in range(3)}
    single = {f"p{i}": f"s{i}" for i in range(3)}
    twice = {f"r{i}": f"s{i}" for i in range(3)} | {"r0b": "s0"}
    for images in ((single, twice), (twice, single), (single, {f"r{i}": f"s{i}" for i in range(3)})):
        assert make_trials(*images, anyone, np.random.default_rng(0), 1)
    with pytest.raises(ValueError, match="divides 3 people"):
        make_trials(twice, twice, anyone, np.random.default_rng(0), 1)
    assert make_trials(twice, twice, anyone, np.random.default_rng(0), 2)
    assert make_trials(twice, twice, anyone, np.random.default_rng(0))


@pytest.mark.parametrize(("nonmated", "accepted"), [(-1, False), (0, True), (1, True), (2, True), (3, False)])
def test_so_many_others_are_met(nonmated: int, accepted: bool) -> None:
    if accepted:
        trials = make_trials(*people(3), np.random.default_rng(0), nonmated)
        assert len(trials) == 3 * (1 + (nonmated or 2))
        return
    with pytest.raises(ValueError, match=rf"_per_probe is {nonmated}; expected 0 \(all\) to 2, as many"):
        make_trials(*people(3), np.random.default_rng(0), nonmated)
