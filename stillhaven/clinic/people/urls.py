"""The addresses of people: unlocking, second factor, staff and tokens, and who looked."""

from django.urls import path

from stillhaven.clinic.people import staff_views, views

app_name = "people"
urlpatterns = [
    path("unlock/", views.unlock, name="unlock"),
    path("unlock/everyone/", views.everyone_out, name="everyone_out"),
    path("unlock/other/", views.other, name="other"),
    path("lock/", views.lock, name="lock"),
    path("account/pin/", views.pin, name="pin"),
    path("second-factor/", views.second_factor, name="second_factor"),
    path("second-factor/passkey/", views.passkey_request, name="passkey_request"),
    path("access/", views.access, name="access"),
    path("staff/", staff_views.staff, name="staff"),
    path("staff/add/", staff_views.add, name="staff_add"),
    path("staff/tokens/", staff_views.tokens, name="tokens"),
    path("staff/tokens/<int:pk>/off/", staff_views.token_off, name="token_off"),
    path("staff/<int:pk>/", staff_views.person, name="staff_person"),
    path("staff/<int:pk>/link/", staff_views.password_link, name="staff_link"),
    path("staff/<int:pk>/second-factor/", staff_views.reset_factor, name="staff_factor"),
    path("staff/<int:pk>/switch/", staff_views.switch, name="staff_switch"),
]
