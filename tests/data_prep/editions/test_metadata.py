"""What an edition says of itself, held against the tools that read it."""

import json
from pathlib import Path

import frictionless
import mlcroissant
import pytest
import yaml
from markdown_it import MarkdownIt

from mriprivacy.data_prep.editions.datasheet import datasheet, whose
from mriprivacy.data_prep.editions.metadata import (
    TABLES,
    _json,
    citation,
    croissant,
    data_package,
    licence_url,
)
from tests.helpers.hostile_text import WORST

DESCRIPTION = {
    "id": "tiny", "version": "1", "synthetic": True, "tracks": ["attack"], "contrast": "T2w",
    "conditions": ["raw"], "hair_removal": "none", "attributes": {"sex": ["F", "M"]}, "counts": {},
    "licence": "CC0-1.0", "citation": "", "authors": [],
}  # fmt: skip


def test_the_datasheet_says_plainly_whose_images_these_are() -> None:
    text = " ".join(datasheet(DESCRIPTION).split())
    assert "All people in this edition are synthetic" in text
    assert "do not show how likely a real person is to be recognized" in text
    real = " ".join(datasheet({**DESCRIPTION, "synthetic": False}).split())
    assert "The people in this edition are real" in real
    assert "synthetic" not in real


def test_citation_is_yaml_whatever_the_texts_hold() -> None:
    nasty = {**DESCRIPTION, "citation": 'They say: "cite #1", yes\\no', "authors": ["A: B", "- C"]}
    read = yaml.safe_load(citation(nasty))
    assert read["message"] == nasty["citation"]
    assert [author["name"] for author in read["authors"]] == nasty["authors"]
    assert set(read) >= {"cff-version", "message", "title", "authors"}
    plain = yaml.safe_load(citation(DESCRIPTION))
    assert plain["authors"] == [{"name": "the organizers of tiny"}]
    assert "date-released" not in plain
    dated = yaml.safe_load(citation({**DESCRIPTION, "released": "2026-11-24"}))
    assert dated["date-released"] == "2026-11-24"


def test_orcids_and_doi_stand_in_every_description(tmp_path: Path) -> None:
    known = {
        "authors": ["A. One", "A group"],
        "orcids": ["0000-0002-1694-233X", ""],
        "doi": "10.5281/zenodo.1",
    }
    read = yaml.safe_load(citation({**DESCRIPTION, **known}))
    assert read["doi"] == "10.5281/zenodo.1"
    assert read["authors"] == [
        {"name": "A. One", "orcid": "https://orcid.org/0000-0002-1694-233X"},
        {"name": "A group"},
    ]
    hashes = dict.fromkeys(TABLES, "0" * 64)
    package = data_package({**DESCRIPTION, **known}, hashes)
    assert package["id"] == "https://doi.org/10.5281/zenodo.1"
    assert [one.get("path") for one in package["contributors"]] == [
        "https://orcid.org/0000-0002-1694-233X",
        None,
    ]
    described = croissant({**DESCRIPTION, **known}, hashes)
    assert described["creator"][0] == {
        "@type": "sc:Person",
        "name": "A. One",
        "url": "https://orcid.org/0000-0002-1694-233X",
    }
    assert described["sameAs"] == "https://doi.org/10.5281/zenodo.1"
    counts = {name: {"probes": 1, "references": 1, "trials": 1} for name in ("dev", "eval")}
    whole = croissant({**DESCRIPTION, **known, "counts": counts}, hashes)
    (tmp_path / "croissant.json").write_text(json.dumps(whole))
    assert not mlcroissant.Dataset(jsonld=tmp_path / "croissant.json").metadata.ctx.issues.errors
    assert "https://doi.org/10.5281/zenodo.1" in datasheet({**DESCRIPTION, **known})
    assert "sameAs" not in croissant(DESCRIPTION, hashes)


@pytest.mark.parametrize("synthetic", [True, False])
def test_croissant_is_of_version_1_1_without_an_issue(synthetic: bool, tmp_path: Path) -> None:
    hashes = dict.fromkeys(TABLES, "0" * 64)
    counts = {name: {"probes": 1, "references": 1, "trials": 1} for name in ("dev", "eval")}
    described = croissant(
        {**DESCRIPTION, "synthetic": synthetic, "counts": counts, "released": "2026-11-24"}, hashes
    )
    assert described["conformsTo"] == [
        "http://mlcommons.org/croissant/1.1",
        "http://mlcommons.org/croissant/RAI/1.0",
    ]
    assert {name for name in described if name.startswith("rai:")} >= {
        "rai:dataLimitations",
        "rai:dataBiases",
    }
    (tmp_path / "croissant.json").write_text(json.dumps(described))
    issues = mlcroissant.Dataset(jsonld=tmp_path / "croissant.json").metadata.ctx.issues
    assert not issues.errors
    assert not issues.warnings


def test_the_datasheet_is_built_the_same_whatever_the_texts_hold() -> None:
    def structure(description: dict[str, object]) -> list[str]:
        tokens = MarkdownIt("commonmark").enable("table").parse(datasheet(description))
        parts = [one for token in tokens for one in token.children or (token,)]
        return [one.type for one in parts if one.type not in ("text", "text_special")]

    nasty = {**DESCRIPTION, "licence": WORST, "attributes": {"sex": ["F", WORST]}}
    assert structure(nasty) == structure(DESCRIPTION)


def test_every_table_is_described_with_its_columns(tiny_edition_folder: Path) -> None:
    public = tiny_edition_folder / "public"
    package = json.loads((public / "datapackage.json").read_text())
    columns = {one["path"]: [f["name"] for f in one["schema"]["fields"]] for one in package["resources"]}
    croissant = json.loads((public / "croissant.json").read_text())
    described = {one["@id"]: [f["name"] for f in one["field"]] for one in croissant["recordSet"]}
    for name in TABLES:
        header = (public / name).read_text().split("\n")[0].split("\t")
        assert columns[name] == header
        assert described[f"{name.removesuffix('.tsv').replace('/', '-')}-records"] == header
    assert "synthetic" not in whose({"synthetic": False})


def test_frictionless_accepts_the_data_package(tiny_edition_folder: Path) -> None:
    report = frictionless.validate(str(tiny_edition_folder / "public" / "datapackage.json"))
    assert report.valid, report.flatten(["type", "message"])
    assert len(report.tasks) == len(TABLES)


def test_croissant_is_accepted_and_its_records_are_the_tables(tiny_edition_folder: Path) -> None:
    dataset = mlcroissant.Dataset(jsonld=tiny_edition_folder / "public" / "croissant.json")
    assert not dataset.metadata.ctx.issues.errors
    for name in TABLES:
        own = f"{name.removesuffix('.tsv').replace('/', '-')}-records"
        records = list(dataset.records(own))
        assert len(records) == len((tiny_edition_folder / "public" / name).read_text().splitlines()) - 1


def test_croissant_has_what_the_specification_requires(tiny_edition_folder: Path) -> None:
    """Held to the specification's list of required properties: mlcroissant passes a dataset without `url`."""
    content = json.loads((tiny_edition_folder / "public" / "croissant.json").read_text())
    for required in ("name", "description", "license", "url", "creator", "citeAs", "version", "conformsTo"):
        assert content[required]
    assert content["license"] == "https://spdx.org/licenses/CC0-1.0.html"
    assert "http://mlcommons.org/croissant/RAI/1.0" in content["conformsTo"]
    assert content["@context"]["rai"] == "http://mlcommons.org/croissant/RAI/"
    told = {name for name in content if name.startswith("rai:")}
    assert told >= {f"rai:{name}" for name in ("dataUseCases", "dataLimitations", "dataBiases")}
    assert "synthetic" in content["rai:personalSensitiveInformation"]
    sets = {one["@id"]: one for one in content["recordSet"]}
    assert [row["splits/name"] for row in sets["splits"]["data"]] == ["dev", "eval"]
    types = {field["name"]: field["dataType"] for field in sets["dev-key-records"]["field"]}
    assert types == {"probe": "sc:Text", "reference": "sc:Text", "label": ["sc:Text", "cr:Label"]}
    assert sets["dev-key-records"]["key"] == [
        {"@id": "dev-key-records/probe"},
        {"@id": "dev-key-records/reference"},
    ]


def test_only_a_licence_that_spdx_lists_has_an_address() -> None:
    assert licence_url("CC-BY-4.0") == "https://spdx.org/licenses/CC-BY-4.0.html"
    for other in ("proprietary", "MIT OR Apache-2.0", "LicenseRef-Ours", "ask us"):
        assert licence_url(other) == other


def test_json_is_as_it_is_read() -> None:
    assert _json({"a": "é", "b": [1]}) == '{\n  "a": "é",\n  "b": [\n    1\n  ]\n}\n'
    with pytest.raises(ValueError, match="not JSON compliant"):
        _json({"a": float("nan")})


def test_a_citation_is_a_file_of_these_lines() -> None:
    known = {"citation": "Cite us.", "authors": ["A", "B"], "orcids": ["", "0000-0002-1694-233X"]}
    text = citation({**DESCRIPTION, **known, "doi": "10.1000/x", "released": "2026-11-24"})
    *lines, abstract, last = text.split("\n")
    assert lines == [
        "cff-version: 1.2.0",
        'message: "Cite us."',
        "type: dataset",
        'title: "tiny 1: head MRI and photographs of synthetic people"',
        "authors:",
        '  - name: "A"',
        '  - name: "B"',
        '    orcid: "https://orcid.org/0000-0002-1694-233X"',
        'version: "1"',
        'doi: "10.1000/x"',
        'date-released: "2026-11-24"',
    ]
    assert abstract.startswith('abstract: "All people')
    assert last == ""
    plain = citation(DESCRIPTION)
    assert 'message: "If you use this edition, please cite it as below."\n' in plain
    assert "doi:" not in plain
    assert 'orcid: "' not in plain


@pytest.mark.parametrize("references", [None, "T1w"])
def test_images_and_tables_are_listed_by_split_and_condition(references: str | None) -> None:
    counts = {name: {"probes": 1, "references": 1, "trials": 1} for name in ("dev", "eval")}
    about = {**DESCRIPTION, "counts": counts, "conditions": ["raw", "bald"]}
    about |= {"references": references} if references else {}
    described = croissant(about, dict.fromkeys(TABLES, "0" * 64))
    files = {one["@id"]: one for one in described["distribution"]}
    photos = [f"{split}-photos-{kind}" for split in counts for kind in about["conditions"]]
    assert list(files) == [
        *("dev-trials", "dev-key", "dev-attributes", "eval-trials", "dev-mri", "eval-mri"),
        *([] if references else photos),
    ]
    scans = files["eval-mri"]
    assert (scans["includes"], scans["encodingFormat"]) == (
        "eval/mri/sub-*/anat/*.nii.gz",
        "application/gzip",
    )
    if not references:
        bald = files["dev-photos-bald"]
        assert (bald["includes"], bald["encodingFormat"]) == ("dev/photos/bald/*.png", "image/png")


@pytest.mark.parametrize("distractors", [0, 7])
def test_the_list_of_distractors_is_a_table_where_there_are_some(distractors: int) -> None:
    about = DESCRIPTION | ({"distractors": distractors} if distractors else {})
    hashes = {name: name[0] * 64 for name in (*TABLES, "eval/distractors.tsv")}
    package = data_package(about, hashes)
    names = [one["name"] for one in package["resources"]]
    assert (
        names
        == ["dev-trials", "dev-key", "dev-attributes", "eval-trials", "eval-distractors"][
            : 5 if distractors else 4
        ]
    )
    assert [one["hash"] for one in package["resources"]] == [
        f"sha256:{hashes[p['path']]}" for p in package["resources"]
    ]
    assert ("id" in package, package["contributors"]) == (
        False,
        [{"title": "the organizers of tiny", "role": "author"}],
    )


def test_dates_and_creators_are_said_if_they_are_known() -> None:
    hashes = dict.fromkeys(TABLES, "0" * 64)
    plain = croissant(DESCRIPTION, hashes)
    assert plain["creator"] == [{"@type": "sc:Organization", "name": "the organizers of tiny"}]
    assert (plain["citeAs"], "datePublished" in plain) == (
        "tiny 1: head MRI and photographs of synthetic people",
        False,
    )
    dated = croissant({**DESCRIPTION, "released": "2026-11-24", "citation": "Cite us."}, hashes)
    assert (dated["citeAs"], dated["datePublished"]) == ("Cite us.", "2026-11-24")
