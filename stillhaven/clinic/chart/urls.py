"""The addresses of the staff's faces."""

from django.urls import path

from stillhaven.clinic.chart import views

app_name = "chart"
urlpatterns = [
    path("board/", views.board, name="board"),
    path("board/state", views.board_state, name="board_state"),
    path("board/beside", views.beside, name="beside"),
    path("wall/", views.wall, name="wall"),
    path("devices/<int:pk>/", views.device, name="device"),
    path("devices/<int:pk>/attach/", views.device_attach, name="device_attach"),
    path("attachments/<uuid:uid>/correct/", views.attachment_correct, name="attachment_correct"),
    path("messages/<uuid:uid>/", views.message, name="message"),
    path("patients/", views.patients, name="patients"),
    path("patients/<int:pk>/", views.patient, name="patient"),
    path("entries/<uuid:uid>/history/", views.history, name="history"),
]
