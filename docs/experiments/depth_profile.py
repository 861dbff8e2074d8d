"""Do skin, skull and brain, seen from the side, tell more of a person than the outline of the head?

    uv run python -m docs.experiments.depth_profile EDITION CACHE SUBMISSION

As `docs/experiments/attack_gains.py`. Along the directions of `baselines.attacks.outline`, how bright the
head is at
depths of 0 to 60 mm under its surface; fused with all attackers of the kit, and compared with their fusion.
"""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from docs.experiments.attack_gains import Bench
from mriprivacy.baselines.attacks.outline import DIRECTIONS, SPACING_MM, outline_features, sphere
from mriprivacy.baselines.attacks.registry import Volume
from mriprivacy.baselines.face.scan import read_scan
from mriprivacy.baselines.face.surface import head_mask, head_threshold, isotropic
from mriprivacy.challenge.attackers.levels import Images, Seen
from mriprivacy.challenge.compute.parallel import Compute, run

DEPTHS_MM = np.arange(0.0, 61.0, 3.0)
NAME = "docs.experiments.depth_profile:Profile"


class Profile(Volume):
    """Of a scan what `profile` says, of a photograph what `volume` says."""


def profile(path: Path) -> NDArray[np.float64]:
    """Return brightness in units of the head's median, shape (64 * 21,)."""
    scan = read_scan(path)
    reach = outline_features(scan)
    assert reach is not None
    thin = isotropic(scan, SPACING_MM)
    data = ndimage.gaussian_filter(np.asarray(thin.data, np.float32), 0.7)
    mask = head_mask(data, head_threshold(data))
    top = np.flatnonzero(mask.any(axis=(0, 1)))[-1]
    level = top - 75.0 / SPACING_MM  # as outline_features
    middle = np.array(ndimage.center_of_mass(mask[:, :, max(0, int(np.ceil(level))) :]))[:2]
    radius = np.maximum(reach[:DIRECTIONS, None] - DEPTHS_MM, 0) / SPACING_MM
    points = np.array([*middle, level])[:, None, None] + sphere(DIRECTIONS).T[:, :, None] * radius
    bright = ndimage.map_coordinates(data, points, order=1, mode="nearest")
    return np.asarray(bright / np.median(data[mask]), np.float64).ravel()


def beside(images: Images, profiles: dict[str, NDArray[np.float64]], volume: str) -> Images:
    """Add the profile of each scan; photographs keep what `volume` says of them under its name."""
    added = {name: profiles.get(name, own.vectors.get(volume)) for name, own in images.items()}
    return {
        name: replace(own, vectors={**own.vectors, NAME: added[name]}) if added[name] is not None else own
        for name, own in images.items()
    }


def main(edition: Path, cache: Path, submission: Path) -> None:
    """Print AUC without and with the profiles."""
    bench = Bench(edition, cache)
    every = bench.protocol.attacks
    looks = bench.looks(submission, every)
    scans = {}
    for name, split in bench.edition.splits.items():
        paths = [submission / name / "mri" / split.scan_name(probe) for probe in split.probes]
        found = run(profile, paths, f"profiles of {name}", Compute("loky", 2))
        scans[name] = beside(looks.scans[name], dict(zip(split.probes, found, strict=True)), bench.volume)
    photos = {key: beside(own, {}, bench.volume) for key, own in looks.photos.items()}
    with_it = bench.run(Seen(scans, photos), [*every, NAME])["fusion informed"]
    print("| what | AUC without | with | gain | EER % without | with |")
    print(f"| profiles fused | {bench.difference(with_it, bench.run(looks, every)['fusion informed'])} |")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
