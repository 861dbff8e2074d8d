"""`mriprivacy infer`: read sex, age group and ethnicity from the scans of an edition."""

from dataclasses import dataclass
from pathlib import Path

from mriprivacy.baselines.attacks.attributes import AttributesError
from mriprivacy.challenge.attackers.attribute_inference import infer, train_classifier
from mriprivacy.challenge.attackers.features import Extraction, extract
from mriprivacy.challenge.attackers.linkage import people
from mriprivacy.challenge.attackers.networks import declared, described, networks_of, system_name
from mriprivacy.challenge.compute.folders import cache_folder
from mriprivacy.challenge.compute.parallel import Compute
from mriprivacy.challenge.edition.public import open_edition
from mriprivacy.challenge.intake.description import describe_reference
from mriprivacy.challenge.settings.groups import AttackChoice, attack_name, camera_of
from mriprivacy.data_prep.formats.atomic import whole_folder
from mriprivacy.data_prep.formats.schema import ATTRIBUTE_COLUMNS, Attributes
from mriprivacy.data_prep.formats.settings import REQUIRED, group, setting
from mriprivacy.data_prep.formats.tsv import write_table
from mriprivacy.scoring.errors import UserError


@dataclass
class InferSettings:
    """Keys of the command."""

    edition: str = setting(REQUIRED, "folder of an edition; public/ is enough")
    output: str = setting(REQUIRED, "folder of the submission")
    attack: AttackChoice = group(AttackChoice, "deepface")
    cache: str = setting("", "folder in which features are kept; empty: the user's own cache folder")
    compute: Compute = group(Compute, "loky")


def check(settings: InferSettings) -> None:
    """Raise if the camera is none."""
    camera_of(settings.attack)


def run(settings: InferSettings) -> None:
    """Train on dev, predict for every scan of eval, and write a submission of the track attributes."""
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
        }
        columns, problems = [], []
        for attribute in Attributes._fields:
            try:
                model = train_classifier(
                    attribute, attack, faces["dev"], edition.dev.attributes, people(edition.dev.key)
                )
                columns.append(infer(attack, model, faces["eval"]))
            except AttributesError as error:
                problems.append(f"infer: {error}")
        if problems:
            raise UserError(*problems)
        rows = [(probe, *(column[probe] for column in columns)) for probe in faces["eval"]]
        write_table(folder / "attributes.tsv", ATTRIBUTE_COLUMNS, rows)
        system = system_name(attack, "attributes")
        networks = networks_of(attack)
        describe_reference(
            folder, edition.name, "attributes", system, described(networks), declared(networks)
        )
    failed = sum(attack not in image.vectors for image in faces["eval"].values())
    print(f"{settings.output}: {len(rows)} scans; {failed} without a face, guessed as the majority of dev")
