"""A clinic with a provider named, a provider that answers, and what each kind of person meets; printed as JSON.

Run as a program of its own, since which apps there are is settled when a process starts (test_social.py runs it).
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

CODES: dict[str, dict[str, str]] = {}  # code -> what the authorization request said
CLAIMS: dict[str, Any] = {}


class Provider(BaseHTTPRequestHandler):
    """As much of OpenID Connect as a sign-in asks for; it checks the verifier against the challenge, as a real one does."""

    def do_GET(self) -> None:
        base = f"http://{self.headers['Host']}"
        if self.path.endswith("/.well-known/openid-configuration"):
            self._say(200, {
                "issuer": base, "authorization_endpoint": f"{base}/authorize", "token_endpoint": f"{base}/token",
                "userinfo_endpoint": f"{base}/userinfo", "jwks_uri": f"{base}/keys",
                "token_endpoint_auth_methods_supported": ["client_secret_post"],
            })  # fmt: skip
        elif self.path == "/userinfo":
            self._say(200, CLAIMS)
        else:
            self._say(404, {})

    def do_POST(self) -> None:
        sent = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        asked = CODES.pop(sent["code"][0], None)
        made = base64.urlsafe_b64encode(hashlib.sha256(sent.get("code_verifier", [""])[0].encode()).digest())
        if asked is None or made.rstrip(b"=").decode() != asked["code_challenge"] or sent["client_secret"] != ["hush"]:
            self._say(400, {"error": "invalid_grant"})
        else:
            self._say(200, {"access_token": "opaque", "token_type": "Bearer", "expires_in": 60})

    def _say(self, status: int, answer: dict[str, Any]) -> None:
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


def main() -> None:
    provider = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    threading.Thread(target=provider.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{provider.server_port}"
    os.environ |= {
        "STILLHAVEN_OIDC_ISSUER": base, "STILLHAVEN_OIDC_CLIENT_ID": "clinic", "STILLHAVEN_OIDC_CLIENT_SECRET": "hush",
        "STILLHAVEN_OIDC_NAME": "Harbour Health",
    }  # fmt: skip
    import django

    django.setup()
    from django.core.management import call_command
    from django.test.utils import setup_test_environment

    setup_test_environment()
    call_command("migrate", verbosity=0, interactive=False)
    print(json.dumps(Walk().all(provider)))


class Walk:
    """What each person meets."""

    def __init__(self) -> None:
        from datetime import date

        from stillhaven.clinic.people import actions
        from stillhaven.clinic.people.models import Patient, Site

        site = Site.objects.get_or_create(id=1, defaults={"name": "Harbour Street"})[0]
        word = "seven quiet lanterns glow"
        self.nurse = actions.create_staff(
            name="Nadia Alvarez", email="nadia@social.example", roles=["nurse"], sites=[site], password=word
        )
        self.people = {}
        for n, key in enumerate(("pia", "quinn", "rob", "gone")):
            patient = Patient.objects.create(
                site=site, external_id=f"SOC-{n}", name=key.title() + " Test", born=date(1980, 1, 1)
            )
            self.people[key] = actions.create_patient_account(patient, email=f"{key}@social.example", password=word)
        from allauth.account.models import EmailAddress
        from allauth.mfa.totp.internal.auth import TOTP

        EmailAddress.objects.filter(user=self.people["quinn"]).update(verified=False)
        TOTP.activate(self.people["rob"], "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
        self.people["gone"].is_active = False
        self.people["gone"].save()

    def start(self, client: Any) -> dict[str, str]:
        answer = client.post("/accounts/oidc/outside/login/")
        place = urlsplit(answer["Location"])
        return {
            "to": f"{place.scheme}://{place.netloc}{place.path}",
            **{k: v[0] for k, v in parse_qs(place.query).items()},
        }

    def come_back(
        self, email: str, sub: str, *, verified: bool = True, client: Any = None, **changed: str
    ) -> dict[str, Any]:
        from django.test import Client

        client = client or Client()
        asked = self.start(client)
        CODES["c1"] = asked
        CLAIMS.clear()
        CLAIMS.update(
            {
                "sub": sub,
                "email": email,
                "email_verified": verified,
                "name": "Somebody",
                "picture": "https://x.example/p.png",
            }
        )
        answer = client.get("/accounts/oidc/outside/login/callback/", {"code": "c1", "state": asked["state"]} | changed)
        return {
            "status": answer.status_code, "to": answer.get("Location", ""), "in": "_auth_user_id" in client.session,
            "words": answer.content.decode().split("<h1>")[-1].split("</h1>")[0] if answer.status_code != 302 else "",
        }  # fmt: skip

    def all(self, provider: Any) -> dict[str, Any]:
        from allauth.socialaccount.models import SocialAccount, SocialToken
        from django.test import Client

        from stillhaven.clinic.record.models import AdminChange

        found: dict[str, Any] = {}
        page = Client().get("/accounts/login/")
        found["login"] = {"words": page.content.decode(), "policy": page["Content-Security-Policy"]}
        found["elsewhere"] = Client().get("/learn/")["Content-Security-Policy"]
        found["start"] = self.start(Client())
        pia = Client()
        found["patient"] = self.come_back("PIA@social.example", "s-pia", client=pia)
        found["account page"] = pia.get("/me/account/").content.decode()
        found["privacy page"] = Client().get("/privacy/").content.decode()
        found["kept"] = list(SocialAccount.objects.values("uid", "extra_data"))
        found["tokens"] = SocialToken.objects.count()
        found["again, other address"] = self.come_back("moved@elsewhere.example", "s-pia")
        found["second account, same address"] = self.come_back("pia@social.example", "s-other")
        found["staff"] = self.come_back("nadia@social.example", "s-nadia")
        found["unknown"] = self.come_back("nobody@social.example", "s-no")
        found["not confirmed there"] = self.come_back("rob@social.example", "s-rob", verified=False)
        found["not confirmed here"] = self.come_back("quinn@social.example", "s-quinn")
        found["closed"] = self.come_back("gone@social.example", "s-gone")
        found["second factor"] = self.come_back("rob@social.example", "s-rob")
        found["other state"] = self.come_back("pia@social.example", "s-pia", state="x" * 16)
        found["other code"] = self.come_back("pia@social.example", "s-pia", code="c2")
        # somebody who was linked as a patient and is staff by now
        SocialAccount.objects.create(user=self.nurse, provider="outside", uid="s-nurse")
        found["staff, linked before"] = self.come_back("x@social.example", "s-nurse")
        for path in ("/accounts/3rdparty/", "/accounts/3rdparty/signup/", "/accounts/social/signup/"):
            found[path] = pia.get(path).status_code
        found["unlinked"] = pia.post("/me/account/unlink/").status_code
        found["left"] = SocialAccount.objects.filter(user=self.people["pia"]).count()
        found["changes"] = [c.after.get("linked") or c.before.get("linked") for c in AdminChange.objects.order_by("seq")
                            if "linked" in {**c.before, **c.after}]  # fmt: skip
        provider.shutdown()
        provider.server_close()
        time.sleep(0.1)
        down = Client().post("/accounts/oidc/outside/login/")
        found["provider down"] = {
            "status": down.status_code,
            "words": down.content.decode().split("<h1>")[-1].split("</h1>")[0],
        }
        return found


if __name__ == "__main__":
    main()
