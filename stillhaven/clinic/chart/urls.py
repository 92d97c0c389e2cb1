"""The addresses of the staff's faces."""

from django.urls import path

from stillhaven.clinic.chart import policy_views, tomorrow_views, views, visits

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
    path("schedule/book/", visits.book, name="book"),
    path("schedule/visits/<uuid:uid>/", visits.visit, name="visit"),
    path("schedule/visits/<uuid:uid>/move/", visits.move, name="visit_move"),
    path("schedule/visits/<uuid:uid>/cancel/", visits.cancel, name="visit_cancel"),
    path("schedule/visits/<uuid:uid>/no-show/", visits.no_show, name="visit_no_show"),
    path("schedule/visits/<uuid:uid>/arrived/", visits.arrived, name="visit_arrived"),
    path("schedule/visits/<uuid:uid>/said/", visits.said, name="visit_said"),
    path("schedule/visits/<uuid:uid>/offer/<int:pk>/", visits.offer, name="visit_offer"),
    path("schedule/waiting/", visits.waiting, name="waiting"),
    path("schedule/waiting/add/", visits.waiting_add, name="waiting_add"),
    path("schedule/waiting/<int:pk>/off/", visits.waiting_off, name="waiting_off"),
    path("patients/<int:pk>/visits/", visits.visits, name="visits"),
    path("patients/<int:pk>/reach/", visits.reach, name="reach"),
    path("patients/<int:pk>/calendar/", visits.patient_calendar, name="patient_calendar"),
    path("tomorrow/", tomorrow_views.tomorrow, name="tomorrow"),
    path("tomorrow/<uuid:uid>/<slug:gate>/", tomorrow_views.gate, name="gate"),
    path("courses/<int:pk>/facts/", tomorrow_views.course_facts, name="course_facts"),
    path("courses/<int:pk>/facts/add/", tomorrow_views.course_fact_add, name="course_fact_add"),
    path("policy/", policy_views.page, name="policy"),
    path("policy/change/", policy_views.change, name="policy_change"),
    path("policy/history/", policy_views.history, name="policy_history"),
    path("entries/<uuid:uid>/history/", views.history, name="history"),
]
