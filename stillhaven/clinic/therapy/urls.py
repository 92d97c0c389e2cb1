"""The addresses of therapy: the therapist's pages, the team's page of a person, the emergency, a person's own journal."""

from django.urls import path

from stillhaven.clinic.therapy import group_views, own_views, team_views, views

app_name = "therapy"
urlpatterns = [
    # the therapist
    path("therapy/", views.mine, name="mine"),
    path("therapy/groups/", group_views.groups, name="groups"),
    path("therapy/groups/open/", group_views.group_open, name="group_open"),
    path("therapy/groups/<uuid:uid>/", group_views.group, name="group"),
    path("therapy/groups/<uuid:uid>/note/", group_views.group_note, name="group_note"),
    path("therapy/emergency/<uuid:uid>/", team_views.glass, name="glass"),
    path("therapy/<uuid:uid>/", views.course, name="course"),
    path("therapy/<uuid:uid>/sessions/<uuid:session>/", views.session, name="session"),
    path("therapy/<uuid:uid>/do/<slug:deed>/", views.do, name="do"),
    path("therapy/<uuid:uid>/<slug:step>/", views.step, name="step"),
    # the team
    path("patients/<int:pk>/therapy/", team_views.team, name="team"),
    path("patients/<int:pk>/therapy/open/", team_views.begin, name="begin"),
    path("patients/<int:pk>/therapy/<uuid:uid>/do/<slug:deed>/", team_views.team_do, name="team_do"),
    path("patients/<int:pk>/therapy/<uuid:uid>/emergency/", team_views.emergency, name="emergency"),
    # a person's own
    path("me/journal/", own_views.journal, name="journal"),
    path("me/journal/<slug:deed>/", own_views.journal_do, name="journal_do"),
]
