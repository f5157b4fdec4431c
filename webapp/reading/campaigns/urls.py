"""The addresses of this app."""

from django.urls import path

from webapp.reading.campaigns.views import (
    answer_outline,
    campaign,
    campaign_create,
    campaign_set,
    campaign_sets,
    campaign_switch,
    campaigns,
    case,
    download,
    retry,
)

urlpatterns = [
    path("campaigns/", campaigns, name="campaigns"),
    path("campaigns/new/", campaign_create, name="campaign-make"),
    path("campaigns/<int:campaign>/", campaign, name="campaign"),
    path("campaigns/<int:campaign>/switch/", campaign_switch, name="campaign-switch"),
    path("campaigns/<int:campaign>/sets/", campaign_sets, name="campaign-sets"),
    path("campaigns/cases/<int:case>/", case, name="campaign-case"),
    path("campaigns/answers/<int:answer>/outline.png", answer_outline, name="campaign-outline"),
    path("campaigns/sets/<uuid:dataset>/", campaign_set, name="campaign-set"),
    path("campaigns/sets/<uuid:dataset>/retry/", retry, name="campaign-set-retry"),
    path("campaigns/sets/<uuid:dataset>/download.zip", download, name="campaign-set-download"),
]
