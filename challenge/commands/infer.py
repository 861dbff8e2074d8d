"""`mriprivacy infer`: predict sex, age group and ethnicity from the scans of an edition."""

from dataclasses import dataclass
from pathlib import Path

from mriprivacy.baselines.attacks.attributes import AttributesError
from mriprivacy.challenge.attackers.attribute_inference import infer, train_classifier
from mriprivacy.challenge.attackers.cross_fitted import FOLDS
from mriprivacy.challenge.attackers.features import Extraction, extract
from mriprivacy.challenge.attackers.levels import Images
from mriprivacy.challenge.attackers.linkage import people
from mriprivacy.challenge.attackers.networks import declared, described, networks_of, system_name
from mriprivacy.challenge.compute.folders import cache_folder
from mriprivacy.challenge.compute.parallel import Compute
from mriprivacy.challenge.edition.public import Split, open_edition
from mriprivacy.challenge.intake.description import describe_reference
from mriprivacy.challenge.settings.groups import AttackChoice, attack_name, camera_of
from mriprivacy.data_prep.formats.atomic import whole_folder
from mriprivacy.data_prep.formats.schema import ATTRIBUTE_COLUMNS, Attributes
from mriprivacy.data_prep.formats.settings import REQUIRED, group, setting
from mriprivacy.data_prep.formats.tables.tsv import write_table
from mriprivacy.scoring.errors import UserError


@dataclass
class InferSettings:
    """Keys of the command."""

    edition: str = setting(REQUIRED, "folder of an edition; public/ is enough")
    output: str = setting(REQUIRED, "folder of the submission")
    split: str = setting(
        "eval",
        "split whose scans are predicted from; dev: each by a training without its person, for rehearse",
        choices=("dev", "eval"),
    )
    attack: AttackChoice = group(AttackChoice, "deepface")
    cache: str = setting("", "folder in which features are kept; empty: the user's own cache folder")
    compute: Compute = group(Compute, "loky")


def check(settings: InferSettings) -> None:
    """Raise if the camera is none."""
    camera_of(settings.attack)


def run(settings: InferSettings) -> None:
    """Train on dev, predict for every scan of a split, and write a submission of the track attributes."""
    edition = open_edition(Path(settings.edition))
    attack = attack_name(settings.attack)
    extraction = Extraction(
        attacks=(attack,),
        camera=camera_of(settings.attack),
        cache=cache_folder(settings.cache),
    )
    with whole_folder(Path(settings.output)) as folder:
        faces = {
            name: extract(
                {probe: split.scan(probe) for probe in split.probes},
                "scan",
                extraction,
                f"faces of scans of {name}",
                settings.compute,
            )
            for name, split in edition.splits.items()
            if name in ("dev", settings.split)
        }
        predicted = faces[settings.split]
        columns, problems = [], []
        for attribute in Attributes._fields:
            try:
                columns.append(_predict(attribute, attack, edition.dev, faces["dev"], predicted))
            except AttributesError as error:
                problems.append(f"infer: {error}")
        if problems:
            raise UserError(*problems)
        rows = [(probe, *(column[probe] for column in columns)) for probe in predicted]
        write_table(folder / "attributes.tsv", ATTRIBUTE_COLUMNS, rows)
        system = system_name(attack, "attributes")
        networks = networks_of(attack)
        describe_reference(
            folder, edition.name, "attributes", system, described(networks), declared(networks)
        )
    failed = sum(attack not in image.vectors for image in predicted.values())
    print(f"{settings.output}: {len(rows)} scans; {failed} without a face, guessed as the majority of dev")


def _predict(attribute: str, attack: str, dev: Split, known: Images, predicted: Images) -> dict[str, str]:
    """Predict an attribute of scans of `eval`, or of `dev` itself, fold by fold of left-out people."""
    who = people(dev.key)
    if predicted is not known:
        return infer(attack, train_classifier(attribute, attack, known, dev.attributes, who), predicted)
    persons = sorted({who.get(name, name) for name in known})
    found: dict[str, str] = {}
    for fold in range(min(FOLDS, len(persons))):
        out = set(persons[fold::FOLDS])
        kept = {name: image for name, image in known.items() if who.get(name, name) not in out}
        asked = {name: image for name, image in known.items() if who.get(name, name) in out}
        found |= infer(attack, train_classifier(attribute, attack, kept, dev.attributes, who), asked)
    return {name: found[name] for name in known}
