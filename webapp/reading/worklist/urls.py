"""The addresses of this app."""

from django.urls import path

from webapp.reading.worklist.views import (
    claim,
    pick,
    release,
    rules,
    take_over,
    triage,
    two_readers,
    worklist,
    worklist_rows,
    worklist_search,
)

urlpatterns = [
    path("", worklist, name="worklist"),
    path("worklist/rows/", worklist_rows, name="worklist-rows"),
    path("worklist/search/", worklist_search, name="worklist-search"),
    path("next-case/", pick, name="next-case"),
    path("studies/<uuid:study>/claim/", claim, name="study-claim"),
    path("studies/<uuid:study>/release/", release, name="study-release"),
    path("studies/<uuid:study>/take-over/", take_over, name="study-take-over"),
    path("studies/<uuid:study>/two-readers/", two_readers, name="study-two-readers"),
    path("studies/<uuid:study>/triage/", triage, name="study-triage"),
    path("reading-rules/", rules, name="reading-rules"),
    path("reading-rules/<int:site>/", rules, name="reading-rules-of"),
]
