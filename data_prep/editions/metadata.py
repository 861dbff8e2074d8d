"""What an edition says of itself to people and to catalogues: citation, two kinds of metadata.

Everything follows from `edition.json` and the public tables; nothing here knows a key or a date of building.
"""

import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from mriprivacy.data_prep.editions.datasheet import Description, datasheet, title, whose
from mriprivacy.data_prep.formats.atomic import write_whole
from mriprivacy.data_prep.formats.manifest import file_sha256
from mriprivacy.data_prep.formats.schema import (
    ATTRIBUTE_COLUMNS,
    DISTRACTORS,
    KEY_COLUMNS,
    TRIAL_COLUMNS,
    Attributes,
)

TABLES = {
    "dev/trials.tsv": TRIAL_COLUMNS,
    "dev/key.tsv": KEY_COLUMNS,
    "dev/attributes.tsv": ATTRIBUTE_COLUMNS,
    "eval/trials.tsv": TRIAL_COLUMNS,
}
MEANING = {
    "probe": "Id of a head MRI",
    "reference": "Id of a photograph",
    "label": "mated (one person) or nonmated (two)",
    "sex": "Sex of the person",
    "age_group": "Years of age, from-to",
    "ethnicity": "Ethnicity of the person",
}
# Columns that a model predicts.
LABELS = ("label", *Attributes._fields)
ORCID_URL, DOI_URL = "https://orcid.org/", "https://doi.org/"
_SPDX = "https://spdx.org/licenses/"


METADATA = ("README.md", "CITATION.cff", "croissant.json", "datapackage.json")


def write_metadata(public: Path, description: Description) -> None:
    """Write README.md, CITATION.cff, croissant.json and datapackage.json of an edition whose tables stand.

    Parameters
    ----------
    public : Path
        The folder to be published, everything else in it but the manifest.
    description : mapping
        Content of `edition.json`.
    """
    hashes = {name: file_sha256(public / name) for name in _tables(description)}
    texts = (
        datasheet(description),
        citation(description),
        _json(croissant(description, hashes)),
        _json(data_package(description, hashes)),
    )
    for name, text in zip(METADATA, texts, strict=True):
        write_whole(public / name, text)


def citation(description: Description) -> str:
    """Return a Citation File Format 1.2.0 file; YAML in which every text is quoted as JSON quotes it."""
    quoted = {name: json.dumps(text) for name, text in _cited(description).items()}
    authors = [
        line
        for name, orcid in _authors(description)
        for line in (
            f"  - name: {json.dumps(name)}",
            *([f'    orcid: "{ORCID_URL}{orcid}"'] if orcid else []),
        )
    ]
    return "\n".join(
        [
            "cff-version: 1.2.0",
            f"message: {quoted['message']}",
            "type: dataset",
            f"title: {quoted['title']}",
            "authors:",
            *authors,
            f"version: {quoted['version']}",
            *([f'doi: "{description["doi"]}"'] if "doi" in description else []),
            *([f'date-released: "{description["released"]}"'] if "released" in description else []),
            f"abstract: {quoted['abstract']}",
            "",
        ]
    )


def _cited(description: Description) -> dict[str, str]:
    return {
        "message": description["citation"] or "If you use this edition, please cite it as below.",
        "title": title(description),
        "version": description["version"],
        "abstract": whose(description),
    }


def _authors(description: Description) -> list[tuple[str, str]]:
    """Return names of authors and their ORCIDs, empty where they have none."""
    names = description["authors"] or [f"the organizers of {description['id']}"]
    orcids = description.get("orcids") or [""] * len(names)
    return list(zip(names, orcids, strict=True))


def _creator(name: str, orcid: str) -> dict[str, str]:
    """Return an author for Croissant: a person where there is an ORCID."""
    if not orcid:
        return {"@type": "sc:Organization", "name": name}
    return {"@type": "sc:Person", "name": name, "url": f"{ORCID_URL}{orcid}"}


def data_package(description: Description, hashes: Mapping[str, str]) -> dict[str, Any]:
    """Return the Data Package (frictionless) description of the tables."""
    return {
        "profile": "data-package",
        "name": description["id"],
        "title": title(description),
        "version": description["version"],
        "description": whose(description),
        "licenses": [{"name": description["licence"], "title": description["licence"]}],
        **({"id": f"{DOI_URL}{description['doi']}"} if "doi" in description else {}),
        "contributors": [
            {"title": name, "role": "author"} | ({"path": f"{ORCID_URL}{orcid}"} if orcid else {})
            for name, orcid in _authors(description)
        ],
        "resources": [
            {
                "name": _name(table),
                "path": table,
                "hash": f"sha256:{hashes[table]}",
                "profile": "tabular-data-resource",
                "format": "tsv",
                "mediatype": "text/tab-separated-values",
                "encoding": "utf-8",
                "dialect": {"delimiter": "\t", "csv": {"delimiter": "\t"}},
                "schema": {
                    "fields": [
                        {"name": column, "type": "string", "description": MEANING[column]}
                        for column in columns
                    ],
                    "missingValues": ["n/a"],
                },
            }
            for table, columns in _tables(description).items()
        ],
    }


def croissant(description: Description, hashes: Mapping[str, str]) -> dict[str, Any]:
    """Return the Croissant description: tables as record sets, images as file sets.

    Croissant 1.1, with the fields for responsible AI (Croissant RAI 1.0), from what the datasheet says.
    """
    tables = [
        {
            "@type": "cr:FileObject",
            "@id": _name(table),
            "name": _name(table),
            "contentUrl": table,
            "encodingFormat": "text/tab-separated-values",
            "sha256": hashes[table],
        }
        for table in _tables(description)
    ]
    images = {f"{split}-mri": f"{split}/mri/sub-*/anat/*.nii.gz" for split in description["counts"]}
    images |= {
        f"{split}-photos-{condition}": f"{split}/photos/{condition}/*.png"
        for split in description["counts"]
        for condition in (() if "references" in description else description["conditions"])
    }
    sets = [
        {
            "@type": "cr:FileSet",
            "@id": name,
            "name": name,
            "includes": pattern,
            "encodingFormat": "image/png" if pattern.endswith(".png") else "application/gzip",
        }
        for name, pattern in images.items()
    ]
    return {
        "@context": _context(),
        "@type": "sc:Dataset",
        "conformsTo": ["http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0"],
        "name": description["id"],
        "version": description["version"],
        "description": whose(description),
        # Relative to this file, as every contentUrl: where an edition is published, it does not know.
        "url": "./",
        "license": licence_url(description["licence"]),
        "creator": [_creator(name, orcid) for name, orcid in _authors(description)],
        **({"sameAs": f"{DOI_URL}{description['doi']}"} if "doi" in description else {}),
        "citeAs": description["citation"] or title(description),
        **({"datePublished": description["released"]} if "released" in description else {}),
        "distribution": [*tables, *sets],
        "recordSet": [
            _splits(description),
            *(_record_set(table, columns) for table, columns in _tables(description).items()),
        ],
        **_responsible(description),
    }


def _context() -> dict[str, Any]:
    source = files("mriprivacy.data_prep.editions") / "croissant_context.json"
    content: dict[str, Any] = json.loads(source.read_text(encoding="utf-8"))
    return content


def licence_url(licence: str) -> str:
    """Return the address of a licence that SPDX lists; the text as it is of any other.

    Examples
    --------
    >>> licence_url("CC-BY-4.0"), licence_url("proprietary")
    ('https://spdx.org/licenses/CC-BY-4.0.html', 'proprietary')
    """
    try:
        known = canonicalize_license_expression(licence)
    except InvalidLicenseExpression:
        return licence
    return licence if " " in known or known.startswith("LicenseRef-") else f"{_SPDX}{known}.html"


def _responsible(description: Description) -> dict[str, str]:
    """Return the fields for responsible AI."""
    synthetic = description["synthetic"]
    made = "simulated from parametric heads and a published average brain" if synthetic else "of one cohort"
    people = (
        "The people are synthetic: settings of a simulation."
        if synthetic
        else ("The people are real. Faces can be personal data, and attributes of dev are open.")
    )
    known = ", ".join(description["attributes"])
    return {
        "rai:dataCollection": f"Head MRI and references {made}; released by mriprivacy build.",
        "rai:dataPreprocessingProtocol": "Scans are turned to RAS+ and stripped of everything but voxels and "
        "geometry; ids and the order of lists are random.",
        "rai:dataUseCases": "To measure how well a head MRI can be linked to a reference, how much defacing "
        "helps, and what can be predicted from a scan. Not to recognize a person outside of it, nor to train "
        "a product that does, nor for medical conclusions.",
        "rai:dataLimitations": whose(description).replace("\n", " "),
        "rai:dataBiases": f"Groups are uneven in number; results by {known} are of this edition alone.",
        "rai:personalSensitiveInformation": f"{people} Attributes: {known}.",
        "rai:dataReleaseMaintenancePlan": "An edition never changes; a correction is a new version that "
        "names the one it supersedes.",
    }


def _splits(description: Description) -> dict[str, Any]:
    """Return the record set of the splits."""
    return {
        "@type": "cr:RecordSet",
        "@id": "splits",
        "name": "splits",
        "dataType": "cr:Split",
        "key": {"@id": "splits/name"},
        "field": [
            {"@type": "cr:Field", "@id": "splits/name", "name": "name", "dataType": "sc:Text"},
        ],
        "data": [{"splits/name": split} for split in description["counts"]],
    }


def _record_set(table: str, columns: tuple[str, ...]) -> dict[str, Any]:
    own = f"{_name(table)}-records"
    keys = [{"@id": f"{own}/{column}"} for column in columns if column in ("probe", "reference")]
    return {
        "@type": "cr:RecordSet",
        "@id": own,
        "name": own,
        "key": keys,
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{own}/{column}",
                "name": column,
                "description": MEANING[column],
                "dataType": ["sc:Text", "cr:Label"] if column in LABELS else "sc:Text",
                "source": {"fileObject": {"@id": _name(table)}, "extract": {"column": column}},
            }
            for column in columns
        ],
    }


def _tables(description: Description) -> dict[str, tuple[str, ...]]:
    distractors = {f"eval/{DISTRACTORS}": TRIAL_COLUMNS} if "distractors" in description else {}
    return TABLES | distractors


def _name(table: str) -> str:
    return table.removesuffix(".tsv").replace("/", "-")


def _json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
