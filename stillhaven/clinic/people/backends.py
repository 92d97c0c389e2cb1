"""Signing in with e-mail and password goes through allauth, behind the lock-out of axes."""

from allauth.account.auth_backends import AuthenticationBackend


class AllauthBackend(AuthenticationBackend):
    """E-mail and password."""
