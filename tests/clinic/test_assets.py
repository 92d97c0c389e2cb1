"""Does a browser keep static files for a year and still never see an old one?"""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template import engines
from django.test import Client

from stillhaven.clinic.web.assets import Assets, assets

HASHED = re.compile(r"\.[0-9a-f]{12}(?=\.|$)")


def folder(root: Path, **files: str) -> Path:
    for name, text in files.items():
        path = root / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_what_changes_deep_down_changes_the_names_of_all_that_lead_to_it(tmp_path: Path) -> None:
    kept = {"js__a_js": 'import { b } from "./b.js";', "js__b_js": 'import "./c.js";', "js__other_js": "1;"}
    before = Assets(folder(tmp_path, **kept, js__c_js="1;"))
    after = Assets(folder(tmp_path, **kept, js__c_js="2;"))
    for name in ("js/a.js", "js/b.js", "js/c.js"):
        assert before.hashed(name) != after.hashed(name)
    assert before.hashed("js/other.js") == after.hashed("js/other.js")
    inside = after.find("js/a.js")
    assert inside is not None
    assert after.hashed("js/b.js").removeprefix("js/") in inside[0].body.decode()


def test_a_sheet_holds_what_it_imports(tmp_path: Path) -> None:
    made = Assets(
        folder(
            tmp_path,
            css__all_css='@import url("x.css");\nb{}',
            css__x_css='a{background:url("../p.svg")}',
            p_svg="<svg/>",
        )
    )
    found = made.find("css/all.css")
    assert found is not None
    text = found[0].body.decode()
    assert "@import" not in text
    assert f'url("../{made.hashed("p.svg")}")' in text
    assert text.endswith("b{}")


@pytest.mark.parametrize(
    "files",
    [
        {"a_js": 'import "./b.js";', "b_js": 'import "./a.js";'},
        {"a_css": '@import url("b.css");', "b_css": '@import url("a.css");'},
    ],
)
def test_files_that_lead_in_a_circle_are_refused(tmp_path: Path, files: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="circle"):
        Assets(folder(tmp_path, **files))


def test_every_file_of_the_package_bears_a_hash_and_names_only_files_that_are_there() -> None:
    every = assets()
    assert len(every.files) > 40
    for asset in every.by_hashed.values():
        assert HASHED.search(asset.hashed), asset.name
        assert asset.tag.strip('W/"') in asset.hashed, asset.name
        if asset.name.endswith(".js"):
            named = re.findall(r'\bfrom "(\./[^"]+)"', asset.body.decode())
        elif asset.name.endswith(".css"):
            assert "@import" not in asset.body.decode(), asset.name
            named = re.findall(r'url\("([^"]+)"\)', asset.body.decode())
        else:
            continue
        for there in named:
            path = (Path("/") / asset.name).parent.joinpath(there).as_posix()
            path = re.sub(r"[^/]+/\.\./", "", path.replace("/./", "/")).lstrip("/")
            assert path in every.by_hashed, f"{asset.name} leads to {there}"


def test_a_template_names_files_by_their_hash() -> None:
    text = (
        engines["django"]
        .from_string('{% load static %}{% static "css/base.css" %} {% static "not/ours.js" %}')
        .render()
    )
    assert text == f"/static/{assets().hashed('css/base.css')} /static/not/ours.js"


def test_a_hashed_name_is_kept_for_a_year_and_any_other_is_asked_about() -> None:
    client, hashed = Client(), assets().hashed("css/base.css")
    kept = client.get(f"/static/{hashed}")
    assert "immutable" in kept["Cache-Control"]
    assert "max-age=31536000" in kept["Cache-Control"]
    for name in ("css/base.css", re.sub(HASHED, ".000000000000", hashed)):
        asked = client.get(f"/static/{name}")
        assert asked.status_code == 200
        assert asked["Cache-Control"] == "no-cache", name
        assert asked.content == kept.content
    assert client.get("/static/css/base.css", headers={"If-None-Match": kept["ETag"]}).status_code == 304
    assert client.get("/static/../settings.py").status_code == 404
    assert client.get("/static/css/none.000000000000.css").status_code == 404
    assert client.post(f"/static/{hashed}").status_code == 404


def test_words_travel_packed_where_the_browser_can_open_them() -> None:
    client, path = Client(), f"{settings.STATIC_URL}{assets().hashed('css/house.css')}"
    plain, packed = client.get(path), client.get(path, headers={"Accept-Encoding": "br, gzip"})
    assert packed["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.content) == plain.content
    assert len(packed.content) < len(plain.content) / 2
    assert plain["Vary"] == packed["Vary"] == "Accept-Encoding"
    assert "Content-Encoding" not in client.get(path, headers={"Accept-Encoding": "gzip;q=0, br"})
    font = next(name for name in assets().by_hashed if name.endswith(".woff2"))
    assert "Content-Encoding" not in client.get(f"/static/{font}", headers={"Accept-Encoding": "gzip"})


@pytest.mark.django_db
def test_pages_for_everybody_travel_packed_and_pages_by_secret_or_sign_in_do_not() -> None:
    client, accepts = Client(), {"Accept-Encoding": "gzip"}
    assert client.get("/learn/", headers=accepts)["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in client.get("/c/nobody/", headers=accepts)
    client.cookies[settings.SESSION_COOKIE_NAME] = "some"
    assert "Content-Encoding" not in client.get("/learn/", headers=accepts)
