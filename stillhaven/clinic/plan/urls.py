"""The addresses of orders."""

from django.urls import path

from stillhaven.clinic.plan import plan_views, views

app_name = "plan"
urlpatterns = [
    path("courses/<int:pk>/plan/", plan_views.plan, name="plan"),
    path("courses/<int:pk>/order/", views.order, name="order"),
    path("orders/<uuid:uid>/", views.signed, name="signed"),
    path("orders/<uuid:uid>/amend/", views.amend, name="amend"),
    path("orders/<uuid:uid>/cancel/", views.cancel, name="cancel"),
]
