"""The addresses of drills."""

from django.urls import path

from stillhaven.clinic.monitoring import drill_views

app_name = "drills"
urlpatterns = [
    path("", drill_views.page, name="all"),
    path("start/", drill_views.start, name="start"),
    path("<uuid:uid>/", drill_views.one, name="one"),
    path("<uuid:uid>/end/", drill_views.end, name="end"),
]
