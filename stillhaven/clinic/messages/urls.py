"""The addresses of this room."""

from django.urls import path

from stillhaven.clinic.messages import views

app_name = "post"
urlpatterns = [
    path("outbox/", views.outbox, name="outbox"),
    path("outbox/<int:pk>/again/", views.again, name="again"),
    path("outbox/heard/", views.heard, name="heard"),
]
