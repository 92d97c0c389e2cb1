"""The addresses of consent: a person's own pages, the clinic's tablet, staff, and the clinic's texts."""

from django.urls import path

from stillhaven.clinic.consent import staff_views, text_views, views

app_name = "consent"
urlpatterns = [
    # a person's own account
    path("me/consent/", views.own_list, name="own"),
    path("me/consent/<slug:document>/", views.own_document, name="own_document"),
    path("me/consent/<slug:document>/sign/", views.own_sign, name="own_sign"),
    path("me/consent/<slug:document>/question/", views.own_ask, name="own_ask"),
    path("me/consent/<slug:document>/withdraw/", views.own_withdraw, name="own_withdraw"),
    path("me/consent/<slug:document>/undo/", views.own_undo, name="own_undo"),
    path("me/consent/signed/<uuid:uid>.pdf", views.own_pdf, name="own_pdf"),
    # the clinic's tablet in a person's hands
    path("tablet/consent/", views.tablet_list, name="tablet"),
    path("tablet/consent/<slug:document>/", views.tablet_document, name="tablet_document"),
    path("tablet/consent/<slug:document>/sign/", views.tablet_sign, name="tablet_sign"),
    path("tablet/consent/<slug:document>/question/", views.tablet_ask, name="tablet_ask"),
    # staff
    path("patients/<int:pk>/consent/", staff_views.patient, name="patient"),
    path("patients/<int:pk>/consent/hand-over/", staff_views.hand_over, name="hand_over"),
    path("patients/<int:pk>/consent/<slug:document>/", staff_views.document, name="document"),
    path("patients/<int:pk>/consent/<slug:document>/withdraw/", staff_views.withdraw, name="withdraw"),
    path("patients/<int:pk>/consent/<slug:document>/undo/", staff_views.undo, name="undo"),
    path("patients/<int:pk>/consent/witness/<uuid:uid>/", staff_views.witness, name="witness"),
    path("patients/<int:pk>/consent/answer/<uuid:uid>/", staff_views.answer, name="answer"),
    path("patients/<int:pk>/consent/signed/<uuid:uid>.pdf", staff_views.pdf, name="pdf"),
    # the clinic's texts
    path("consent/texts/", text_views.all_texts, name="texts"),
    path("consent/texts/shipped/", text_views.take_shipped, name="take_shipped"),
    path("consent/texts/publish/", text_views.publish_all, name="publish_all"),
    path("consent/texts/<slug:document>/", text_views.text, name="text"),
    path("consent/texts/<slug:document>/change/", text_views.change, name="change"),
    path("consent/texts/version/<uuid:uid>/", text_views.version, name="version"),
    path("consent/texts/version/<uuid:uid>/verdict/", text_views.verdict, name="verdict"),
]
