"""The addresses of this app."""

from django.urls import path

from webapp.reading.study_page.finding_views import say
from webapp.reading.study_page.views import retry, study, study_answer

urlpatterns = [
    path("studies/<uuid:study>/", study, name="study"),
    path("studies/<uuid:study>/reviews/", say, name="study-review"),
    path("studies/<uuid:study>/answer/", study_answer, name="study-answer"),
    path("runs/<uuid:run>/retry/", retry, name="run-retry"),
]
