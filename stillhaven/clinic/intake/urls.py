"""The addresses of the intake: the same screens for the person under /me/ and for staff with the person."""

from django.urls import URLPattern, path

from stillhaven.clinic.intake import staff_views, views

app_name = "intake"

_SCREENS = [
    ("", views.home, "home"),
    ("send/", views.send, "send"),
    ("safety/", views.safety, "safety"),
    ("find/", views.find, "find"),
    ("medicines/add/", views.add_medicine, "add_medicine"),
    ("medicine/<uuid:uid>/", views.medicine, "medicine"),
    ("trials/add/", views.add_trial, "add_trial"),
    ("trial/<uuid:uid>/", views.trial, "trial"),
    ("line/<slug:kind>/<uuid:uid>/remove/", views.line, "line"),
    ("card/<slug:side>/", views.card, "card"),
    ("<slug:key>/", views.section, "section"),
    ("<slug:key>/draft/", views.draft, "draft"),
]

urlpatterns: list[URLPattern] = [
    path("intake/", staff_views.waiting, name="waiting"),
    path("patients/new/", staff_views.new, name="new"),
    path("patients/<int:pk>/edit/", staff_views.edit, name="edit"),
    path("patients/<int:pk>/invite/", staff_views.invite, name="invite"),
    path("patients/<int:pk>/intake/", staff_views.read, name="read"),
    path("patients/<int:pk>/intake/review/", staff_views.review, name="review"),
    path("patients/<int:pk>/intake/judge/<uuid:uid>/", staff_views.judge, name="judge"),
    path("patients/<int:pk>/intake/call/<uuid:uid>/", staff_views.call, name="call"),
    *[path(f"me/intake/{at}", view, name=f"own_{name}") for at, view, name in _SCREENS],
    *[path(f"patients/<int:pk>/intake/fill/{at}", view, name=name) for at, view, name in _SCREENS],
]
