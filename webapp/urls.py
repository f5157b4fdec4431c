"""Every address of the web side. A test knows what each role may do at each of them."""

from django.urls import URLPattern, URLResolver, include, path, register_converter
from django.urls.converters import StringConverter
from drf_spectacular.views import SpectacularAPIView

from webapp.administration.access_tokens.views import revoke, tokens
from webapp.administration.audit_log.views import audit, audit_verify
from webapp.administration.model_cards.views import model, model_picture, models
from webapp.administration.monitoring.views import performance, performance_csv
from webapp.exchange.dicomweb.study_state import StudyStateView
from webapp.exchange.exports.views import download, export, exports
from webapp.exchange.exports.views import retry as export_retry
from webapp.exchange.routing.views import destination, destination_echo, network, study_sending
from webapp.exchange.routing.views import retry as delivery_retry
from webapp.exchange.webhooks.views import change as webhook_change
from webapp.exchange.webhooks.views import retry as notice_retry
from webapp.exchange.webhooks.views import webhooks
from webapp.foundation.accounts.views import SignIn, SignOut
from webapp.imaging.annotations.api import AnnotationsView, AnnotationView
from webapp.imaging.archive.api import UploadView
from webapp.imaging.inference.image_views import frame, run_file, thumbnail
from webapp.reading.campaigns.views import (
    answer_outline,
    campaign,
    campaign_make,
    campaign_set,
    campaign_sets,
    campaign_switch,
    campaigns,
    case,
)
from webapp.reading.campaigns.views import download as set_download
from webapp.reading.campaigns.views import retry as set_retry
from webapp.reading.critical_results.views import criticals, study_criticals, tell, withdraw
from webapp.reading.followup.views import follow_up, link, register, registration, registration_file, unlink
from webapp.reading.handover.views import accept, handover, handover_waiting, handovers
from webapp.reading.handover.views import make as handover_make
from webapp.reading.reporting.views import (
    acknowledge,
    discrepancies,
    report,
    report_pdf,
    report_version,
    save,
    sign,
    verify,
)
from webapp.reading.reporting.views import fill as report_fill
from webapp.reading.reviews.api import ReviewsView
from webapp.reading.reviews.segmentation_api import OutlineView, outline_mask
from webapp.reading.reviews.views import commit, say
from webapp.reading.study_page.views import retry, study, study_answer
from webapp.reading.viewer.api import ViewerView
from webapp.reading.viewer.views import viewer
from webapp.reading.worklist.claim_views import claim, finish, pick, release, take_over, triage, two_readers
from webapp.reading.worklist.settings_views import rules
from webapp.reading.worklist.views import worklist, worklist_rows, worklist_search
from webapp.web.views import healthz, upload


class PictureName(StringConverter):
    """The name of a picture beside an answer: no folder, no dot at the start."""

    regex = r"[a-z0-9][a-z0-9_-]{0,80}\.png"


register_converter(PictureName, "picture")

urlpatterns: list[URLPattern | URLResolver] = [
    # First, since it is asked hundreds of times a minute, and addresses are tried one after the other.
    path("dicomweb/", include("webapp.exchange.dicomweb.urls")),
    path("", worklist, name="worklist"),
    path("worklist/rows/", worklist_rows, name="worklist-rows"),
    path("worklist/search/", worklist_search, name="worklist-search"),
    path("studies/<uuid:study>/", study, name="study"),
    path("next-case/", pick, name="next-case"),
    path("studies/<uuid:study>/claim/", claim, name="study-claim"),
    path("studies/<uuid:study>/release/", release, name="study-release"),
    path("studies/<uuid:study>/take-over/", take_over, name="study-take-over"),
    path("studies/<uuid:study>/finish/", finish, name="study-finish"),
    path("studies/<uuid:study>/two-readers/", two_readers, name="study-two-readers"),
    path("studies/<uuid:study>/verdicts/", say, name="study-verdict"),
    path("studies/<uuid:study>/outlines/<uuid:mark>/<int:version>.png", outline_mask, name="outline-mask"),
    path("studies/<uuid:study>/commit/", commit, name="study-commit"),
    path("studies/<uuid:study>/triage/", triage, name="study-triage"),
    path("studies/<uuid:study>/follow-up/", follow_up, name="follow-up"),
    path("studies/<uuid:study>/follow-up/link/", link, name="follow-up-link"),
    path("studies/<uuid:study>/follow-up/unlink/", unlink, name="follow-up-unlink"),
    path("studies/<uuid:study>/criticals/", study_criticals, name="study-criticals"),
    path("hand-over/", handovers, name="handovers"),
    path("hand-over/make/", handover_make, name="handover-make"),
    path("hand-over/waiting/", handover_waiting, name="handover-waiting"),
    path("hand-over/<int:handover>/", handover, name="handover"),
    path("hand-over/<int:handover>/accept/", accept, name="handover-accept"),
    path("criticals/", criticals, name="criticals"),
    path("criticals/<int:critical>/tell/", tell, name="critical-tell"),
    path("criticals/<int:critical>/withdraw/", withdraw, name="critical-withdraw"),
    path("studies/<uuid:study>/follow-up/register/", register, name="follow-up-register"),
    path("registrations/<uuid:registration>/", registration, name="registration"),
    path("registrations/<uuid:registration>/files/<picture:name>", registration_file, name="registration-file"),
    path("studies/<uuid:study>/viewer/", viewer, name="viewer"),
    path("studies/<uuid:study>/report/", report, name="report"),
    path("studies/<uuid:study>/report/save/", save, name="report-save"),
    path("studies/<uuid:study>/report/fill/", report_fill, name="report-fill"),
    path("studies/<uuid:study>/report/sign/", sign, name="report-sign"),
    path("studies/<uuid:study>/report/<int:number>/", report_version, name="report-version"),
    path("studies/<uuid:study>/report/<int:number>/report.pdf", report_pdf, name="report-pdf"),
    path("studies/<uuid:study>/report/<int:number>/verify/", verify, name="report-verify"),
    path("discrepancies/", discrepancies, name="discrepancies"),
    path("discrepancies/<int:discrepancy>/acknowledge/", acknowledge, name="discrepancy-acknowledge"),
    path("studies/<uuid:study>/answer/", study_answer, name="study-answer"),
    path("studies/<uuid:study>/sending/", study_sending, name="study-sending"),
    path("deliveries/<uuid:delivery>/retry/", delivery_retry, name="delivery-retry"),
    path("runs/<uuid:run>/retry/", retry, name="run-retry"),
    path("runs/<uuid:run>/files/<picture:name>", run_file, name="run-file"),
    path("frames/<uuid:instance>/<int:number>.png", frame, name="frame"),
    path("thumbnails/<uuid:series>.png", thumbnail, name="thumbnail"),
    path("upload/", upload, name="upload"),
    path("api/uploads/", UploadView.as_view(), name="upload-api"),
    path("api/studies/<str:study>/", StudyStateView.as_view(), name="study-state"),
    path("api/studies/<uuid:study>/viewer/", ViewerView.as_view(), name="viewer-api"),
    path("api/studies/<uuid:study>/marks/", AnnotationsView.as_view(), name="marks-api"),
    path("api/studies/<uuid:study>/verdicts/", ReviewsView.as_view(), name="verdicts-api"),
    path("api/marks/<uuid:mark>/", AnnotationView.as_view(), name="mark-api"),
    path("api/outlines/<uuid:mark>/", OutlineView.as_view(), name="outline-api"),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("fhir/", include("webapp.exchange.fhir.urls")),
    path("campaigns/", campaigns, name="campaigns"),
    path("campaigns/new/", campaign_make, name="campaign-make"),
    path("campaigns/<int:campaign>/", campaign, name="campaign"),
    path("campaigns/<int:campaign>/switch/", campaign_switch, name="campaign-switch"),
    path("campaigns/<int:campaign>/sets/", campaign_sets, name="campaign-sets"),
    path("campaigns/cases/<int:case>/", case, name="campaign-case"),
    path("campaigns/answers/<int:answer>/outline.png", answer_outline, name="campaign-outline"),
    path("campaigns/sets/<uuid:made>/", campaign_set, name="campaign-set"),
    path("campaigns/sets/<uuid:made>/retry/", set_retry, name="campaign-set-retry"),
    path("campaigns/sets/<uuid:made>/download.zip", set_download, name="campaign-set-download"),
    path("models/", models, name="models"),
    path("models/<slug:name>/", model, name="model"),
    path("models/<slug:name>/pictures/<picture:picture>", model_picture, name="model-picture"),
    path("performance/", performance, name="performance"),
    path("performance/download.csv", performance_csv, name="performance-csv"),
    path("network/", network, name="network"),
    path("network/<int:destination>/", destination, name="destination"),
    path("network/<int:destination>/echo/", destination_echo, name="destination-echo"),
    path("rules/", rules, name="reading-rules"),
    path("rules/<int:site>/", rules, name="reading-rules-of"),
    path("tokens/", tokens, name="tokens"),
    path("tokens/<int:token>/revoke/", revoke, name="token-revoke"),
    path("exports/", exports, name="exports"),
    path("exports/<uuid:export>/", export, name="export"),
    path("exports/<uuid:export>/retry/", export_retry, name="export-retry"),
    path("exports/<uuid:export>/download.zip", download, name="export-download"),
    path("", include("webapp.administration.operations.urls")),
    path("webhooks/", webhooks, name="webhooks"),
    path("webhooks/<uuid:subscription>/", webhook_change, name="webhook-change"),
    path("webhooks/notices/<int:notice>/retry/", notice_retry, name="notice-retry"),
    path("audit/", audit, name="audit"),
    path("audit/verify/", audit_verify, name="audit-verify"),
    path("sign-in/", SignIn.as_view(), name="sign-in"),
    path("sign-out/", SignOut.as_view(), name="sign-out"),
    path("healthz", healthz, name="healthz"),
]
