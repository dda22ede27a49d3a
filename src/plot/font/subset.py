"""Makes eigengate-sans-{regular,bold}.otf from Inter; see README.md beside this file for the steps."""
import sys
import uharfbuzz as hb
from fontTools import subset
from fontTools.ttLib import TTFont, newTable
from fontTools.ttLib.tables._k_e_r_n import KernTable_format_0

SYMBOLS = (
    "αβγδεζηθικλμνξοπρςστυφχψωϕϵΓΔΘΛΞΠΣΦΨΩ"
    "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿⁱ₀₁₂₃₄₅₆₇₈₉₊₋ₙᵢₖₜₕₘ"
    "−≤≥≈≠∞∂∑∏√‖′″–—…→←↑↓ℓ‘’“”†‡•□"
)
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz.,-–"


def make(source, target, style):
    wanted = {*range(0x20, 0x7F), *range(0xA0, 0x100), *map(ord, SYMBOLS)}
    font = TTFont(source)
    missing = [chr(c) for c in sorted(wanted) if c not in font.getBestCmap()]
    if missing:
        sys.exit(f"{source} lacks {missing}")

    # Pair distances are in GPOS, which the reader of this font (ab_glyph) does not know: keep those of
    # letters as an old-style `kern` table.
    shaper = hb.Font(hb.Face(hb.Blob.from_file_path(source)))
    cmap = font.getBestCmap()
    pairs = {}
    for a in LETTERS:
        for b in LETTERS:
            buffer = hb.Buffer()
            buffer.add_str(a + b)
            buffer.guess_segment_properties()
            features = {"calt": False, "liga": False, "ccmp": False}
            hb.shape(shaper, buffer, {**features, "kern": True})
            with_kern = buffer.glyph_positions[0].x_advance
            buffer = hb.Buffer()
            buffer.add_str(a + b)
            buffer.guess_segment_properties()
            hb.shape(shaper, buffer, {**features, "kern": False})
            distance = with_kern - buffer.glyph_positions[0].x_advance
            if abs(distance) >= font["head"].unitsPerEm // 100:
                pairs[cmap[ord(a)], cmap[ord(b)]] = distance

    options = subset.Options()
    options.layout_features = []
    options.hinting = False
    options.desubroutinize = True
    options.name_IDs = [0, 1, 2, 4, 6, 13, 14]
    options.notdef_outline = True
    options.drop_tables += ["GSUB", "GPOS", "GDEF", "STAT", "DSIG", "BASE"]
    options.glyph_names = True
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=wanted)
    subsetter.subset(font)

    table = KernTable_format_0()
    table.apple, table.coverage, table.tupleIndex, table.kernTable = False, 1, None, pairs
    font["kern"] = newTable("kern")
    font["kern"].version, font["kern"].kernTables = 0, [table]
    # A modified version under a name of its own.
    names = {1: "eigengate Sans", 2: style, 4: f"eigengate Sans {style}", 6: f"eigengateSans-{style}"}
    for record in font["name"].names:
        if record.nameID in names:
            record.string = names[record.nameID]
    cff = font["CFF "].cff
    cff.fontNames[0] = names[6]
    cff.topDictIndex[0].FullName, cff.topDictIndex[0].FamilyName = names[4], names[1]
    font["head"].modified = font["head"].created
    font.recalcTimestamp = False
    font.save(target)
    print(target, len(font.getGlyphOrder()), "glyphs", len(pairs), "pairs")


make(sys.argv[1] + "/Inter-Regular.otf", "eigengate-sans-regular.otf", "Regular")
make(sys.argv[1] + "/Inter-SemiBold.otf", "eigengate-sans-bold.otf", "Bold")
