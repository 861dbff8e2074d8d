"""What an evaluation of a defacing system must find, written a second time from the docs.

Attackers, audit, gate, figures and draws (docs/explanation/attackers.md, docs/reference/metrics). It imports
nothing of the kit; only linkability, which has oracles of its own, is left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
from scipy.stats import beta, norm
from scipy.stats import t as student
from sklearn.linear_model import LogisticRegression

Vectors = Mapping[str, np.ndarray]  # by image; one without a face is not there
Pairs = Sequence[tuple[str, str]]
SHRINKAGES = ((0.2, 0.2), (0.5, 0.5), (0.8, 0.8), (0.95, 0.95), (0.5, 1.0))


@dataclass(frozen=True)
class Side:
    """Images of one side of one split: their features, and the name of the person in each."""

    vectors: Vectors
    who: Mapping[str, str]

    def of(self, people: set[str]) -> "Side":
        return Side({n: v for n, v in self.vectors.items() if self.who[n] in people}, self.who)

    @property
    def people(self) -> set[str]:
        return {self.who[name] for name in self.vectors}


def auc(scores: np.ndarray, mated: np.ndarray) -> float:
    gap = scores[mated][:, None] - scores[~mated]
    return float(np.mean((gap > 0) + 0.5 * (gap == 0)))


def lowest(scores: np.ndarray) -> np.ndarray:
    return np.where(np.isnan(scores), np.nanmin(scores), scores)


def ignorant(probe: np.ndarray, reference: np.ndarray) -> float:
    return -float(np.linalg.norm(probe - reference))


def unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)


def adapted(scans: Side, photos: Side):
    """Cosine of what is standardized side by side."""
    x, y = (np.array(list(side.vectors.values())) for side in (scans, photos))

    def compare(probe: np.ndarray, reference: np.ndarray) -> float:
        return float(unit((probe - x.mean(0)) / x.std(0)) @ unit((reference - y.mean(0)) / y.std(0)))

    return compare


def maps(scans: Side, photos: Side, shrinkage: tuple[float, float]):
    """Regularized canonical correlation of all mated pairs; scores normalized by dev (S-norm)."""
    pairs = [(p, r) for p, r in product(scans.vectors, photos.vectors) if scans.who[p] == photos.who[r]]
    x, y = (np.array([s.vectors[pair[i]] for pair in pairs]) for i, s in enumerate((scans, photos)))
    ends = [(a.mean(0), a.std(0)) for a in (x, y)]
    x, y = ((a - mean) / scale for a, (mean, scale) in zip((x, y), ends, strict=True))
    roots = []
    for a, s in zip((x, y), shrinkage, strict=True):
        covariance = a.T @ a / len(a)
        shrunk = (1 - s) * covariance + s * np.trace(covariance) / a.shape[1] * np.eye(a.shape[1])
        values, axes = np.linalg.eigh(shrunk)
        roots.append(axes / np.sqrt(values) @ axes.T)
    left, strength, right = np.linalg.svd(roots[0] @ (x.T @ y / len(x)) @ roots[1])
    turns = roots[0] @ left * strength, roots[1] @ right.T * strength

    def place(vectors: Sequence[np.ndarray], i: int) -> np.ndarray:
        points = (np.array(vectors) - ends[i][0]) / ends[i][1] @ turns[i]
        return points / np.linalg.norm(points, axis=1, keepdims=True)

    others = place(list(scans.vectors.values()), 0), place(list(photos.vectors.values()), 1)

    def table(probes: Vectors, references: Vectors) -> dict[tuple[str, str], float]:
        p, r = place(list(probes.values()), 0), place(list(references.values()), 1)
        score, row, column = p @ r.T, p @ others[1].T, others[0] @ r.T
        normal = (score - row.mean(1)[:, None]) / row.std(1)[:, None]
        normal = (normal + (score - column.mean(0)) / column.std(0)) / 2
        names = product(probes, references)
        return dict(zip(names, normal.ravel().tolist(), strict=True))

    return table


def folds(everybody: set[str]) -> list[set[str]]:
    """Five, of people in the order of their names, of two people at least."""
    names = sorted(everybody)
    count = min(5, len(names) // 2)
    return [set(names[len(names) * i // count : len(names) * (i + 1) // count]) for i in range(count)]


def weights(scans: Side, photos: Side) -> np.ndarray:
    """Weights of the shrinkages: exp(people * d'), of how far each separates people who were left out."""
    both = scans.people & photos.people
    tables: dict[tuple[float, float], dict] = {s: {} for s in SHRINKAGES}
    for out in folds(both):
        if len(both - out) >= 2:
            kept = [side.of(side.people - out) for side in (scans, photos)]
            for s in SHRINKAGES:
                tables[s] |= maps(*kept, s)(scans.of(out).vectors, photos.of(out).vectors)
    found = []
    for table in tables.values():
        own = [score for (p, r), score in table.items() if scans.who[p] == photos.who[r]]
        others = [score for (p, r), score in table.items() if scans.who[p] != photos.who[r]]
        found.append((np.mean(own) - np.mean(others)) / np.sqrt((np.var(own) + np.var(others)) / 2))
    raised = np.exp(len(both) * (np.array(found) - max(found)))
    return raised / raised.sum()


def all_maps(scans: Side, photos: Side):
    """The weighted mean of the scores of all maps."""
    shares, every = weights(scans, photos), [maps(scans, photos, s) for s in SHRINKAGES]

    def table(probes: Vectors, references: Vectors) -> dict[tuple[str, str], float]:
        scores = [one(probes, references) for one in every]
        return {pair: sum(w * s[pair] for w, s in zip(shares, scores, strict=True)) for pair in scores[0]}

    return table


def left_out(scans: Side, photos: Side, everybody: set[str]) -> dict[tuple[str, str], float]:
    """Scores of dev by maps, and their weights, of other people of dev."""
    both, scores = scans.people & photos.people, {}
    for out in folds(everybody):
        if len(both - out) >= 4 and out & both:
            kept = [side.of(side.people - out) for side in (scans, photos)]
            own = all_maps(*kept)
            scores |= own(scans.of(out & both).vectors, photos.of(out & both).vectors)
    return scores


def cross_fitted(
    scans: Side, photos: Side, trials: Pairs, everybody: Mapping[str, str], seed: int | None = None,
    doubles: Vectors | None = None,
) -> tuple[np.ndarray, int]:  # fmt: skip
    """Scores of eval by maps of other people of eval, and the fewest of them; with a seed, of a shuffled key.

    Six folds by turns; a trial is scored by the map of all but two of them: those of its two people, or that
    of both and the next one. `everybody` is by image. With photographs of `doubles`, by the person's own
    photograph, mated trials are scored with these.
    """
    names = sorted(set(everybody.values()))
    count = min(6, len(names) // 2)
    fold = {name: i % count for i, name in enumerate(names)}
    table, fewest = {}, len(names)
    for out in map(set, combinations(range(count), 2)):
        gone = {name for name in names if fold[name] in out}
        who = {image: name for image, name in everybody.items() if name not in gone}
        if seed is not None:
            who = shuffled_key(who, {r for _, r in trials}, seed)
        kept = [Side({n: v for n, v in side.vectors.items() if n in who}, who) for side in (scans, photos)]
        fewest = min(fewest, len(kept[0].people & kept[1].people))
        score = maps(*kept, (0.8, 0.8))
        found = score(scans.of(gone).vectors, photos.of(gone).vectors)
        if doubles is not None:
            theirs = score(scans.of(gone).vectors, {r: v for r, v in doubles.items() if everybody[r] in gone})
            mated = {pair for pair in {**found, **theirs} if everybody[pair[0]] == everybody[pair[1]]}
            found = {pair: own for pair, own in found.items() if pair not in mated} | {
                pair: own for pair, own in theirs.items() if pair in mated
            }
        for p, r in found:
            one, other = fold[everybody[p]], fold[everybody[r]]
            if {one, other if one != other else (one + 1) % count} == out:
                table[p, r] = found[p, r]
    return lowest(column(table, trials)), fewest


def column(table: Mapping[tuple[str, str], float], pairs: Pairs) -> np.ndarray:
    return np.array([table.get(pair, np.nan) for pair in pairs])


def fused(practice: Sequence[np.ndarray], mated: np.ndarray, parts: Sequence[np.ndarray]) -> np.ndarray:
    """Balanced logistic regression of standardized left-out scores."""
    x, new = np.stack(practice, 1), np.stack(parts, 1)
    known = ~np.isnan(x).any(1)
    mean, scale = x[known].mean(0), x[known].std(0)
    model = LogisticRegression(class_weight="balanced", max_iter=1000, tol=1e-9)
    model.fit((x[known] - mean) / scale, mated[known])
    return lowest((new - mean) / scale @ model.coef_[0] + model.intercept_[0])


def attackers(
    dev: Mapping[str, tuple[Side, Side]], probes: Mapping[str, Vectors], shots: Mapping[str, Vectors],
    trials: Pairs, dev_key: Mapping[tuple[str, str], bool], who: Mapping[str, str] | None = None,
    among: set[str] | None = None,
) -> dict[str, np.ndarray]:  # fmt: skip
    """Scores of every attacker by name; all three mappings are by attack and condition, `geo+raw`.

    With `who`, another key of dev: informed attackers alone are trained on it, on all its pairs.
    """
    found, parts, practice = {}, [], []
    pairs = list(dev_key) if who is None else _all_pairs(dev_key)
    for name, (scans, photos) in dev.items():
        if who is not None:
            scans, photos = Side(scans.vectors, who), Side(photos.vectors, who)
        else:
            for level, compare in (("ignorant", ignorant), ("adapted", adapted(scans, photos))):
                table = {
                    (p, r): compare(probes[name][p], shots[name][r])
                    for p, r in trials
                    if p in probes[name] and r in shots[name]
                }
                found[f"{name}/{level}"] = lowest(column(table, trials))
        own = column(all_maps(scans, photos)(probes[name], shots[name]), trials)
        found[f"{name}/informed"] = lowest(own)
        if among is None or f"{name}/informed" in among:
            parts.append(own)
            practice.append(column(left_out(scans, photos, set(scans.who.values())), pairs))
    if len(parts) > 1:
        labels = [dev_key[pair] if who is None else who[pair[0]] == who[pair[1]] for pair in pairs]
        found["fusion/informed"] = fused(practice, np.array(labels), parts)
    return found


def _all_pairs(key: Mapping[tuple[str, str], bool]) -> list[tuple[str, str]]:
    probes, references = ({pair[i] for pair in key} for i in (0, 1))
    return list(product(sorted(probes), sorted(references)))


def shuffled_key(who: Mapping[str, str], references: set[str], seed: int) -> dict[str, str]:
    names = sorted(set(who.values()))
    order = np.random.default_rng(seed).permutation(len(names))
    whose = {name: names[i] for name, i in zip(names, order, strict=True)}
    return {image: whose[name] if image in references else name for image, name in who.items()}


def drawn(people: np.ndarray, mated: np.ndarray, draws: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """How often each person is drawn: of those with a mated trial as many as there are, then of others."""
    names = np.unique(people)
    paired = np.isin(names, people[mated, 0])
    rng, counts, todo = np.random.default_rng([seed, 0x5EED]), np.zeros((len(names), draws)), np.arange(draws)
    codes = np.searchsorted(names, people[~mated])
    while len(todo):
        for group in (np.flatnonzero(paired), np.flatnonzero(~paired)):
            if len(group):
                new = rng.multinomial(len(group), np.full(len(group), 1 / len(group)), len(todo))
                counts[np.ix_(group, todo)] = new.T
        both = (counts[codes[:, 0]] > 0) & (counts[codes[:, 1]] > 0)
        todo = todo[~both[:, todo].any(0)]
    return names, counts


def areas(scores: np.ndarray, people: np.ndarray, mated: np.ndarray, draws: int, seed: int) -> np.ndarray:
    """AUC in every draw of subjects: mated trials weigh c, others c times c."""
    names, counts = drawn(people, mated, draws, seed)
    one, other = np.searchsorted(names, people).T
    gap = scores[mated][:, None] - scores[~mated]
    wins = (gap > 0) + 0.5 * (gap == 0)
    weights = counts[one[mated]].T, (counts[one[~mated]] * counts[other[~mated]]).T
    return np.einsum("bi,ij,bj->b", weights[0], wins, weights[1]) / weights[0].sum(1) / weights[1].sum(1)


def weighted(
    scores: np.ndarray, people: np.ndarray, mated: np.ndarray, probes: np.ndarray, names: np.ndarray,
    count: np.ndarray, threshold: float | None,
) -> dict[str, float]:  # fmt: skip
    """Every figure of one draw but AUC and linkability, by definitions over the vertices of the ROC."""
    one, other = np.searchsorted(names, people).T
    weight = np.where(mated, count[one], count[one] * count[other])
    cuts = np.unique(scores)[::-1]
    at = len(cuts) - 1 - np.searchsorted(cuts[::-1], scores)
    total = [np.bincount(at[c], weight[c], len(cuts)).cumsum() for c in (~mated, mated)]
    fmr, tmr = (np.concatenate([[0], part / part[-1]]) for part in total)
    gap = fmr + tmr - 1
    i = int(np.argmax(gap >= 0))
    eer = fmr[i - 1] + (fmr[i] - fmr[i - 1]) * -gap[i - 1] / (gap[i] - gap[i - 1])
    hull: list[tuple[float, float]] = []
    for point in zip(fmr.tolist(), tmr.tolist(), strict=True):
        while len(hull) > 1:
            (x0, y0), (x1, y1) = hull[-2:]
            if (x1 - x0) * (point[1] - y0) - (point[0] - x0) * (y1 - y0) < 0:
                break
            hull.pop()
        hull.append(point)
    cost = 0.0
    for n, m in np.diff(np.array(hull), axis=0):
        cost += (m * np.log2(1 + n / m) if m > 0 else 0) + (n * np.log2(1 + m / n) if n > 0 else 0)
    if threshold is None:
        last = int((fmr <= 0.01).sum()) - 1
        threshold = cuts[last - 1] if last else np.inf
    found = {"eer": eer, "min_cllr": cost / 2}
    found["tmr_at_fmr_1pct"], found["tmr_at_fmr_01pct"] = (tmr[fmr <= x].max() for x in (0.01, 0.001))
    paired = np.unique(one[mated])
    linked = scores >= threshold
    for name, rule in (("any", np.any), ("all", np.all)):
        own = np.array([rule(linked[mated & (one == person)]) for person in paired])
        found[f"people_found_{name}"] = (own * count[paired]).sum() / count[paired].sum()
    hits = owners = 0.0
    for probe in np.unique(probes[mated]):
        rows = probes == probe
        best = {who: scores[rows & (other == who)].max() for who in np.unique(other[rows])}
        own = one[rows][0]
        above = sum(score > best[own] for score in best.values())
        hits += count[own] * (above == 0) / sum(score == best[own] for score in best.values())
        owners += count[own]
    return found | {"rank1": hits / owners}


def threshold_of(scores: np.ndarray, mated: np.ndarray) -> float:
    """The lowest score at or above which at most one in a hundred non-mated trials lies."""
    good = [s for s in np.unique(scores) if np.mean(scores[~mated] >= s) <= 0.01]
    return float(min(good, default=np.inf))


SHARES = {"rank1": 0, "people_found_any": 1000, "people_found_all": 1000, "tmr_at_fmr_1pct": 1000,
          "tmr_at_fmr_01pct": 10_000}  # and the non-mated trials that they need  # fmt: skip
ENDS = {"auc": (0.5, 1.0), "eer": (0.5, 0.0), "partial_auc": (0.0, 1.0)}


def partial(scores: np.ndarray, people: np.ndarray, mated: np.ndarray, weight: np.ndarray, who: np.ndarray,
            count: np.ndarray) -> float:  # fmt: skip
    """Share of people linked by their best trial, averaged over false match rates up to 10 %."""
    other, total, found = scores[~mated], weight[~mated].sum(), 0.0
    for person, times in zip(who, count, strict=True):
        best = scores[mated & (people[:, 0] == person)].max()
        low, high = (weight[~mated][part].sum() / total for part in (other > best, other >= best))
        a, b = max(0.1 - low, 0.0), max(0.1 - high, 0.0)
        found += times * (a if high == low else (a**2 - b**2) / (2 * (high - low)))
    return found / count.sum() / 0.1


def figures(
    scores: np.ndarray, people: np.ndarray, mated: np.ndarray, probes: np.ndarray, draws: int, seed: int,
    threshold: float | None = None,
) -> dict[str, tuple[float, float, float, int]]:  # fmt: skip
    """Value, ends of the interval (NaN for none) and people of every figure but linkability and FNIR.

    The noise of single pairs is left in, as it is small in lists where everybody meets everybody.
    """
    names, counts = drawn(people, mated, draws, seed)
    n, nonmated = len(np.unique(people[mated, 0])), int((~mated).sum())
    one, other = np.searchsorted(names, people).T
    who = np.unique(one[mated])

    def every(count: np.ndarray) -> dict[str, float]:
        found = weighted(scores, people, mated, probes, names, count, threshold)
        weight = np.where(mated, count[one], count[one] * count[other])
        return found | {"partial_auc": partial(scores, people, mated, weight, names[who], count[who])}

    value = every(np.ones(len(names))) | {"auc": auc(scores, mated)}
    replicates = [every(count) for count in counts.T]
    spread = {name: np.var([each[name] for each in replicates]) for name in value if name != "auc"}
    spread["auc"] = areas(scores, people, mated, draws, seed).var()
    found = {}
    for name, own in value.items():
        least = 0 if threshold is not None and name.startswith("people") else SHARES.get(name, 0)
        if nonmated < least:
            continue
        low = high = np.nan
        if name != "min_cllr" and n >= 4:
            # An EER stops at .5, where draws heap up: the other side has a spread of its own.
            below, above = sides(own, [each[name] for each in replicates]) if name == "eer" else (1, 1)
            variance = spread[name] * n / (n - 1)
            low, high = ends(name, own, below * variance, n)[0], ends(name, own, above * variance, n)[1]
        found[name] = (own, low, high, n)
    return found


def sides(own: float, replicates: list[float]) -> tuple[float, float]:
    """Twice the mean square of draws below a value, and above it, over their variance; 1 at least."""
    gap = np.array(replicates) - own
    if gap.var() == 0:
        return 1.0, 1.0
    squares = [2 * np.mean(np.where(side, gap, 0) ** 2) / gap.var() for side in (gap < 0, gap > 0)]
    return max(1.0, float(squares[0])), max(1.0, float(squares[1]))


def ends(name: str, own: float, variance: float, n: int) -> tuple[float, float]:
    """Clopper-Pearson of so many people as the spread amounts to."""
    if name in SHARES:
        inside = own * (1 - own)
        size = min(n, inside / variance) if inside > 0 and variance > 0 else n
    else:
        chance, full = ENDS[name]
        full = full if (own - chance) * (full - chance) >= 0 else 2 * chance - full
        far = max((chance, full), key=lambda end: abs(own - end))
        mean = (n * own + far) / (n + 1)
        wide = variance * (n / (n + 1)) ** 2 + (far - own) ** 2 * beta(1, n).var()
        size = mean * (1 - mean) / wide * (norm.ppf(0.975) / student.ppf(0.975, n - 1)) ** 2
    k = own * size
    low = beta.ppf(0.025, k, size - k + 1) if k > 0 else 0.0
    high = beta.ppf(0.975, k + 1, size - k) if k < size else 1.0
    return min(low, own), max(high, own)


def identity(
    own: np.ndarray, other: np.ndarray, people: np.ndarray, mated: np.ndarray, draws: int, seed: int
) -> tuple[tuple[float, float, float, int], tuple[float, float, float, int]]:
    """AUC with doppelgangers in the place of people, and what it lacks: value, interval, people."""
    n = len(np.unique(people[mated, 0]))
    area, control = auc(own, mated), auc(other, mated)
    drawn_own, drawn_other = (areas(scores, people, mated, draws, seed) for scores in (own, other))
    low, high = ends("auc", control, drawn_other.var(), n)
    first, last = ends("auc", area, drawn_own.var(), n)
    r = np.corrcoef(drawn_own, drawn_other)[0, 1] if drawn_own.std() and drawn_other.std() else 0.0
    down, up, other_down, other_up = area - first, last - area, control - low, high - control
    below = np.sqrt(max(0, down**2 - 2 * r * down * other_up + other_up**2))
    above = np.sqrt(max(0, up**2 - 2 * r * up * other_down + other_down**2))
    gap = area - control
    return (control, float(low), float(high), n), (gap, float(gap - below), float(gap + above), n)


def checked(question: str, attacker: str, value: float, error: float, sigmas: float) -> tuple:
    return question, attacker, value, value - sigmas * error, value + sigmas * error


class Strongest:
    """For each person the attacker that is strongest on people of other folds, now and in every draw."""

    def __init__(
        self, scores: Mapping[str, np.ndarray], people: np.ndarray, mated: np.ndarray, draws: int, seed: int
    ) -> None:
        self.attackers = {**scores, **{f"-{name}": -own for name, own in scores.items()}}
        self.people, self.mated = people, mated
        self.names, counts = drawn(people, mated, draws, seed)
        self.fold = np.arange(len(self.names)) % 6
        self.one, self.other = np.searchsorted(self.names, people).T
        self.scores, self.chosen, self.norms = self.made(np.ones(len(self.names)))
        both = [self.strength(self.made(count)[0], count) for count in counts.T]
        self.areas, self.partial = np.transpose(both)

    def strength(self, own: np.ndarray, count: np.ndarray) -> tuple[float, float]:
        """AUC and partial AUC under weights of people."""
        weight = np.where(self.mated, count[self.one], count[self.one] * count[self.other])
        gap = own[self.mated][:, None] - own[~self.mated]
        wins, (a, b) = (gap > 0) + 0.5 * (gap == 0), (weight[self.mated], weight[~self.mated])
        who = np.unique(self.one[self.mated])
        linked = partial(own, self.people, self.mated, weight, self.names[who], count[who])
        return a @ wins @ b / a.sum() / b.sum(), linked

    def made(self, count: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Scores, the attacker of each trial, and mean and spread of its scores of others."""
        scores, chosen = np.empty(len(self.mated)), np.empty(len(self.mated), object)
        norms = np.empty((2, len(self.mated)))
        for k in range(6):
            rows, out = self.fold[self.one] == k, count * (self.fold != k)
            found = {name: self.strength(own, out) for name, own in self.attackers.items()}
            best = max(found, key=lambda name: found[name][1] + 1e-6 * found[name][0])
            others = ~rows & (self.fold[self.other] != k) & ~self.mated
            cohort = self.attackers[best][others]
            norms[0, rows], norms[1, rows] = cohort.mean(), cohort.std()
            scores[rows], chosen[rows] = (self.attackers[best][rows] - cohort.mean()) / cohort.std(), best
        return scores, chosen, norms


def audited(
    defaced: Mapping[str, np.ndarray], undefaced: Mapping[str, np.ndarray],
    taught: Mapping[str, Sequence[float]], people: np.ndarray, mated: np.ndarray, seed: int,
) -> list[tuple]:  # fmt: skip
    """Question, attacker, value, low, high and whether passed, of every check of attackers that link."""

    def area(scores: Mapping[str, np.ndarray]) -> dict[str, tuple[float, np.ndarray]]:
        return {n: (auc(own, mated), areas(own, people, mated, 200, seed)) for n, own in scores.items()}

    one, original, checks = area(defaced), area(undefaced), []
    for name, (value, draws) in original.items():
        low = value - 1.96 * draws.std()
        question = "links undefaced scans (AUC above .5)"
        checks.append((*checked(question, name, value, draws.std(), 1.96), low > 0.5))
    for name, own in taught.items():
        error = np.hypot(np.std(own, ddof=1) / np.sqrt(len(own)), one[name][1].std())
        row = checked(
            "trained on a shuffled key, is at chance (AUC .5)", name, float(np.mean(own)), error, 3.3
        )
        checks.append((*row, row[3] <= 0.5 <= row[4]))
    better = []
    for name in one:
        attack, _, level = name.partition("/")
        weaker = {"informed": ("ignorant", "adapted"), "adapted": ("ignorant",)}.get(level, ())
        better += [(name, f"{attack}/{less}") for less in weaker if attack != "fusion"]
    less_known = [name for name in one if name.endswith(("/ignorant", "/adapted"))]
    better.append(("fusion/informed", max(less_known, key=lambda name: one[name][0])))
    for name, other in better:
        value, error = one[name][0] - one[other][0], np.std(one[name][1] - one[other][1])
        row = checked(f"no worse than {other} (AUC gained)", name, value, error, 3.3)
        below = one[name][0] + 3.3 * one[name][1].std() < 0.5  # it links with the sign reversed
        checks.append((*row, row[4] >= 0 or below))
    return checks


def gate(before: np.ndarray, after: np.ndarray, brain: np.ndarray, limit: float) -> tuple[float, bool, bool]:
    """Changed share of the brain, whether the scan is another one, and whether it left the brain alone."""
    old, new = before[brain].astype(float), after[brain].astype(float)
    low, high = np.percentile(old, [1, 99])
    share = float(np.mean(np.abs(new - old) > 0.01 * (high - low)))
    relative = float(np.abs(new - old).sum() / np.abs(old).sum())
    return share, bool((before != after).any()), share <= limit and relative <= limit
