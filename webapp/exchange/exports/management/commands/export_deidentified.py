"""manage.py export_deidentified: write de-identified studies to a folder."""

import shutil
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from webapp.exchange.exports.deidentified_files import deidentify_objects, manifest_row, objects_of, write_manifest
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.services import audit_record
from webapp.imaging.archive.models import Study
from workers import api

FLAGS = {
    "dates": "keep dates, moved by whole days",
    "patient": "keep the patient's characteristics",
    "device": "keep the device's identity",
    "descriptors": "keep descriptions, cleaned",
    "pixels": "black out writing: outside the regions of ultrasound images",
}


class Command(BaseCommand):
    """Export studies, de-identified by PS3.15 Annex E."""

    help = "Write studies without identities (PS3.15 annex E, Basic Profile) into a folder."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("study", nargs="+", help="our id or the Study Instance UID")
        parser.add_argument("--to", required=True, type=Path, metavar="FOLDER", help="made here; must not exist yet")
        parser.add_argument("--name", default="command line", help="exports of one name share their pseudonyms")
        for name, words in FLAGS.items():
            parser.add_argument(f"--{name}", action="store_true", help=words)

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the objects and the manifest; report why any object was not exported."""
        studies = [study_found(word) for word in options["study"]]
        folder: Path = options["to"]
        try:
            folder.mkdir(parents=True)
        except OSError as trouble:
            raise CommandError(f"{folder} cannot be made: {trouble.strerror}.") from None
        for study in studies:
            audit_record(code=Code.EXPORT_ASKED, actor="command line", study=study.pk, details="to a folder")
        rows, stayed = [], 0
        asked = api.Options(**{name: options[name] for name in FLAGS})
        for left in deidentify_objects(objects_of(studies), name=options["name"], options=asked):
            if left.path is None:
                stayed += 1
                self.stderr.write(f"object {left.instance.pk}: {left.refused}")
                continue
            target = folder / left.name
            target.parent.mkdir(parents=True, exist_ok=True)
            rows.append(manifest_row(left))
            shutil.copyfile(left.path, target)
        (folder / "manifest.csv").write_text(write_manifest(rows), encoding="utf-8")
        self.stdout.write(f"{len(rows)} objects written, {stayed} stayed.")
        if not rows:
            raise CommandError("No object could be exported.")


def study_found(word: str) -> Study:
    """Return the study with that id or StudyInstanceUID."""
    try:
        return Study.objects.get(pk=word)
    except (Study.DoesNotExist, ValidationError):
        pass
    try:
        return Study.objects.get(study_instance_uid=word)
    except Study.DoesNotExist:
        raise CommandError(f"There is no study {word}.") from None
    except Study.MultipleObjectsReturned:
        raise CommandError(f"Several sites know the study {word}: name it by our id.") from None
