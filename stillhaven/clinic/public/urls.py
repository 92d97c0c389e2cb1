"""The addresses of the public site.  A page keeps its address for good."""

from typing import Any

from django.urls import path

from stillhaven.clinic.public import (
    ask_views,
    content_views,
    directory_views,
    education_views,
    selfcheck_views,
)

app_name = "public"


def _page(folder: str) -> Any:
    return lambda request, slug: education_views.page(request, f"{folder}/{slug}")


urlpatterns = [
    path("learn/", education_views.learn, name="learn"),
    path("learn/questions/", education_views.shelf, {"name": "questions"}, name="questions"),
    path("learn/myths/", education_views.shelf, {"name": "myths"}, name="myths"),
    path("learn/claims/", education_views.shelf, {"name": "claims"}, name="claims"),
    path("learn/questions/<slug:slug>/", _page("questions"), name="question"),
    path("learn/myths/<slug:slug>/", _page("myths"), name="myth"),
    path("learn/claims/<slug:slug>/", _page("claims"), name="claim"),
    path("learn/<slug:slug>/", _page("topics"), name="topic"),
    path("ask/", ask_views.ask, name="ask"),
    path("ask/leave/", ask_views.leave, name="ask_leave"),
    path("ask/thanks/", ask_views.thanks, name="ask_thanks"),
    path("self-check/", selfcheck_views.self_check_page, name="self_check"),
    path("self-check/send/", selfcheck_views.send, name="self_check_send"),
    path("self-check/sent/", selfcheck_views.sent, name="self_check_sent"),
    path("language/", education_views.language, name="language"),
    path("sitemap.xml", education_views.sitemap, name="sitemap"),
    path("robots.txt", education_views.robots, name="robots"),
    path("content/", content_views.content, name="content"),
    path("content/handovers/", content_views.handovers, name="handovers"),
    path("content/handovers/<uuid:uid>/take/", content_views.take, name="handover_take"),
    path("content/questions/<int:pk>/settle/", content_views.settle, name="settle_question"),
    path("content/versions/<uuid:uid>/", content_views.version, name="content_version"),
    path("content/edit/<path:key>/", content_views.edit, name="content_edit"),
    path("centres/", directory_views.directory, name="directory"),
    path("centres/map.svg", directory_views.map_picture, name="centre_map"),
    path("centres/compare/", directory_views.compare, name="compare"),
    path("centres/<uuid:uid>/", directory_views.centre, name="centre"),
    path("centres/<uuid:uid>/report/", directory_views.report, name="centre_report"),
    path("centres/<uuid:uid>/report/sent/", directory_views.report_sent, name="centre_report_sent"),
]
