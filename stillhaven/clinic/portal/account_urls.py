"""The addresses of a person's own account, under /me/."""

from django.conf import settings
from django.urls import path

from stillhaven.clinic.portal import account_pages, privacy_pages, thread_pages

app_name = "mine"
urlpatterns = [
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
if settings.OIDC is not None:
    urlpatterns.append(path("account/unlink/", account_pages.unlink, name="unlink"))
