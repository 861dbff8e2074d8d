"""What each part of the attackers gains: the tables of docs/results/attacks.md.

    uv run python -m docs.experiments.attack_gains EDITION CACHE ENTRIES [--renders] [SUBMISSION ...]

EDITION has both sides; CACHE is where `mriprivacy evaluate` kept features and ENTRIES what it wrote; of each
SUBMISSION (a defacing one) the gains are reported too. `--renders` also asks what five renders and the chin
gain, for which every scan is drawn again. Prints Markdown. Intervals are over subjects, differences paired.
"""

import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mriprivacy.baselines.attacks.geo import ANGLES, DISTANCES, FEATURES, RATIOS
from mriprivacy.baselines.attacks.networks import on_networks
from mriprivacy.baselines.attacks.registry import Deepface, Geo, similarity
from mriprivacy.baselines.attacks.training.informed import SHRINKAGES, InformedAttack, Shrinkage
from mriprivacy.baselines.attacks.training.standardize import Sides
from mriprivacy.baselines.face.appearance import Look
from mriprivacy.challenge.attackers.features import Extraction, ImageFeatures, extract
from mriprivacy.challenge.attackers.levels import Seen, run_attackers, shuffled_key_aucs
from mriprivacy.challenge.attackers.linkage import Compare, adapt_to, compared, lowest, people, train_on
from mriprivacy.challenge.attackers.networks import attacker_of
from mriprivacy.challenge.attackers.photographs import taken_photographs
from mriprivacy.challenge.compute.parallel import Compute
from mriprivacy.challenge.edition.protocol import Rendering, attacks_of, read_protocol
from mriprivacy.challenge.edition.public import Edition, open_edition
from mriprivacy.challenge.edition.sealed import open_sealed
from mriprivacy.challenge.entry.entry import EVERY_LEVEL, LEVELS, ORACLE
from mriprivacy.challenge.evaluation.checks.face_presence import look_for_faces
from mriprivacy.scoring import auc, cllr, compare, draw_systems, min_cllr

Floats = NDArray[np.float64]
Scores = dict[str, Floats]
Row = tuple[str, Floats, Floats]  # what, scores with it, scores without
HERE = "docs.experiments.attack_gains"
DRAWS = 1000


class OneRender(Deepface):
    """One render of a scan, the straight front if a face was found there, instead of five."""

    def embed(self, look: Look) -> Floats | None:
        """Return the embedding of the first face."""
        return super().embed(replace(look, faces=look.faces[:1]))


class GeoOneRender(Geo):
    """The same with landmarks."""

    def embed(self, look: Look) -> Floats | None:
        """Return the features of the first face."""
        return super().embed(replace(look, faces=look.faces[:1]))


LOW = ("chin", "jaw_corner_right", "jaw_corner_left")  # where a field of view cuts
_LOW_DISTANCES = {name for name, ends in DISTANCES.items() if set(ends) & set(LOW)}
CUT = (
    _LOW_DISTANCES
    | {name for name, points in ANGLES.items() if set(points) & set(LOW)}
    | {name for name, parts in RATIOS.items() if set(parts) & _LOW_DISTANCES}
)


class GeoWithoutChin(Geo):
    """Landmarks without the features that need the chin or the corners of the jaw."""

    def embed(self, look: Look) -> Floats | None:
        """Return the features that a cut chin leaves."""
        found = super().embed(look)
        return None if found is None else found[[name not in CUT for name in FEATURES]]


MAPS: dict[str, list[Shrinkage]] = {
    "canonical correlations": [m for m in SHRINKAGES if m[0] == m[1]],
    "ridge regression": [m for m in SHRINKAGES if m[0] < m[1]],
    "partial least squares (not in the kit)": [(1.0, 1.0)],
}


class Bench:
    """An edition, both sides, and the features of its images."""

    def __init__(self, path: Path, cache: Path) -> None:
        self.edition: Edition = open_edition(path)
        self.sealed = open_sealed(path)
        protocol = read_protocol(self.edition.description)
        self.protocol = replace(protocol, networks=protocol.networks[:1])
        self.face, self.volume = on_networks(["deepface", "volume"], self.protocol.networks)
        self.cache = cache
        trials = self.edition.eval.trials
        self.mated = np.array([self.sealed.trials[trial].mated for trial in trials])
        released = {
            (name, c): {r: split.photo(r, c) for r in split.references}
            for name, split in self.edition.splits.items()
            for c in self.edition.conditions
        }
        taken = taken_photographs(released, self.edition.description, cache, Compute("loky", 2))
        self.shots = taken.paths  # raw ones where hair removal failed, as in an evaluation
        self.who = np.array([[self.sealed.subjects[name] for name in trial] for trial in trials])

    def looks(self, submission: Path | None, attacks: Sequence[str]) -> Seen:
        """Take features of scans, as released or as submitted, and of photographs."""
        camera = Rendering(self.protocol.spacing_mm, self.protocol.size)
        named = on_networks(attacks, self.protocol.networks)
        extraction = Extraction(named, camera, self.cache)

        paths = {
            (name, p): (submission / name if submission else split.folder) / "mri" / split.scan_name(p)
            for name, split in self.edition.splits.items()
            for p in split.probes
        }
        # As an evaluation does where the brain gate is passed, so that what it kept is found.
        known = (self.edition, paths, {p for _, p in paths}, self.cache, Compute("loky", 2))
        heads = look_for_faces(*known).heads if submission else {}

        def look(paths: dict[str, Path], kind: str) -> dict[str, ImageFeatures]:
            return extract(paths, kind, extraction, kind, Compute("loky", 2), heads=heads)

        scans, photos = {}, {}
        for name, split in self.edition.splits.items():
            scans[name] = look({p: paths[name, p] for p in split.probes}, "scan")
            for condition in self.edition.conditions:
                photos[name, condition] = look(self.shots[name, condition], "photo")
        return Seen(scans, photos)

    def run(self, looks: Seen, attacks: Sequence[str], conditions: Sequence[str] = ()) -> Scores:
        """Return the scores of all attackers by `name level`."""
        wanted = conditions or self.edition.conditions
        photos = {key: images for key, images in looks.photos.items() if key[1] in wanted}
        protocol = replace(self.protocol, attacks=list(attacks))
        found, _ = run_attackers(self.edition, protocol, Seen(looks.scans, photos))
        return {f"{one.attacker.name} {one.attacker.level}": one.scores for one in found}

    def informed(
        self, looks: Seen, attack: str, condition: str, *maps: Sequence[Shrinkage]
    ) -> InformedAttack:
        """Return an attack trained to compare scans with photographs, by some maps or all."""
        known = (attack, looks.scans["dev"], looks.photos["dev", condition])
        return train_on(*known, people(self.edition.dev.key), *maps)

    def scores(self, looks: Seen, attack: str, condition: str, how: Compare) -> Floats:
        """Compare the scans of eval with its photographs."""
        asked = (looks.scans["eval"], looks.photos["eval", condition])
        return lowest(compared(attack, self.edition.eval.trials, *asked, how))

    def difference(self, one: Floats, other: Floats) -> str:
        """Return AUC of the other and of the one, the gain with its interval, and both EER."""
        scores, seed = {"one": one, "other": other}, self.protocol.bootstrap_seed
        draws = draw_systems(scores, self.mated, self.who[:, 0], self.who[:, 1], DRAWS, seed)
        (gap,) = compare(draws, "auc")
        (with_it, without), (eer, before) = draws.values["auc"], 100 * draws.values["eer"]
        return f"{without:.3f} | {with_it:.3f} | {gap.difference:+.3f} | {before:.1f} | {eer:.1f}"


def normalized(bench: Bench, looks: Seen, attack: str, how: Compare) -> Floats:
    """Symmetric score normalization (S-norm): against the bald photographs and against the scans of dev."""
    edition, photos = bench.edition, looks.photos
    asked = (looks.scans["eval"], photos["eval", "bald"])
    scores = compared(attack, edition.eval.trials, *asked, how)
    parts = []
    for side, (scans, shots) in enumerate((("eval", "dev"), ("dev", "eval"))):
        one, other = looks.scans[scans], photos[shots, "bald"]
        pairs = [(p, r) for p in one for r in other]
        cohort = compared(attack, pairs, one, other, how).reshape(len(one), len(other))
        seen = np.ma.masked_invalid(cohort)  # an image without a face has no score with anybody
        mean, std = (own.filled(np.nan) for own in (seen.mean(axis=1 - side), seen.std(axis=1 - side)))
        at = {name: i for i, name in enumerate(asked[side])}
        rows = [at[trial[side]] for trial in edition.eval.trials]
        parts.append((scores - mean[rows]) / std[rows])
    return lowest(np.mean(parts, axis=0))


def _of_map(trained: InformedAttack, number: int, probes: Floats, references: Floats) -> Floats:
    """Compare by one map alone, without normalization."""
    cosines = Sides(trained.maps.probe, trained.maps.reference).similarity(probes, references)
    return np.asarray(cosines[number])


def of_renders(bench: Bench, submission: Path | None, every: Scores) -> list[Row]:
    """Return what five renders gain over one, and what chin and jaw do; these scans are drawn for it."""
    own = {name: f"{HERE}:{name}" for name in ("OneRender", "GeoOneRender", "GeoWithoutChin")}
    other = bench.run(bench.looks(submission, list(own.values())), list(own.values()))
    rows: list[Row] = []
    for name, cut in ((bench.face, "OneRender"), ("geo", "GeoOneRender")):
        for level in LEVELS:
            one = other[f"{own[cut]}+bald {level}"]
            rows.append((f"five renders, not one: {name}+bald {level}", every[f"{name}+bald {level}"], one))
    for level in LEVELS:
        without = other[f"{own['GeoWithoutChin']}+bald {level}"]
        rows.append((f"no chin, no jaw: geo+bald {level}", without, every[f"geo+bald {level}"]))
    return rows


def gains(bench: Bench, submission: Path | None, renders: bool) -> None:
    """Print what each part gains on one state of the scans."""
    looks = bench.looks(submission, bench.protocol.attacks)
    every, face = bench.run(looks, bench.protocol.attacks), bench.face
    rows = of_renders(bench, submission, every) if renders else []
    for name in (f"{face}+bald ignorant", f"{face}+bald informed", "fusion informed"):
        rows.append((f"both photographs, not one: {name}", together(every[name], bench), every[name]))
    for name in (f"{face}+raw", f"{face}+bald", "geo+raw", "geo+bald"):
        levels = [every[f"{name} {level}"] for level in LEVELS]
        rows.append((f"each side standardized (adapted over ignorant): {name}", levels[1], levels[0]))
        rows.append((f"the key of dev (informed over adapted): {name}", levels[2], levels[1]))
    for attack, name in ((face, face), ("geo", "geo")):
        known = (attack, looks.scans["dev"], looks.photos["dev", "bald"])
        for level, how in (("ignorant", similarity), ("adapted", adapt_to(*known).similarity)):
            scores = normalized(bench, looks, attack, how)
            rows.append((f"S-norm against dev: {name}+bald {level}", scores, every[f"{name}+bald {level}"]))
        trained, own = bench.informed(looks, attack, "bald"), every[f"{name}+bald informed"]
        plain = partial(_of_map, trained, int(trained.weights.argmax()))
        rows.append(
            (
                f"S-norm and all maps, over the heaviest map alone: {name}+bald informed",
                own,
                bench.scores(looks, attack, "bald", plain),
            )
        )
    for attack, condition in product(attacks_of(bench.protocol), bench.edition.conditions):
        name = attacker_of(attack, condition, "informed").name
        if f"{name} informed" not in every:
            continue  # too few faces for the training
        own = every[f"{name} informed"]
        weights = bench.informed(looks, attack, condition).weights.round(2)
        print(f"{name}: weights of {SHRINKAGES} are {weights}")
        for kind, some in MAPS.items():
            trained = bench.informed(looks, attack, condition, some)
            one = bench.scores(looks, attack, condition, trained.similarity)
            rows.append((f"all maps together, over {kind} alone: {name} informed", own, one))
    for attack in bench.protocol.attacks:
        others = [name for name in bench.protocol.attacks if name != attack]
        without = bench.run(looks, others)["fusion informed"]
        rows.append((f"{attack} fused with all others", every["fusion informed"], without))
    fused = every["fusion informed"][bench.mated], every["fusion informed"][~bench.mated]
    print(f"fusion: Cllr {cllr(*fused):.3f}, were it calibrated on eval {min_cllr(*fused):.3f}")
    bald = bench.run(looks, ["geo", "deepface"], ["bald"])["fusion informed"]
    faces = bench.run(looks, ["geo", "deepface"])["fusion informed"]
    informed = [name for name in every if name.endswith(" informed") and not name.startswith("fusion")]
    best = max(informed, key=lambda name: auc(every[name][bench.mated], every[name][~bench.mated]))
    rows += [
        (f"geo fused with {face}+bald informed", bald, every[f"{face}+bald informed"]),
        ("raw fused with bald: geo and deepface informed", faces, bald),
        ("volume fused with them", every["fusion informed"], faces),
        (f"all fused, over the best of them: {best}", every["fusion informed"], every[best]),
    ]
    print("\n| what | AUC without | with | gain | EER % without | with |\n|---|---|---|---|---|---|")
    for what, with_it, without in rows:
        print(f"| {what} | {bench.difference(with_it, without)} |", flush=True)


def defacing(entries: Path) -> list[dict[str, Any]]:
    """Return the entries of defacing systems, by name."""
    found = [json.loads(path.read_text()) for path in sorted(entries.glob("*.json"))]
    return [entry for entry in found if entry["track"] == "defacing"]


def who_rates(entries: Path) -> None:
    """Print the attacker that was chosen for each defacer on other people, and what it finds."""
    figures = ("auc", "eer", "linkability", "auc_doppelganger", "identity")
    print(f"\n| defacer | attacker | exposure | {' | '.join(figures)} | face kept |")
    print(f"|{'---|' * (4 + len(figures))}")
    for entry in defacing(entries):
        for result in (one for one in entry["results"] if one["trial_list"] == "chosen"):
            own = result["figures"]
            cells = [interval(own[name]) if name in own else "-" for name in (entry["exposure"], *figures)]
            kept = f"{entry['face']['kept_share']['value']:.2f}"
            name = f"{result['name']} {result['level']}"
            print(f"| {entry['system']} | {name} | {entry['exposure']} {' | '.join(cells)} | {kept} |")


def cost(bench: Bench, submission: Path, keys: int = 10) -> None:
    """Print the CPU time of everything attackers do on one system, features at hand, and shuffled keys."""
    states = [bench.looks(where, bench.protocol.attacks) for where in (submission, None)]
    start = time.process_time()
    for looks in states:
        run_attackers(bench.edition, bench.protocol, looks)
    shuffled = shuffled_key_aucs(bench.edition, bench.protocol, states[0], bench.mated, range(keys))
    print(f"\nattackers, ceiling and shuffled keys: {time.process_time() - start:.0f} s of CPU time")
    for one, areas in shuffled.items():
        error = areas.std(ddof=1) / np.sqrt(len(areas))
        print(f"| shuffled key: {one.name} | {areas.mean():.3f} +- {error:.3f} |")


def found_of_each(entries: Path) -> None:
    """Print what each level of attackers finds of each defacer, from the entries."""
    print("\n| defacer | no face | level | strongest | EER % | AUC | linkability | doppelganger | identity |")
    print("|---|---|---|---|---|---|---|---|---|")
    for entry in defacing(entries):
        results = {(r["name"], r["level"], r["trial_list"]): r for r in entry["results"]}
        for level in (*EVERY_LEVEL, ORACLE):
            able = [key for key in results if key[1:] == (level, "all")]
            able = [key for key in able if level == ORACLE or results[key]["rates"]]
            if not able:
                print(f"| {entry['system']} | | {level} | no attacker counts | | | | | |")
                continue
            name = max(able, key=lambda key: results[key]["figures"]["auc"]["value"])[0]
            shown = results[name, level, "all"]
            figures, counts = shown["figures"], shown["counts"]
            missing = f"{counts['failures_to_acquire']}/{counts['probes']}" if "probes" in counts else "-"
            cells = [interval(figures["eer"], 100, 1)]
            cells += [
                interval(figures[one]) if one in figures else "-"
                for one in ("auc", "linkability", "auc_doppelganger", "identity")
            ]
            print(f"| {entry['system']} | {missing} | {level} | {name} | {' | '.join(cells)} |")


def interval(estimate: Mapping[str, float], factor: float = 1, digits: int = 2) -> str:
    """Return a figure of an entry with its interval."""
    value, low, high = (f"{factor * estimate[key]:.{digits}f}" for key in ("value", "low", "high"))
    return f"{value} [{low}, {high}]"


def together(scores: Floats, bench: Bench) -> Floats:
    """Give every trial the mean over all photographs of its person, each against the same scan."""
    keys = [
        (trial[0], person) for trial, person in zip(bench.edition.eval.trials, bench.who[:, 1], strict=True)
    ]
    number = {key: i for i, key in enumerate(dict.fromkeys(keys))}
    index = np.array([number[key] for key in keys])
    return np.asarray((np.bincount(index, scores) / np.bincount(index))[index])


if __name__ == "__main__":
    bench = Bench(Path(sys.argv[1]), Path(sys.argv[2]))
    found_of_each(Path(sys.argv[3]))
    who_rates(Path(sys.argv[3]))
    words = [word for word in sys.argv[4:] if word != "--renders"]
    for state in [None, *map(Path, words)]:
        print(f"\n{state.name if state else 'as released'}")
        gains(bench, state, "--renders" in sys.argv)
        if state:
            cost(bench, state)
