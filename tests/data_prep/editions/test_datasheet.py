"""What a datasheet says of each kind of edition, line by line."""

from typing import Any

import pytest

from mriprivacy.data_prep.editions.datasheet import datasheet, title, whose

COUNTS = {name: {"probes": 3, "references": 4, "trials": 12} for name in ("dev", "eval")}
PLAIN: dict[str, Any] = {
    "id": "tiny", "version": "1", "synthetic": True, "tracks": ["defacing", "attack"], "contrast": "T2w",
    "conditions": ["raw", "bald"], "hair_removal": "given", "counts": COUNTS, "licence": "CC0-1.0",
    "attributes": {"sex": ["F", "M"], "age_group": []},
}  # fmt: skip


def said(**more: Any) -> str:
    return datasheet({**PLAIN, **more})


def test_counts_attributes_and_terms_stand_in_lines() -> None:
    lines = said().splitlines()
    assert lines[0] == "# tiny 1: head MRI and photographs of synthetic people"
    for line in (
        "| split | scans (probes) | photographs (references) | trials |",
        "| `dev` | 3 | 4 | 12 |",
        "| `eval` | 3 | 4 | 12 |",
        "* sex: F, M",
        "Scans are T2w. Photographs are raw and bald;",
        "`bald` is without hair, as the organizer supplied it.",
        "be read from a scan. Tracks: defacing, attack. How submissions are evaluated is written in",
        "Licence: CC0-1.0. To cite it, see `CITATION.cff`.",
    ):
        assert line in lines
    assert said().endswith("see `CITATION.cff`.\n")


@pytest.mark.parametrize(
    ("removal", "words"),
    [
        ("none", "`bald` is without hair."),
        ("given", "`bald` is without hair, as the organizer supplied it."),
        ("builtin", "removed by the kit from the raw photograph (`baselines.hair.removal`)."),
    ],
)
def test_where_photographs_without_hair_come_from(removal: str, words: str) -> None:
    assert words in said(hair_removal=removal)


def test_consent_and_doi_are_there_if_they_are_given() -> None:
    assert "agreed to" not in said(consent="")
    assert "\n\nWhat these people agreed to: research alone.\n\nLicence: " in said(consent="research alone")
    assert "doi.org" not in said()
    assert said(doi="10.1000/x").endswith("see `CITATION.cff` or https://doi.org/10.1000/x.\n")


def test_between_scans_there_is_no_word_of_photographs() -> None:
    text = said(references="T1w", hair_removal="none")
    assert "# tiny 1: head MRI in two contrasts of synthetic people" in text
    assert "| split | scans (probes) | scans (references) | trials |" in text
    assert "Probes are T2w, references T1w: two scans of one person in every mated trial.\n" in text
    assert "a person may have several scans and references.\n" in text
    assert "how well a head MRI can be linked to another scan, how" in text
    assert "geometry, the origin of coordinates moved to the middle of each grid, ids" in text
    for word in ("bald", "photographs stripped", "several scans and photographs", "linked to a photograph"):
        assert word not in text
        assert word in said()


def test_distractors_are_counted_and_called_real() -> None:
    words = (
        "\n7 more photographs in `eval` (ids `ds-`) are of real people from Labeled Faces in the\nWild, whom"
    )
    assert words in said(distractors=7)
    assert "ds-" not in said()


def test_of_defaced_scans_the_defacer_is_named() -> None:
    defaced = {"team": "a", "system": "b", "edition": "old/1", "submission_sha256": "0" * 64}
    text = said(defaced=defaced)
    assert (
        "\nScans are as a/b defaced those of old/1 (sha256 of the submission:\n" + "0" * 64 + "). People, "
        in text
    )
    assert "those of old/1; ids and the order of lists are new.\n" in text
    assert "defaced those" not in said()


def test_a_list_stands_before_the_attributes() -> None:
    text = said(list={"name": "x", "people": 9, "missing": []})
    assert text.index("This is the public list `x`, 9 of its 9 people.") < text.index("Attributes:\n")
    assert "public list" not in said()


@pytest.mark.parametrize("synthetic", [True, False])
def test_whose_images_these_are_stands_first(synthetic: bool) -> None:
    text = said(synthetic=synthetic).splitlines()
    group = "synthetic people" if synthetic else "people"
    assert text[0] == f"# {title({**PLAIN, 'synthetic': synthetic})}"
    assert text[0].endswith(f"photographs of {group}")
    assert text[2] == whose({"synthetic": synthetic}).splitlines()[0]
    assert ("synthetic" in text[2]) == synthetic
