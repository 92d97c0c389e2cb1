"""The addresses of one session's writes; its pages are added by the rooms that show it."""

from django.urls import path

from stillhaven.clinic.session import gate_views, vial_views, views, writes

app_name = "session"
urlpatterns = [
    path("<uuid:uid>/", views.page, name="page"),
    path("<uuid:uid>/gate/", gate_views.gate, name="gate"),
    path("<uuid:uid>/gate/enter/", gate_views.enter, name="gate_enter"),
    path("<uuid:uid>/gate/take-back/", gate_views.take_back, name="gate_take_back"),
    path("<uuid:uid>/gate/override/", gate_views.override, name="gate_override"),
    path("<uuid:uid>/vials/draw/", vial_views.draw, name="draw"),
    path("<uuid:uid>/vials/settle/", vial_views.settle, name="settle"),
    path("<uuid:uid>/amend/", views.amend, name="amend"),
    path("<uuid:uid>/check-in/", writes.check_in, name="check_in"),
    path("<uuid:uid>/check/", writes.check, name="check"),
    path("<uuid:uid>/override/", writes.override, name="override"),
    path("<uuid:uid>/ready/", writes.ready, name="ready"),
    path("<uuid:uid>/start/", writes.start, name="start"),
    path("<uuid:uid>/rate/", writes.rate, name="rate"),
    path("<uuid:uid>/hold/", writes.hold, name="hold"),
    path("<uuid:uid>/resume/", writes.resume, name="resume"),
    path("<uuid:uid>/give/", writes.give, name="give"),
    path("<uuid:uid>/stop/", writes.stop, name="stop"),
    path("<uuid:uid>/abort/", writes.abort, name="abort"),
    path("<uuid:uid>/transfer/", writes.transfer, name="transfer"),
    path("<uuid:uid>/cancel/", writes.cancel, name="cancel"),
    path("<uuid:uid>/miss/", writes.miss, name="miss"),
    path("<uuid:uid>/event/", writes.event, name="event"),
    path("<uuid:uid>/score/", writes.score, name="score"),
    path("<uuid:uid>/rescue/", writes.rescue, name="rescue"),
    path("<uuid:uid>/premedication/", writes.premedication, name="premedication"),
    path("<uuid:uid>/note/", writes.note, name="note"),
    path("<uuid:uid>/request/", writes.request_, name="request"),
    path("<uuid:uid>/photo/", writes.photo, name="photo"),
    path("<uuid:uid>/retract/", writes.retract, name="retract"),
]
