"""The photographs that attackers take: with hair where its removal failed (docs/decisions/0043)."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from mriprivacy.baselines.face.photo import read_photo
from mriprivacy.baselines.hair.check import why_failed
from mriprivacy.baselines.hair.removal import NoFaceError, remove_hair
from mriprivacy.challenge.compute.code_hash import code_of
from mriprivacy.challenge.compute.parallel import Compute, run
from mriprivacy.challenge.entry.attacker import Attacker
from mriprivacy.data_prep.formats.atomic import write_whole

RAW, BALD = "raw", "bald"
BUILT_IN = "builtin"  # what `edition.json` says of hair that `build` removed
_CHECK = "mriprivacy.baselines.hair.check"  # and what it imports: the removal

Paths = Mapping[tuple[str, str], dict[str, Path]]  # by set, such as a split, and condition


@dataclass(frozen=True)
class Photographs:
    """Which photograph is taken for each reference, and where hair removal failed.

    Attributes
    ----------
    paths : mapping from (set, condition) to dict from reference to Path
        Of condition `bald` the raw photograph, where the removal failed.
    failed : mapping from set to mapping from reference to str
        Why it failed; only of those on which it did.
    """

    paths: Paths
    failed: Mapping[str, Mapping[str, str]]

    @property
    def remarks(self) -> list[str]:
        """Return one line with the number of failures in each set; none where nothing failed.

        Examples
        --------
        >>> shots = {("eval", "bald"): {"ph-a": Path("a.png"), "ph-b": Path("b.png")}}
        >>> print(*Photographs(shots, {"eval": {"ph-a": "hair is left on the head"}}).remarks)
        hair removal failed on 1 of 2 photographs (eval: 1); attackers take the raw ones instead
        """
        counts = {name: len(failed) for name, failed in self.failed.items() if failed}
        if not counts:
            return []
        every = sum(len(self.paths[name, BALD]) for name in self.failed)
        each = ", ".join(f"{name}: {n}" for name, n in counts.items())
        return [
            f"hair removal failed on {sum(counts.values())} of {every} photographs ({each}); "
            "attackers take the raw ones instead"
        ]

    def counts(self, attacker: Attacker) -> dict[str, int]:
        """Count the references of `eval` that an attacker of condition `bald` saw with hair.

        Examples
        --------
        >>> shots = {("eval", "bald"): {"ph-a": Path("a.png"), "ph-b": Path("b.png")}}
        >>> taken = Photographs(shots, {"eval": {"ph-a": "a fringe reaches the brows"}})
        >>> taken.counts(Attacker.parse("geo+bald/informed"))
        {'references': 2, 'hair_removal_failed': 1}
        >>> taken.counts(Attacker.parse("geo+raw/informed"))
        {}
        """
        failed = self.failed.get("eval", {})
        if attacker.target != BALD or not failed:
            return {}
        return {"references": len(self.paths["eval", BALD]), "hair_removal_failed": len(failed)}


def taken_photographs(
    shots: Paths, description: Mapping[str, Any], cache: Path | None, compute: Compute
) -> Photographs:
    """Check the hair removal of an edition, and put the raw photograph where it failed.

    Photographs without hair that an organizer gave are taken as they are.

    Parameters
    ----------
    shots : mapping from (set, condition) to dict from reference to Path
        As released; a set with `bald` has `raw`, too.
    description : mapping
        `edition.json`.
    cache : Path or None
        Folder in which the verdicts are kept by content; None keeps nothing.
    compute : Compute
        The workers.
    """
    if description.get("hair_removal") != BUILT_IN:
        return Photographs(shots, {})
    asked = [
        (name, reference, shots[name, RAW][reference], path)
        for (name, condition), own in shots.items()
        if condition == BALD
        for reference, path in own.items()
    ]
    check = partial(_why_failed, cache)
    reasons = run(check, [(raw, bald) for *_, raw, bald in asked], "hair removal", compute)
    failed: dict[str, dict[str, str]] = {name: {} for name, *_ in asked}
    for (name, reference, *_), why in zip(asked, reasons, strict=True):
        if why:
            failed[name][reference] = why
    paths = {
        (name, condition): {r: shots[name, RAW][r] if r in failed[name] else path for r, path in own.items()}
        if condition == BALD
        else own
        for (name, condition), own in shots.items()
    }
    return Photographs(paths, failed)


def _why_failed(cache: Path | None, pair: tuple[Path, Path]) -> str:
    """Say why hair removal failed on a released photograph, as `build` did; the verdict is kept."""
    raw, bald = pair
    if cache is None:
        return _verdict(raw, bald)
    images = (hashlib.sha256(path.read_bytes()).hexdigest() for path in pair)
    kept = cache / f"hair-{hashlib.sha256(' '.join((*images, code_of(_CHECK))).encode()).hexdigest()}"
    if not kept.is_file():
        write_whole(kept, _verdict(raw, bald))
    return kept.read_text(encoding="utf-8")


def _verdict(raw: Path, bald: Path) -> str:
    before = read_photo(raw, whole=True)
    try:
        made = remove_hair(before)  # for its mask
    except NoFaceError:
        return "no face found from the front"
    return why_failed(before, replace(made, picture=read_photo(bald, whole=True)))
