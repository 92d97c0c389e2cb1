"""The room's name for Django, which has a `messages` of its own."""

from django.apps import AppConfig


class Post(AppConfig):
    """Reminders and secure messages."""

    name = "stillhaven.clinic.messages"
    label = "post"
