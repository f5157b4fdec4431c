"""The webhooks page: subscriptions, and pending, accepted and failed notices."""

from uuid import UUID

from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from webapp.exchange.webhooks.forms import SubscriptionForm
from webapp.exchange.webhooks.models import Notice, Subscription
from webapp.exchange.webhooks.services import NOTICE, notice_retry, subscription_change, subscription_create
from webapp.foundation.accounts.access import current_user, requires
from webapp.foundation.accounts.permissions import Action
from webapp.foundation.outbox.selectors import items_of

LISTED = 100
CHANGES = frozenset({"on", "off", "secret"})


@require_http_methods(["GET", "POST"])
@requires(Action.MANAGE_WEBHOOKS)
def webhooks(request: HttpRequest) -> HttpResponse:
    """Show subscriptions and notices; on POST, create a subscription and show its secret, this once."""
    form = SubscriptionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = subscription_create(**form.cleaned_data, user=current_user(request), request=request)
        return _page(request, SubscriptionForm(), shown=made)
    return _page(request, form, status=400 if request.method == "POST" else 200)


@require_POST
@requires(Action.MANAGE_WEBHOOKS)
def change(request: HttpRequest, subscription: UUID) -> HttpResponse:
    """Switch a subscription on or off, or give it a new secret, which is shown this once."""
    found = get_object_or_404(Subscription, pk=subscription)
    if (what := request.POST.get("what", "")) not in CHANGES:
        raise Http404
    changed = subscription_change(subscription=found, what=what, user=current_user(request), request=request)
    return _page(request, SubscriptionForm(), shown=changed) if what == "secret" else redirect("webhooks")


@require_POST
@requires(Action.MANAGE_WEBHOOKS)
def retry(request: HttpRequest, notice: int) -> HttpResponse:
    """Retry a notice."""
    found = get_object_or_404(Notice.objects.select_related("subscription"), pk=notice)
    notice_retry(notice=found, user=current_user(request), request=request)
    return redirect("webhooks")


def _page(
    request: HttpRequest, form: SubscriptionForm, *, shown: Subscription | None = None, status: int = 200
) -> HttpResponse:
    on_its_way = Count("notices", filter=Q(notices__state__in=[Notice.State.WAITING, Notice.State.SENDING]))
    failed = Count("notices", filter=Q(notices__state=Notice.State.FAILED))
    subscriptions = Subscription.objects.select_related("site").annotate(on_its_way=on_its_way, failed=failed)
    notices = Notice.objects.select_related("subscription").order_by("-created_at", "-pk")[:LISTED]
    work = items_of(NOTICE, [notice.pk for notice in notices])
    rows = [(notice, work.get(str(notice.pk))) for notice in notices]
    context = {"form": form, "subscriptions": subscriptions.order_by("name"), "notices": rows, "shown": shown}
    return render(request, "webhooks/page.html", context, status=status)
