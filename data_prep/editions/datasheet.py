"""The datasheet of an edition: what is in it, whose images they are, what it is for and what not."""

from collections.abc import Mapping
from typing import Any

from mriprivacy.data_prep.editions.public_list import about_list
from mriprivacy.data_prep.formats.tables.foreign_text import inline

Description = Mapping[str, Any]

_SYNTHETIC = """All people in this edition are synthetic: no person was scanned or photographed. Heads
come from a parametric mesh with the measures of a survey, brains from a published average, scans and
photographs from simulations of both.
Results show how methods compare under equal conditions. They do not show how likely a real person is to be
recognized, they are no evidence that a method is safe for real scans, and they say nothing about real
groups of people: sex, age and ethnicity are settings of the simulation."""
_REAL = """The people in this edition are real. A face may be personal data even where no name is given:
use, keep and pass on these images only as the licence and the consent of these people allow, and do not try
to find out who they are outside of the challenge. They are the people of one cohort; a rate found among
them need not hold for others."""
_BALD = {
    "none": "",
    "given": ", as the organizer supplied it",
    "builtin": ", removed by the kit from the raw photograph (`baselines.hair.removal`)",
}

_SCANS = "Probes are {contrast}, references {references}: two scans of one person in every mated trial."

_DEFACED = """Scans are as {team}/{system} defaced those of {edition} (sha256 of the submission:
{submission_sha256}). People, references and trials are
those of {edition}; ids and the order of lists are new."""


def title(description: Description) -> str:
    """Return the edition's full name.

    Examples
    --------
    >>> title({"id": "synth-49", "version": "2026.1", "synthetic": True})
    'synth-49 2026.1: head MRI and photographs of synthetic people'
    """
    group = "synthetic people" if description["synthetic"] else "people"
    what = "head MRI in two contrasts" if "references" in description else "head MRI and photographs"
    return f"{description['id']} {description['version']}: {what} of {group}"


def whose(description: Description) -> str:
    """Say in plain words whether the people exist, and what follows from it."""
    return _SYNTHETIC if description["synthetic"] else _REAL


def datasheet(description: Description) -> str:
    """Return the README of an edition: what is in it, its owner, what it is for and what it is not for."""
    counts = "\n".join(
        f"| `{split}` | {own['probes']} | {own['references']} | {own['trials']} |"
        for split, own in description["counts"].items()
    )
    attributes = description["attributes"]
    values = "\n".join(f"* {name}: {inline(', '.join(known))}" for name, known in attributes.items())
    references, target = "photographs", "a photograph"
    released = (
        f"Scans are {description['contrast']}. Photographs are {' and '.join(description['conditions'])};\n"
        f"`bald` is without hair{_BALD[description['hair_removal']]}."
    )
    also, stripped = "photographs", ", photographs stripped of everything but pixels"
    if "references" in description:
        references, target, released = "scans", "another scan", _SCANS.format(**description)
        also, stripped = "references", ", the origin of coordinates moved to the middle of each grid"
    if "distractors" in description:
        released += (
            f"\n{description['distractors']} more photographs in `eval` (ids `ds-`) are of real people from "
            "Labeled Faces in the\nWild, whom none of the scans shows; their trials are a list of their own."
        )
    if "defaced" in description:
        released += "\n" + _DEFACED.format(**description["defaced"])
    consent = description.get("consent", "")
    consent = f"What these people agreed to: {inline(consent)}.\n\n" if consent else ""
    return f"""# {title(description)}

{whose(description)}

## What is in it

| split | scans (probes) | {references} (references) | trials |
|---|---|---|---|
{counts}

{released}
Labels of `dev` are open, those of `eval` are sealed with the organizer, who committed to them in
`KEY.commitment`. No person is in both splits; a person may have several scans and {also}.

{about_list(description)}Attributes:

{values}

## What it is for

Measuring how well a head MRI can be linked to {target}, how much defacing helps against it, and what can
be read from a scan. Tracks: {", ".join(description["tracks"])}. How submissions are evaluated is written in
`edition.json`.

## What it is not for

Recognizing anybody outside of it, training a product that does, or medical conclusions of any kind.

## How it was made

By `mriprivacy build` from a BIDS cohort: scans turned to RAS+ and stripped of everything but voxels and
geometry{stripped}, ids and the order of lists random.

## Files

`MANIFEST.sha256` lists every file by the SHA-256 of what it holds; `mriprivacy verify edition=.` checks them.
Of a scan that is the unpacked NIfTI (`gunzip -c FILE | sha256sum`), of a photograph the same picture as
binary PPM, of all else the bytes.

Tables are TSV.
`croissant.json` and `datapackage.json` describe them to machines.

## Terms

{consent}Licence: {inline(description["licence"])}. To cite it, see `CITATION.cff`{_with_doi(description)}.
"""


def _with_doi(description: Description) -> str:
    return f" or https://doi.org/{description['doi']}" if "doi" in description else ""
