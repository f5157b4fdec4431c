"""Weeks of finished runs, drawn at random: scores that hold still, or that move in the last four weeks.

``python -m tests.webapp.scenes.history RUNS`` adds so many to a served scene.
"""

import os
import sys
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np

if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")
    django.setup()

from django.db import connection
from django.utils import timezone
from pydicom.uid import generate_uid

from tests.webapp import factories
from webapp.administration.monitoring.periods import monday_of
from webapp.foundation.accounts.models import Site
from webapp.imaging.archive.models import Instance, Series
from webapp.imaging.inference.models import Finding, Run, Stage
from workers import api

THRESHOLD = 0.35


@dataclass
class History:
    """Makes the rows of many runs; `moved` is how far the detector's scores move in the last four weeks."""

    runs: int
    weeks: int = 12
    moved: float = 0.0
    versions: dict[str, str] = field(default_factory=dict)
    at: Site | None = None
    seed: int = 5
    made_runs: list[Run] = field(default_factory=list)
    made_stages: list[Stage] = field(default_factory=list)
    made_findings: list[Finding] = field(default_factory=list)

    def make(self) -> "History":
        """Write the rows: one series a run, as it is in a house, and a picture that all findings point at."""
        random = np.random.default_rng(self.seed)
        shown = factories.picture_series(at=self.at)
        Series.objects.filter(pk=shown.pk).update(analysis_requested_at=shown.last_arrival_at)
        instance = Instance.objects.get(series=shown)
        now = timezone.now()
        series = [
            Series(
                study=shown.study, series_instance_uid=generate_uid(), last_arrival_at=now, analysis_requested_at=now
            )
            for _ in range(self.runs)
        ]
        Series.objects.bulk_create(series)
        first = monday_of(now) - timedelta(weeks=self.weeks - 1)
        for number, one in enumerate(series):
            # Spread evenly, ending before now: the running week may have just begun.
            self._run(one, instance, first + (now - first) * (number + 0.5) / self.runs, random)
        Run.objects.bulk_create(self.made_runs, batch_size=500)
        Stage.objects.bulk_create(self.made_stages, batch_size=500)
        Finding.objects.bulk_create(self.made_findings, batch_size=500)
        with connection.cursor() as cursor:  # what a database learns of new rows by itself, it learns after this test
            cursor.execute("ANALYZE")
        return self

    def _run(self, series: Series, instance: Instance, at: datetime, random: np.random.Generator) -> None:
        run = Run(series=series, cascade_digest="c" * 64, input_digest=f"{len(self.made_runs):064x}", attempt=1)
        run.finished_at, run.state, run.total_ms = at, Run.State.DONE, float(random.lognormal(5.6, 0.5))
        self.made_runs.append(run)
        if random.random() < 0.03:
            run.state, run.outcome, run.total_ms = Run.State.QUARANTINED, Run.Outcome.FAILED, None
            return
        medical = random.random() < 0.94
        gate = Stage.Status.DONE if medical else Stage.Status.NOT_SUITABLE
        score = float(random.beta(30, 1)) if medical else float(random.beta(1, 6))
        self._stage(run, "gate", "Medical image?", score, "sorter", status=gate, ms=float(random.gamma(9, 2)))
        if not medical:
            run.outcome = Run.Outcome.NOT_ANALYSED
            self._stage(run, "tumour-boxes", "Tumour detector", None, "", status=Stage.Status.NOT_RUN)
            return
        disagrees = random.random() < 0.02
        run.contradictions = ["Modality: drawn to disagree."] if disagrees else []
        self._stage(run, "modality", "Modality", float(random.beta(40, 1)), "sorter", contradiction=disagrees, ms=1.2)
        recent = at >= monday_of(timezone.now()) - timedelta(weeks=3)
        probability = min(0.999, float(random.beta(1.2, 4)) + (self.moved if recent else 0.0))
        found = probability >= THRESHOLD
        self._stage(
            run, "tumour-boxes", "Tumour detector", probability, "tumour-detector", ms=float(random.lognormal(5.4, 0.4))
        )
        run.outcome = Run.Outcome.FINDINGS if found else Run.Outcome.NEGATIVE
        if found:
            self.made_findings.append(
                Finding(
                    run=run,
                    order=1,
                    stage="tumour-boxes",
                    label="tumour",
                    label_title="Suspected brain tumour",
                    probability=probability,
                    sentence="Area suspicious of a tumour.",
                    slice=0,
                    first_slice=0,
                    last_slice=0,
                    instance=instance,
                )
            )

    def _stage(self, run: Run, name: str, title: str, score: float | None, model: str, **fields: object) -> None:
        order = sum(stage.run is run for stage in self.made_stages[-3:])
        given = {"status": Stage.Status.DONE, "ms": None, "contradiction": False, **fields}
        self.made_stages.append(
            Stage(
                run=run,
                order=order,
                name=name,
                title=title,
                pathway="general",
                model=model,
                version=self.versions.get(model, "1") if model else "",
                probability=score,
                threshold=THRESHOLD,
                **given,
            )
        )


if __name__ == "__main__":
    shipped = {model.name: model.version for model in api.models_listed()}
    History(runs=int(sys.argv[1]), moved=0.3, versions=shipped).make()
