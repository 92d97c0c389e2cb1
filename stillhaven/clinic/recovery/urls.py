"""The addresses of recovery and of the signed record, under the session's own."""

from django.urls import path

from stillhaven.clinic.recovery import record_views, views, writes

app_name = "recovery"
urlpatterns = [
    path("<uuid:uid>/recovery/", views.page, name="page"),
    path("<uuid:uid>/recovery/look/", writes.look, name="look"),
    path("<uuid:uid>/recovery/override/", writes.override, name="override"),
    path("<uuid:uid>/discharge/", writes.discharge, name="discharge"),
    path("<uuid:uid>/sign/", writes.sign, name="sign"),
    path("<uuid:uid>/addendum/", writes.addendum, name="addendum"),
    path("<uuid:uid>/record/", record_views.record_page, name="record"),
    path("<uuid:uid>/record.pdf", record_views.record_pdf, name="record_pdf"),
    path("<uuid:uid>/summary.pdf", record_views.summary_pdf, name="summary_pdf"),
]
