"""URLs of routing."""

from django.urls import path

from webapp.exchange.routing.views import destination, destination_echo, network, retry, study_sending

urlpatterns = [
    path("studies/<uuid:study>/sending/", study_sending, name="study-sending"),
    path("deliveries/<uuid:delivery>/retry/", retry, name="delivery-retry"),
    path("network/", network, name="network"),
    path("network/<int:destination>/", destination, name="destination"),
    path("network/<int:destination>/echo/", destination_echo, name="destination-echo"),
]
