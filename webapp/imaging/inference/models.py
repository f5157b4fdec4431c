"""Inference runs of the cascade over one series, with the results of their stages and their findings."""

import uuid

from django.db import models

from webapp.imaging.archive.models import Instance, Series


class Run(models.Model):
    """One analysis of a series. This row is authoritative; the queue message only wakes a worker.

    `attempt` is the fencing token: it is incremented before any work starts, and only the output of the current
    attempt is ever collected.
    """

    class State(models.TextChoices):
        """Where the work is (`state_machine.py` defines the transitions)."""

        QUEUED = "queued", "Queued"
        DISPATCHED = "rung", "Queued"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        QUARANTINED = "quarantined", "Failed"

    class Outcome(models.TextChoices):
        """The outcome of a finished run: five different things that must never look alike."""

        FINDINGS = "findings", "Findings"
        NEGATIVE = "negative", "Nothing found"
        SORTED_ONLY = "sorted_only", "Classified only"
        NOT_ANALYSED = "not_analysed", "Not analysed"
        FAILED = "failed", "Failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    series = models.ForeignKey(Series, on_delete=models.PROTECT, related_name="runs")
    cascade_digest = models.CharField(max_length=64, help_text="sha256 of all pathways and weights")
    input_digest = models.CharField(max_length=64, help_text="sha256 over the digests of the instances")
    state = models.CharField(max_length=16, choices=State.choices, default=State.QUEUED)
    attempt = models.PositiveSmallIntegerField(default=0)
    failures = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=16, choices=Outcome.choices, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    modality = models.CharField(max_length=16, blank=True)
    region = models.CharField(max_length=32, blank=True)
    plane = models.CharField(max_length=16, blank=True)
    contradictions = models.JSONField(default=list)
    pathways = models.JSONField(default=list, help_text="names of the pathways that this series took")
    total_ms = models.FloatField(null=True)
    urgency = models.PositiveSmallIntegerField(default=0, help_text="0 routine .. 3 look at this first")
    urgency_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["series", "cascade_digest", "input_digest"], name="one_run_per_question")
        ]
        indexes = [models.Index(fields=["state", "created_at"]), models.Index(fields=["series", "-created_at"])]


class RunEvent(models.Model):
    """One state transition of a run, written in the same transaction as the transition."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField(auto_now_add=True)
    event = models.CharField(max_length=16)
    from_state = models.CharField(max_length=16)
    to_state = models.CharField(max_length=16)
    attempt = models.PositiveSmallIntegerField()
    detail = models.CharField(max_length=500, blank=True)


class Stage(models.Model):
    """The result of one stage of the cascade, or why it has none."""

    class Status(models.TextChoices):
        """How a stage ended."""

        DONE = "done", "Done"
        NOT_RUN = "not_run", "Not run"
        NOT_SUITABLE = "not_suitable", "Not suitable"
        FAILED = "failed", "Failed"

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="stages")
    order = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=40)
    title = models.CharField(max_length=80)
    pathway = models.CharField(max_length=40)
    status = models.CharField(max_length=16, choices=Status.choices)
    model = models.CharField(max_length=60, blank=True)
    version = models.CharField(max_length=40, blank=True)
    label = models.CharField(max_length=40, blank=True)
    label_title = models.CharField(max_length=80, blank=True)
    probability = models.FloatField(null=True)
    probability_low = models.FloatField(null=True, help_text="the least of all looks; see views")
    probability_high = models.FloatField(null=True)
    views = models.PositiveIntegerField(null=True, help_text="looks: slices times harmless changes")
    threshold = models.FloatField(null=True)
    ms = models.FloatField(null=True)
    reason = models.CharField(max_length=500, blank=True)
    header_says = models.CharField(max_length=80, blank=True)
    contradiction = models.BooleanField(default=False)
    alternatives = models.JSONField(default=list, help_text="[[label, probability], ...] best first")
    heat_map = models.CharField(max_length=200, blank=True, help_text="PNG, relative to the run's folder")
    heat_map_slice = models.PositiveIntegerField(null=True)
    heat_map_instance = models.ForeignKey(Instance, on_delete=models.PROTECT, null=True, related_name="+")
    heat_map_frame = models.PositiveIntegerField(default=0, help_text="frame of that instance, from 0")
    experimental = models.CharField(max_length=300, blank=True, help_text="why its pathway is experimental, if it is")

    class Meta:
        ordering = ["order"]


class Finding(models.Model):
    """Something suspicious that the cascade detected, merged across neighbouring slices."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="findings")
    order = models.PositiveSmallIntegerField()
    stage = models.CharField(max_length=40)
    label = models.CharField(max_length=40)
    label_title = models.CharField(max_length=80)
    probability = models.FloatField()
    sentence = models.CharField(max_length=300)
    slice = models.PositiveIntegerField(help_text="index of its clearest slice in the series' order, from 0")
    first_slice = models.PositiveIntegerField()
    last_slice = models.PositiveIntegerField()
    instance = models.ForeignKey(Instance, on_delete=models.PROTECT, related_name="+")
    frame = models.PositiveIntegerField(default=0, help_text="frame of that instance, from 0")
    box = models.JSONField(null=True, help_text="[x0, y0, x1, y1] in pixels of that frame; none: all of it was judged")
    mask = models.CharField(max_length=200, blank=True, help_text="PNG, relative to the run's folder")
    heat_map = models.CharField(max_length=200, blank=True)
    code = models.CharField(max_length=16, blank=True, help_text="of its label, in a scheme (PS3.16 section 8)")
    code_scheme = models.CharField(max_length=16, blank=True)
    code_meaning = models.CharField(max_length=64, blank=True)
    colour = models.CharField(max_length=7, blank=True, help_text="#rrggbb, of its label")
    outlined_by = models.CharField(max_length=40, blank=True, help_text="the stage that drew its masks")
    measures = models.JSONField(default=dict, help_text="of its masks, as `workers.contracts.MeasuresAnswer`; or empty")
    opinions = models.JSONField(default=list, help_text="by other roads, each as `workers.contracts.OpinionAnswer`")
    experimental = models.CharField(max_length=300, blank=True, help_text="why its pathway is experimental, if it is")

    class Meta:
        ordering = ["order"]


class FindingRegion(models.Model):
    """Where a finding lies on one of its slices. A finding that concerns whole slices has none."""

    finding = models.ForeignKey(Finding, on_delete=models.CASCADE, related_name="marks")
    slice = models.PositiveIntegerField(help_text="index of the slice in the series' order, from 0, as the run saw it")
    instance = models.ForeignKey(Instance, on_delete=models.PROTECT, related_name="+")
    frame = models.PositiveIntegerField(default=0, help_text="frame of that instance, from 0")
    box = models.JSONField(help_text="[x0, y0, x1, y1] in pixels of that frame")
    mask = models.CharField(max_length=200, blank=True, help_text="PNG, relative to the run's folder")

    class Meta:
        ordering = ["slice"]
        constraints = [models.UniqueConstraint(fields=["finding", "slice"], name="one_mark_per_slice")]
