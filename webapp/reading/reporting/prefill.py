"""Prefilled sections of a report: facts of headers and priors, accepted findings, and never a suspicion."""

from webapp.foundation.accounts.models import User
from webapp.imaging.archive.models import Instance, Series, Study
from webapp.imaging.archive.presenters import MODALITIES
from webapp.imaging.archive.priors import prior_list
from webapp.imaging.inference.models import Run
from webapp.reading.reporting.accepted_findings import prefill_lines
from webapp.reading.reporting.report_templates import StudyKind, Template
from webapp.reading.reviews.models import Read

#: Sections of a report as the database stores them.
Sections = list[dict[str, str]]
NO_PRIOR = "No prior study here."
MOST_PRIORS = 3


def study_kind(study: Study) -> StudyKind:
    """Return the kind of a study: pathways of its runs, modalities and body parts by header and networks."""
    series = list(Series.objects.filter(study=study, result=None).values_list("modality", "body_part"))
    runs = list(Run.objects.filter(series__study=study).values_list("pathways", "modality", "region"))
    return StudyKind(
        pathways=frozenset(name for pathways, _, _ in runs for name in pathways),
        modalities=frozenset({stated for stated, _ in series} | {seen for _, seen, _ in runs}) - {""},
        parts=frozenset({part.lower() for _, part in series} | {part for _, _, part in runs}) - {""},
    )


def prefill_sections(template: Template, *, study: Study, user: User, read: Read | None) -> Sections:
    """Return a template's sections, prefilled."""
    kind = study_kind(study)
    fills = {
        "": "",
        "technique": describe_technique(study),
        "comparison": describe_comparison(study, user, kind),
        "findings": "\n".join(one.line for one in prefill_lines(study=study, user=user, read=read)),
        "impression": read.impression if read else "",
    }
    return [{"key": one.key, "title": one.title, "text": fills[one.fill]} for one in template.sections]


def describe_technique(study: Study) -> str:
    """Describe the technique from the headers: modality, body part, series, images."""
    rows = list(Series.objects.filter(study=study, result=None).order_by("series_number", "last_arrival_at"))
    counts: dict[object, int] = {}
    for series, frames in Instance.objects.filter(series__in=rows, has_pixels=True).values_list(
        "series", "number_of_frames"
    ):
        counts[series] = counts.get(series, 0) + frames
    with_images = [row for row in rows if row.pk in counts]
    if not with_images:
        return ""
    if all(row.is_picture for row in with_images):
        return f"{_count(sum(counts.values()), 'picture')} without a DICOM header."
    kinds = dict.fromkeys(MODALITIES.get(row.modality, row.modality) for row in with_images if row.modality)
    parts = dict.fromkeys(row.body_part.lower() for row in with_images if row.body_part)
    what = ", ".join(kinds) + (f" of {', '.join(parts)}" if parts and kinds else "")
    words = [f"{row.description or 'series without a name'} ({counts[row.pk]})" for row in with_images]
    total = f"{_count(len(with_images), 'series')}, {_count(sum(counts.values()), 'image')}"
    return f"{what}{'. ' if what else ''}{total}: {', '.join(words)}."


def describe_comparison(study: Study, user: User, kind: StudyKind) -> str:
    """Describe the priors, those of the same kind first."""
    priors = prior_list(study=study, user=user, modalities=kind.modalities, parts=kind.parts)
    words = []
    for prior in priors[:MOST_PRIORS]:
        what = prior.study.description or ", ".join(sorted(prior.modalities)) or "Study"
        when = f"{prior.study.study_date:%d %b %Y}" if prior.study.study_date else "no date stated"
        words.append(f"{what}, {when}")
    more = f"; {len(priors) - MOST_PRIORS} earlier" if len(priors) > MOST_PRIORS else ""
    return f"{'; '.join(words)}{more}." if words else NO_PRIOR


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 or word == 'series' else 's'}"
