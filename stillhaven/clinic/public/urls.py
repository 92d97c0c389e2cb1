"""The addresses of the public site.  A page keeps its address for good."""

from typing import Any

from django.urls import path

from stillhaven.clinic.public import (
    ask_views,
    content_views,
    costs_staff_views,
    costs_views,
    directory_staff_views,
    directory_views,
    education_views,
    enquiry_views,
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
    path("listing/", directory_staff_views.own, name="listing"),
    path("listing/import/", directory_staff_views.from_file, name="centre_import"),
    path("listing/reports/", directory_staff_views.reports, name="centre_reports"),
    path("listing/reports/<uuid:uid>/", directory_staff_views.judge, name="centre_report_judge"),
    path("costs/", costs_views.costs, name="costs"),
    path("prices/", costs_staff_views.prices, name="prices"),
    path("prices/set/", costs_staff_views.price_set, name="price_set"),
    path("prices/way/", costs_staff_views.way_set, name="way_set"),
    path("prices/provider/", costs_staff_views.provider_set, name="provider_set"),
    path("prices/<uuid:uid>/end/", costs_staff_views.price_end, name="price_end"),
    path("patients/<int:pk>/estimate/", costs_staff_views.estimate, name="estimate"),
    path("patients/<int:pk>/estimate/<uuid:uid>.pdf", costs_staff_views.estimate_pdf, name="estimate_pdf"),
    path("me/estimates/", costs_staff_views.own_estimates, name="own_estimates"),
    path("me/estimates/<uuid:uid>.pdf", costs_staff_views.own_estimate_pdf, name="own_estimate_pdf"),
    path("enquiry/", enquiry_views.enquiry, name="enquiry"),
    path("enquiry/sent/", enquiry_views.enquiry_sent, name="enquiry_sent"),
    path("enquiries/", enquiry_views.queue, name="enquiries"),
    path("enquiries/<uuid:uid>/take/", enquiry_views.queue_do, {"what": "take"}, name="enquiry_take"),
    path("enquiries/<uuid:uid>/answered/", enquiry_views.queue_do, {"what": "answered"}, name="enquiry_answered"),
    path("enquiries/<uuid:uid>/close/", enquiry_views.queue_do, {"what": "close"}, name="enquiry_close"),
    path("enquiries/<uuid:uid>/intake/", enquiry_views.begin, name="enquiry_begin"),
    path("enquiries/self-check/<uuid:uid>/intake/", enquiry_views.begin_self_check, name="self_check_begin"),
]
