"""The addresses of this room."""

from django.urls import path

from stillhaven.clinic.stock import case_views, count_views, report_views, views

app_name = "stock"
urlpatterns = [
    path("", views.safe, name="safe"),
    path("receive/", views.receive, name="receive"),
    path("find/", views.find, name="find"),
    path("vials/<uuid:uid>/", views.vial, name="vial"),
    path("vials/<uuid:uid>/move/", views.move, name="move"),
    path("vials/<uuid:uid>/waste/", views.waste, name="waste"),
    path("vials/<uuid:uid>/label/", views.vial_label, name="vial_label"),
    path("labels/<uuid:uid>/", views.label, name="label"),
    path("count/", count_views.counts, name="counts"),
    path("count/<uuid:uid>/", count_views.count, name="count"),
    path("count/<uuid:uid>/enter/", count_views.enter, name="enter"),
    path("cases/", case_views.cases_page, name="cases"),
    path("cases/<uuid:uid>/", case_views.case, name="case"),
    path("cases/<uuid:uid>/step/", case_views.step, name="step"),
    path("cases/<uuid:uid>/recount/", case_views.recount, name="recount"),
    path("cases/<uuid:uid>/close/", case_views.close, name="close"),
    path("cases/<uuid:uid>/loss/", case_views.loss, name="loss"),
    path("reports/", report_views.reports, name="reports"),
    path("reports/ledger/", report_views.ledger, name="ledger"),
    path("reports/period.pdf", report_views.period_pdf, name="period_pdf"),
    path("reports/expiring/", report_views.expiring, name="expiring"),
    path("reports/ship/", report_views.ship, name="ship"),
    path("reports/inventory/", report_views.inventory, name="inventory"),
    path("reports/inventory/<uuid:uid>/", report_views.inventory_page, name="inventory_page"),
]
