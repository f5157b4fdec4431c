"""The addresses of this app."""

from django.urls import path

from webapp.reading.study_page.views import retry, review_save, study, study_answer

urlpatterns = [
    path("studies/<uuid:study>/", study, name="study"),
    path("studies/<uuid:study>/reviews/", review_save, name="study-review"),
    path("studies/<uuid:study>/answer/", study_answer, name="study-answer"),
    path("runs/<uuid:run>/retry/", retry, name="run-retry"),
]
