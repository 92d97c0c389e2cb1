"""The addresses of this room."""

from django.urls import path

from stillhaven.clinic.schedule import calendar, upkeep_views, views

app_name = "schedule"
urlpatterns = [
    path("", views.day, name="day"),
    path("week/", views.week, name="week"),
    path("places/", upkeep_views.places, name="places"),
    path("places/save/", upkeep_views.place_save, name="place_save"),
    path("shifts/", upkeep_views.shifts, name="shifts"),
    path("shifts/add/", upkeep_views.shift_add, name="shift_add"),
    path("shifts/<int:pk>/drop/", upkeep_views.shift_drop, name="shift_drop"),
    path("competences/", upkeep_views.competences, name="competences"),
    path("competences/add/", upkeep_views.competence_add, name="competence_add"),
    path("competences/<int:pk>/back/", upkeep_views.competence_back, name="competence_back"),
    path("calendar/", calendar.calendar_link, name="calendar_link"),
    path("calendar/<str:secret>.ics", calendar.feed, name="feed"),
]
