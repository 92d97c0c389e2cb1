"""The addresses of this room: one person's outcomes, for staff and for the person."""

from django.urls import URLPattern, path

from stillhaven.clinic.outcomes import views

app_name = "outcomes"
urlpatterns: list[URLPattern] = [
    path("patients/<int:pk>/outcomes/", views.page, name="page"),
    path("me/progress/", views.progress, name="mine"),
]
