"""The addresses of people: unlocking, staff, and who looked."""

from django.urls import path

from stillhaven.clinic.people import views

app_name = "people"
urlpatterns = [
    path("unlock/", views.unlock, name="unlock"),
    path("lock/", views.lock, name="lock"),
    path("staff/", views.staff, name="staff"),
    path("access/", views.access, name="access"),
]
