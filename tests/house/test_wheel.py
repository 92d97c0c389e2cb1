"""Does a stillhaven that is installed from a wheel carry every reference file?"""

from __future__ import annotations

import tomllib
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from stillhaven.reference.load import current

ROOT = Path(__file__).parents[2]


def _toml(folder: Traversable, path: str = "") -> set[str]:
    found = set()
    for item in folder.iterdir():
        name = f"{path}{item.name}"
        if item.is_dir():
            found |= _toml(item, f"{name}/")
        elif item.name.endswith(".toml"):
            found.add(name)
    return found


def test_package_data_holds_every_reference_file() -> None:
    packed = _toml(resources.files("stillhaven.reference"))
    on_disk = {
        p.relative_to(ROOT / "stillhaven/reference").as_posix() for p in ROOT.glob("stillhaven/reference/**/*.toml")
    }
    assert packed == on_disk
    assert {"signals.toml", "sources.toml", "protocols/iv_depression.toml", "alarms/pressure_high.toml"} <= packed
    assert {f"protocols/{key}.toml" for key in current().protocols} <= packed


def test_the_wheel_takes_the_whole_package() -> None:
    """Hatch packs the folder with everything in it; an exclusion or a list of file types could drop the numbers."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["packages"] == ["stillhaven"]
    assert not {"exclude", "include", "only-include"} & set(wheel)
    assert not {"exclude", "include", "only-include"} & set(project["tool"]["hatch"]["build"])


def test_nothing_keeps_reference_files_out_of_the_repository() -> None:
    """Hatch leaves out what .gitignore names."""
    rules = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    assert not any(rule.strip("/").startswith(("stillhaven/reference", "*.toml", "reference")) for rule in rules)
