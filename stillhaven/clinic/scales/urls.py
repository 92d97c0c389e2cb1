"""The addresses of scales: a person's check-in by three ways, staff's pages, alerts, the library."""

from django.urls import URLPattern, path

from stillhaven.clinic.scales import alert_views, fill, library_views, staff_views

app_name = "scales"


def _ways(prefix: str, name: str) -> list[URLPattern]:
    """The pages of filling in, under one way in."""
    return [
        path(f"{prefix}", fill.start, name=f"{name}start"),
        path(f"{prefix}q/<int:n>/<int:i>/", fill.question, name=f"{name}question"),
        path(f"{prefix}all/<int:n>/", fill.everything, name=f"{name}all"),
        path(f"{prefix}save/<int:n>/", fill.save, name=f"{name}save"),
        path(f"{prefix}help/", fill.crisis, name=f"{name}help"),
        path(f"{prefix}review/", fill.review, name=f"{name}review"),
        path(f"{prefix}sent/", fill.sent, name=f"{name}sent"),
    ]


urlpatterns: list[URLPattern] = [
    *_ways("c/<str:token>/", ""),
    *_ways("tablet/scales/<str:token>/", "tablet_"),
    path("me/checkins/", fill.mine, name="mine"),
    *_ways("me/checkins/<int:pk>/", "me_"),
    path("patients/<int:pk>/scales/", staff_views.patient_page, name="patient"),
    path("patients/<int:pk>/scales/send/", staff_views.send, name="send"),
    path("patients/<int:pk>/scales/import/", staff_views.bring, name="bring"),
    path("patients/<int:pk>/scales/sheet/<uuid:uid>/", staff_views.sheet, name="sheet"),
    path("patients/<int:pk>/scales/sheet/<uuid:uid>/fhir.json", staff_views.sheet_fhir, name="sheet_fhir"),
    path("patients/<int:pk>/scales/<str:scale>/", staff_views.enter, name="enter"),
    path("checkins/<int:pk>/<str:deed>/", staff_views.link_deed, name="link_deed"),
    path("alerts/", alert_views.everyone, name="alerts"),
    path("alerts/<uuid:uid>/", alert_views.one, name="alert"),
    path("scales/", library_views.library, name="library"),
    path("scales/crisis-line/", library_views.crisis_line, name="crisis_line"),
    path("scales/<str:scale>/", library_views.scale, name="scale"),
    path("scales/<str:scale>/text/", library_views.load_text, name="load_text"),
    path("scales/<str:scale>/questionnaire.json", library_views.questionnaire, name="questionnaire"),
]
