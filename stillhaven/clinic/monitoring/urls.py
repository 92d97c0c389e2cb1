"""The addresses of the live screen, under the session's own."""

from django.urls import path

from stillhaven.clinic.monitoring import limits_views, views, what_if, writes

app_name = "monitoring"
urlpatterns = [
    path("live-shell/", views.shell, name="shell"),
    path("<uuid:uid>/live/", views.live, name="live"),
    path("<uuid:uid>/live/state", views.live_state, name="state"),
    path("<uuid:uid>/live/stream", views.live_stream, name="stream"),
    path("<uuid:uid>/what-if/", what_if.page, name="what_if"),
    path("<uuid:uid>/limits/", limits_views.page, name="limits"),
    path("<uuid:uid>/alarm/", writes.acknowledge, name="ack"),
    path("<uuid:uid>/audio-pause/", writes.pause_audio, name="audio_pause"),
    path("<uuid:uid>/audio-on/", writes.resume_audio, name="audio_on"),
    path("<uuid:uid>/limit/", writes.limit, name="limit"),
    path("<uuid:uid>/vitals/", writes.by_hand, name="vitals"),
    path("<uuid:uid>/artefact/", writes.artefact, name="artefact"),
    path("<uuid:uid>/attach/", writes.attach, name="attach"),
    path("<uuid:uid>/detach/", writes.detach, name="detach"),
]
