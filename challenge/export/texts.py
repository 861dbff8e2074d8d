"""What people read of an export: the files in `templates/`, filled in."""

from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined

from challenge.edition import Edition

QUESTIONS = {
    "defacing": "How well does your anonymization protect people, and what does it cost the brain image?",
    "attack": "How well can a head MRI be linked to another image of the same person?",
    "attributes": "How well can sex, age group and ethnicity be read from a head MRI?",
}
FILES = {
    "defacing": "every scan of `dev` and `eval`, anonymized, under its name (`dev/mri/...`, `eval/mri/...`)",
    "attack": "`scores.tsv` (`probe` `reference` `score`, higher is more alike): all of `eval/trials.tsv`",
    "attributes": "`attributes.tsv` (`probe` `sex` `age_group` `ethnicity`): every probe of `eval`",
}


def text(template: str, edition: Edition, **values: Any) -> str:
    """Return a template filled in with an edition, its counts of `eval` and `values`; no value may lack."""
    environment = Environment(undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False)
    source = (files("challenge.export") / "templates" / template).read_text(encoding="utf-8")
    return environment.from_string(source).render(
        edition=edition,
        counts=edition.description["counts"]["eval"],
        references="photographs" if edition.eval.reference_kind == "photo" else "reference scans",
        synthetic=edition.description.get("synthetic") is True,
        **values,
    )
