"""What a report begins with: facts of headers and earlier studies, accepted findings, and never a suspicion."""

from webapp.foundation.accounts.models import User
from webapp.imaging.archive.models import Instance, Series, Study
from webapp.imaging.archive.presenters import MODALITIES
from webapp.imaging.archive.priors import prior_list
from webapp.imaging.inference.models import Run
from webapp.reading.reporting.accepted_findings import prefill_lines
from webapp.reading.reporting.report_templates import Kind, Template
from webapp.reading.reviews.models import Read

#: Sections a report holds, as the database keeps them.
Sections = list[dict[str, str]]
NO_PRIOR = "No prior study here."
MOST_PRIORS = 3


def kind_of(study: Study) -> Kind:
    """Return what a study is: by the pathways that its runs took, by headers, and by what the networks recognised."""
    series = list(Series.objects.filter(study=study, result=None).values_list("modality", "body_part"))
    runs = list(Run.objects.filter(series__study=study).values_list("pathways", "modality", "region"))
    return Kind(
        pathways=frozenset(name for pathways, _, _ in runs for name in pathways),
        modalities=frozenset({stated for stated, _ in series} | {seen for _, seen, _ in runs}) - {""},
        parts=frozenset({part.lower() for _, part in series} | {part for _, _, part in runs}) - {""},
    )


def prefill_sections(template: Template, *, study: Study, user: User, read: Read | None) -> Sections:
    """Return a template's sections with what they begin with."""
    kind = kind_of(study)
    fills = {
        "": "",
        "technique": describe_technique(study),
        "comparison": describe_comparison(study, user, kind),
        "findings": "\n".join(one.line for one in prefill_lines(study=study, user=user, read=read)),
        "impression": read.impression if read else "",
    }
    return [{"key": one.key, "title": one.title, "text": fills[one.fill]} for one in template.sections]


def describe_technique(study: Study) -> str:
    """Say from the headers how the examination was made: kind, part, series, images."""
    rows = list(Series.objects.filter(study=study, result=None).order_by("series_number", "last_arrival_at"))
    counts: dict[object, int] = {}
    for series, frames in Instance.objects.filter(series__in=rows, has_pixels=True).values_list(
        "series", "number_of_frames"
    ):
        counts[series] = counts.get(series, 0) + frames
    shown = [row for row in rows if row.pk in counts]
    if not shown:
        return ""
    if all(row.is_picture for row in shown):
        return f"{_counted(sum(counts.values()), 'picture')} without a DICOM header."
    kinds = dict.fromkeys(MODALITIES.get(row.modality, row.modality) for row in shown if row.modality)
    parts = dict.fromkeys(row.body_part.lower() for row in shown if row.body_part)
    what = ", ".join(kinds) + (f" of {', '.join(parts)}" if parts and kinds else "")
    told = [f"{row.description or 'series without a name'} ({counts[row.pk]})" for row in shown]
    total = f"{_counted(len(shown), 'series')}, {_counted(sum(counts.values()), 'image')}"
    return f"{what}{'. ' if what else ''}{total}: {', '.join(told)}."


def describe_comparison(study: Study, user: User, kind: Kind) -> str:
    """Name the earlier studies that can be compared with, those of the same kind first."""
    priors = prior_list(study=study, user=user, modalities=kind.modalities, parts=kind.parts)
    told = []
    for prior in priors[:MOST_PRIORS]:
        what = prior.study.description or ", ".join(sorted(prior.modalities)) or "Study"
        when = f"{prior.study.study_date:%d %b %Y}" if prior.study.study_date else "no date stated"
        told.append(f"{what}, {when}")
    more = f"; {len(priors) - MOST_PRIORS} earlier" if len(priors) > MOST_PRIORS else ""
    return f"{'; '.join(told)}{more}." if told else NO_PRIOR


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 or word == 'series' else 's'}"
