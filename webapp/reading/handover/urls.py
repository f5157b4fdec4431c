"""The addresses of this app."""

from django.urls import path

from webapp.reading.handover.views import accept, create, handover, handover_waiting, handovers

urlpatterns = [
    path("hand-over/", handovers, name="handovers"),
    path("hand-over/make/", create, name="handover-make"),
    path("hand-over/waiting/", handover_waiting, name="handover-waiting"),
    path("hand-over/<int:handover>/", handover, name="handover"),
    path("hand-over/<int:handover>/accept/", accept, name="handover-accept"),
]
