"""The web room as a Django app: base templates and the table that rate limits are kept in."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "stillhaven.clinic.web"
    label = "web"
