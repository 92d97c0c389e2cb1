"""Follow-up tells the outcome page which forms were expected: the page stands beneath and does not ask upward."""

from django.apps import AppConfig


class FollowUp(AppConfig):
    """What is due, is anyone slipping, and how did each expected measurement end?"""

    name = "stillhaven.clinic.followup"

    def ready(self) -> None:
        from stillhaven.clinic.followup.points import left_open
        from stillhaven.clinic.outcomes import expected

        expected.register(left_open)
