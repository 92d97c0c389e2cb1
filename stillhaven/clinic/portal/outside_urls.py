"""Addresses of accounts outside /me/: registering, a caregiver's link, unsubscribing, privacy; and the team's pages."""

from django.urls import path

from stillhaven.clinic.portal import account_pages, privacy_pages, thread_pages

app_name = "outside"
urlpatterns = [
    path("register/", account_pages.register, name="register"),
    path("register/sent/", account_pages.register_sent, name="register_sent"),
    path("register/confirm/<str:secret>/", account_pages.register_confirm, name="register_confirm"),
    path("care/<str:secret>/", account_pages.caregiver, name="caregiver"),
    path("unsubscribe/<str:token>/", account_pages.unsubscribe, name="unsubscribe"),
    path("privacy/", privacy_pages.notice, name="privacy"),
    path("privacy/cookies/", privacy_pages.cookies, name="cookies"),
    path("privacy/requests/", privacy_pages.desk, name="requests"),
    path("privacy/requests/<uuid:uid>/", privacy_pages.case, name="case"),
    path("messages/", thread_pages.inbox, name="inbox"),
    path("messages/threads/<uuid:uid>/", thread_pages.thread, name="thread"),
    path("messages/threads/<uuid:uid>/assign/", thread_pages.assign, name="assign"),
    path("messages/threads/<uuid:uid>/close/", thread_pages.close, name="close"),
    path("messages/files/<uuid:uid>/", thread_pages.staff_enclosure, name="enclosure"),
    path("patients/<int:pk>/write/", thread_pages.write_to, name="write_to"),
]
