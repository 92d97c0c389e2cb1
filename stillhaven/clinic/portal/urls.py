"""The addresses of a patient's own pages."""

from django.urls import path

from stillhaven.clinic.portal import views

app_name = "portal"
urlpatterns = [
    path("", views.home, name="home"),
    path("visits/<uuid:uid>/", views.visit, name="visit"),
    path("visits/<uuid:uid>/summary.pdf", views.visit_pdf, name="visit_pdf"),
]
