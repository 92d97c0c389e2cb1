"""The addresses of this room."""

from django.urls import path

from stillhaven.clinic.registry import views

app_name = "registry"
urlpatterns = [
    path("", views.clinic, name="clinic"),
    path("fit/", views.fit, name="fit"),
    path("exports/", views.exports_page, name="exports"),
    path("exports/make/", views.make, name="make"),
    path("exports/<uuid:uid>/told/", views.told, name="told"),
]
