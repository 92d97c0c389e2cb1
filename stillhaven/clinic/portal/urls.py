"""The addresses of a patient's own pages."""

from django.urls import path

from stillhaven.clinic.portal import appointments, views

app_name = "portal"
urlpatterns = [
    path("", views.home, name="home"),
    path("visits/<uuid:uid>/", views.visit, name="visit"),
    path("visits/<uuid:uid>/summary.pdf", views.visit_pdf, name="visit_pdf"),
    path("appointments/", appointments.appointments, name="appointments"),
    path("appointments/<uuid:uid>/ask/", appointments.appointment_ask, name="appointment_ask"),
    path("visit/<str:secret>/", appointments.confirm, name="confirm"),
]
