"""The addresses of follow-up: the work list, one person, the queue of reviews, a patient's own page."""

from django.urls import URLPattern, path

from stillhaven.clinic.followup import own_views, views, watch_views

app_name = "followup"
urlpatterns: list[URLPattern] = [
    path("followup/", views.worklist, name="worklist"),
    path("followup/watch/", watch_views.everyone, name="watch"),
    path("followup/watch/<uuid:uid>/", watch_views.one, name="review"),
    path("followup/endings/<uuid:uid>/back/", views.back, name="back"),
    path("followup/courses/<int:pk>/send/", views.send, name="send"),
    path("followup/courses/<int:pk>/call/", views.call, name="call"),
    path("followup/courses/<int:pk>/end/", views.end, name="end"),
    path("followup/courses/<int:pk>/stop/", views.stop, name="stop"),
    path("followup/courses/<int:pk>/take/", views.take, name="take"),
    path("followup/courses/<int:pk>/report/", watch_views.report, name="report"),
    path("patients/<int:pk>/followup/", views.person, name="person"),
    path("me/followup/", own_views.own, name="own"),
]
