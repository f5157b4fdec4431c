"""Who may have which instances: named by their UIDs, asked of the one policy, noted in the audit trail."""

from django.http import Http404, HttpRequest

from webapp.foundation.accounts.models import User
from webapp.foundation.accounts.permissions import Action, may
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.services import look_record
from webapp.imaging.archive.access import check_study_access, current_user, deny_blinded
from webapp.imaging.archive.models import Instance, Study
from webapp.reading.reviews.blinding import is_blinded

#: Columns of the index that most answers do without.
HEAVY = ("index__header", "index__frames", "index__bulk")


def open_instances(
    *, request: HttpRequest, study: str, series: str = "", instance: str = "", needs: tuple[str, ...] = (), code: Code
) -> list[Instance]:
    """Return the instances of a study, a series or one by itself: one query.

    Parameters
    ----------
    request
        Who asks.
    study, series, instance
        UIDs; empty means all of them.
    needs
        Those of `HEAVY` that the answer is made of.
    code
        What the audit trail calls it, once a look.

    Returns
    -------
    list of Instance
        At least one, of one study, in slice order within each series, with series, study and index.

    Raises
    ------
    Http404
        If there are none that the user may know of (yet); a look at others' is audited.
    """
    named = {"series__study__study_instance_uid": study}
    named |= {"series__series_instance_uid": series} if series else {}
    named |= {"sop_instance_uid": instance} if instance else {}
    found = list(
        Instance.objects.filter(**named)
        .select_related("series__study", "series__result", "index")
        .defer(*(column for column in HEAVY if column not in needs))
    )
    owner = study_of(request=request, studies=[one.series.study for one in found])
    shown = _unveiled([one for one in found if one.series.study_id == owner.pk], current_user(request))
    if not shown:
        deny_blinded(request=request, study=owner)
    look_record(code, user=current_user(request), request=request, study=owner.pk)
    return shown


def _unveiled(instances: list[Instance], user: User) -> list[Instance]:
    """Leave out what Readroom filed, where it is kept from the user: those of scanners alone cost no query."""
    scanned = [one for one in instances if not hasattr(one.series, "result")]
    if len(scanned) == len(instances) or not is_blinded(study=instances[0].series.study, user=user):
        return instances
    return scanned


def study_of(*, request: HttpRequest, studies: list[Study]) -> Study:
    """Return the one of several studies of the same UID (at several sites) that the user means.

    Raises
    ------
    Http404
        If they may see none of them.
    """
    user = current_user(request)
    allowed = [one for one in studies if may(user, Action.SEE, one)]
    if not allowed and not studies:
        raise Http404
    return check_study_access(request=request, study=_own_first(allowed or studies, user), act=Action.SEE)


def study_by_uid(*, request: HttpRequest, study: str) -> Study:
    """Return the study of that UID if the user may see it; raises as `study_of`."""
    return study_of(request=request, studies=list(Study.objects.filter(study_instance_uid=study)))


def _own_first(studies: list[Study], user: User) -> Study:
    return min(studies, key=lambda one: (one.site_id != user.site_id, one.arrived_at))
