"""The addresses of candidacy."""

from django.urls import URLPattern, path

from stillhaven.clinic.candidacy import views

app_name = "candidacy"
urlpatterns: list[URLPattern] = [
    path("patients/<int:pk>/candidacy/", views.page, name="page"),
    path("patients/<int:pk>/candidacy/consider/", views.consider, name="consider"),
    path("patients/<int:pk>/candidacy/record/<slug:page>/", views.record, name="record"),
    path("patients/<int:pk>/candidacy/take-back/<uuid:uid>/", views.take_back, name="take_back"),
    path("patients/<int:pk>/candidacy/override/", views.override, name="override"),
    path("patients/<int:pk>/candidacy/decide/", views.decide, name="decide"),
    path("candidacy/decisions/<uuid:uid>/", views.decision, name="decision"),
]
