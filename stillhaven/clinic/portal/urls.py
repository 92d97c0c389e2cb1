"""The addresses of a patient's own pages."""

from django.urls import path

from stillhaven.clinic.portal import account_pages, appointments, privacy_pages, thread_pages, views

app_name = "portal"
urlpatterns = [
    path("", views.home, name="home"),
    path("visits/<uuid:uid>/", views.visit, name="visit"),
    path("visits/<uuid:uid>/summary.pdf", views.visit_pdf, name="visit_pdf"),
    path("appointments/", appointments.appointments, name="appointments"),
    path("appointments/<uuid:uid>/ask/", appointments.appointment_ask, name="appointment_ask"),
    path("visit/<str:secret>/", appointments.confirm, name="confirm"),
    path("messages/", thread_pages.letters, name="letters"),
    path("messages/<uuid:uid>/", thread_pages.letter, name="letter"),
    path("messages/files/<uuid:uid>/", thread_pages.enclosure, name="enclosure"),
    path("details/", account_pages.details, name="details"),
    path("details/phone/", account_pages.own_phone, name="own_phone"),
    path("details/wishes/", account_pages.choose_wishes, name="wishes"),
    path("account/", account_pages.account, name="account"),
    path("account/sign-ins/<str:handle>/end/", account_pages.end_sign_in, name="end_sign_in"),
    path("account/download/", account_pages.download, name="download"),
    path("account/close/", account_pages.close, name="close"),
    path("caregivers/", account_pages.caregivers, name="caregivers"),
    path("caregivers/<uuid:uid>/end/", account_pages.caregiver_end, name="caregiver_end"),
    path("requests/", privacy_pages.requests, name="requests"),
]
