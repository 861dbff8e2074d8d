"""How well sex, age and ethnicity are predicted: a table of docs/results/attacks.md, from entries.

    uv run python -m docs.experiments.attribute_table ENTRIES

ENTRIES is what `mriprivacy evaluate` wrote of defacing systems; `identity` is the undefaced scans. Prints
Markdown: of each kind of images and of each attribute what the best reader on eval reads, and who that is.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mriprivacy.challenge.entry.entry import DEFACED_SCANS, PHOTOGRAPHS, UNDEFACED_SCANS
from mriprivacy.data_prep.formats.schema import Attributes

AGE = "age"


def table(entries: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the lines of the table: photographs and undefaced scans, the same for all, and then systems."""
    wanted = (*Attributes._fields, AGE)
    rows = {"photographs": (entries[0], PHOTOGRAPHS), "undefaced scans": (entries[0], UNDEFACED_SCANS)}
    rows |= {f"`{e['system']}`": (e, DEFACED_SCANS) for e in entries if e["system"] != "identity"}
    lines = [
        "| read from | sex | age group | ethnicity | age: years off, and better than guessing |",
        "|" + "---|" * (1 + len(wanted)),
    ]
    for name, (entry, kind) in rows.items():
        lines.append(f"| {name} | {' | '.join(best(entry, kind, what) for what in wanted)} |")
    return lines


def best(entry: Mapping[str, Any], kind: str, what: str) -> str:
    """Return the metrics of the best classifier of an attribute, and its name."""
    readers = {}
    for result in entry["results"]:
        reader, _, read = result["name"].rpartition("+")
        if read == what and result["trial_list"] == kind:
            readers[reader] = result["figures"]
    if not readers:
        return "-"
    if what == AGE:
        reader = min(readers, key=lambda name: readers[name]["mae_years"]["value"])
        figures = readers[reader]
        return f"{shown(figures['mae_years'], 1)}, {shown(figures['gain_years'], 1)}; {reader}"
    reader = max(readers, key=lambda name: readers[name]["accuracy"]["value"])
    figures = readers[reader]
    guess = figures["accuracy"]["value"] - figures["gain"]["value"]
    return f"{shown(figures['accuracy'], 2)}, guess {guess:.2f}; {reader}"


def shown(estimate: Mapping[str, float], digits: int) -> str:
    """Return a figure with its interval.

    Examples
    --------
    >>> shown({"value": 0.5, "low": 0.25, "high": 1.0}, 1)
    '0.5 [0.2, 1.0]'
    """
    return "{:.{d}f} [{:.{d}f}, {:.{d}f}]".format(*(estimate[k] for k in ("value", "low", "high")), d=digits)


if __name__ == "__main__":
    print("\n".join(table([json.loads(p.read_text()) for p in sorted(Path(sys.argv[1]).glob("*.json"))])))
