"""Make the two font files that the pages carry: letters, weights and features that are used, and nothing else.

The family is Inter under the SIL Open Font License 1.1, which allows this; its licence lies beside the files.  Done by hand
when the family is renewed, in an environment of its own (fonttools and brotli are no part of stillhaven):

    npm pack @fontsource-variable/inter@5.3.0 && tar xf fontsource-variable-inter-*.tgz
    uv run --no-project --with 'fonttools[woff]' python tools/fonts.py package/files
"""

from __future__ import annotations

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont
from fontTools.varLib import instancer

OUT = Path(__file__).resolve().parents[1] / "stillhaven/clinic/web/static/vendor/inter"
WEIGHTS = (400, 800)
# Kerning and composed letters, figures of one width; no small capitals, fractions or other shapes of letters.
FEATURES = ["kern", "mark", "mkmk", "ccmp", "locl", "tnum"]
FIGURES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
# As in the unicode-range lines of tokens.css.
FILES = {
    "inter-latin": "U+0020-007E,U+00A0-00FF,U+0131,U+0152-0153,U+02C6,U+02DA,U+02DC,U+2009-2014,U+2018-201E,U+2020-2022,"
    "U+2026,U+202F-2030,U+2032-2033,U+2039-203A,U+2044,U+20AC,U+2122,U+2190-2193,U+2212,U+2215,U+2264-2265,U+2248,U+FFFD",
    "inter-latin-ext": "U+0100-0130,U+0132-0151,U+0154-02BA,U+0300-0304,U+0306-030C,U+0323,U+0328,U+1E00-1E9F,U+1EA0-1EF9,"
    "U+20A0-20AB,U+20AD-20C0,U+2113",
}


def make(source: Path, name: str, letters: str) -> str:
    font = TTFont(source)
    _figures_alone(font)
    options = subset.Options(
        layout_features=FEATURES, hinting=False, desubroutinize=True, flavor="woff2", name_IDs=["*"]
    )
    options.notdef_outline = True
    cut = subset.Subsetter(options)
    cut.populate(unicodes=subset.parse_unicodes(letters))
    cut.subset(font)
    font = instancer.instantiateVariableFont(font, {"wght": WEIGHTS})
    font.flavor = "woff2"
    font.save(OUT / f"{name}.woff2")
    return f"{name}.woff2: {source.stat().st_size} bytes to {(OUT / f'{name}.woff2').stat().st_size}"


def _figures_alone(font: TTFont) -> None:
    """One width for figures, and for nothing else: a hyphen as wide as a figure tears a word apart."""
    table = font["GSUB"].table if "GSUB" in font else None
    for record in table.FeatureList.FeatureRecord if table else ():
        if record.FeatureTag == "tnum":
            for number in record.Feature.LookupListIndex:
                for part in table.LookupList.Lookup[number].SubTable:
                    single = getattr(part, "ExtSubTable", part)
                    if hasattr(single, "mapping"):
                        single.mapping = {a: b for a, b in single.mapping.items() if a in FIGURES}


def main() -> int:
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for name, letters in FILES.items():
        print(make(Path(sys.argv[1]) / f"{name}-wght-normal.woff2", name, letters))
    return 0


if __name__ == "__main__":
    sys.exit(main())
