"""The clinic as an ASGI application: what the server runs."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "stillhaven.clinic.web.settings")
application = get_asgi_application()
