//! Images side by side, and heat maps.

#[path = "plot/pixels.rs"]
#[allow(dead_code)]
mod pixels;

use eigengate::Error;
use eigengate::data::ImageShape;
use eigengate::plot::{
    Axis, Color, ColorMap, Figure, Heatmap, Image, ImageGrid, Limits, Line, Panel, Series, sensitivity_maps,
};
use eigengate::prelude::*;
use ndarray::Array1;
use pixels::Picture;

const WHITE: Color = Color::new(255, 255, 255);

fn shape(channels: usize, height: usize, width: usize) -> ImageShape {
    ImageShape { channels, height, width }
}

fn ramp(count: usize, low: f32, high: f32) -> Array1<f32> {
    Array1::linspace(low, high, count)
}

/// Two rows of three small images, no row as high as it is wide.
fn grid() -> ImageGrid {
    let shape = shape(1, 3, 5);
    let grey = Image::pixels(ramp(15, 0.0, 1.0).view(), shape).unwrap();
    let map = |low, high| Image::signed(ramp(15, low, high).view(), shape).unwrap();
    ImageGrid::new()
        .with_columns(["image", "n = 1", "n = 10"])
        .with_row("vanilla", [grey.clone(), map(-0.5, 0.25), map(0.0, 3.0)])
        .with_row("1/n", [grey, map(-1e-6, 1e-6), map(-0.02, 0.126)])
}

/// Left and top pixel of the first image, and the side of one of its pixels, of a PNG whose images are 5 wide.
///
/// Names stand in 13 pixels above and at the left, behind 5 of margin; an image of 5 pixels is 70 wide, and 8 lie between.
fn place(column: usize, row: usize, high: usize) -> (usize, usize) {
    (2 * (5 + 13 + column * 78), 2 * (5 + 13 + row * (high + 8)))
}

#[test]
fn pixels_have_the_colours_of_their_values() {
    let picture = Picture::decode(grid().png().unwrap());
    // 14 logical pixels are 28 of the file; captions are 13 high.
    let (side, high) = (28, 3 * 14 + 13);
    let expect = |column: usize, row: usize, of: &dyn Fn(usize) -> Color| {
        let (left, top) = place(column, row, high);
        for index in 0..15 {
            let (i, j) = (index / 5, index % 5);
            // All corners: edges are sharp.
            for (x, y) in [(0, 0), (side - 1, 0), (0, side - 1), (side - 1, side - 1), (side / 2, side / 2)] {
                let (found, want) = (picture.at(left + j * side + x, top + i * side + y), of(index));
                // The values are float32.
                let near = found.red.abs_diff(want.red) < 2
                    && found.green.abs_diff(want.green) < 2
                    && found.blue.abs_diff(want.blue) < 2;
                assert!(near, "column {column}, row {row}, pixel ({i}, {j}): {found:?} {want:?}");
            }
        }
        // No frame, no shadow: white beside it.
        assert_eq!(picture.at(left - 1, top + side), WHITE);
        assert_eq!(picture.at(left + 5 * side, top + side), WHITE);
        assert_eq!(picture.at(left + side, top + 3 * side), WHITE);
    };
    let grey = |index: usize| {
        let value = (255.0 * index as f64 / 14.0).round() as u8;
        Color::new(value, value, value)
    };
    let map = |low: f64, high: f64| {
        move |index: usize| {
            let limit = high.max(-low);
            ColorMap::Diverging.at(0.5 + (low + (high - low) * index as f64 / 14.0) / limit / 2.0)
        }
    };
    for row in 0..2 {
        expect(0, row, &grey);
    }
    expect(1, 0, &map(-0.5, 0.25));
    expect(2, 0, &map(0.0, 3.0));
    expect(1, 1, &map(-1e-6, 1e-6));
    expect(2, 1, &map(-0.02, 0.126));
}

#[test]
fn maps_are_blue_below_zero_and_red_above() {
    let blueish = |c: Color| c.blue > c.red + 30;
    let reddish = |c: Color| c.red > c.blue + 30;
    assert!(blueish(ColorMap::Diverging.at(0.0)) && blueish(ColorMap::Diverging.at(0.3)));
    assert!(reddish(ColorMap::Diverging.at(1.0)) && reddish(ColorMap::Diverging.at(0.7)));
    let map = Image::signed(array![-1.0f32, 0.0, 1.0].view(), shape(1, 1, 3)).unwrap();
    let picture = Picture::decode(ImageGrid::new().with_row("", [map]).png().unwrap());
    let at = |j: usize| picture.at(2 * 5 + j * 48 + 24, 2 * 5 + 24);
    assert!(blueish(at(0)) && reddish(at(2)));
    assert_eq!(at(1), Color::new(247, 247, 247));
    // Equal sizes are equally dark: nobody sees one sign as the larger.
    let light = |c: Color| {
        let part = |v: u8| (f64::from(v) / 255.0).powf(2.2);
        (0.2126 * part(c.red) + 0.7152 * part(c.green) + 0.0722 * part(c.blue)).cbrt()
    };
    for step in 1..=10 {
        let (low, high) = (0.5 - f64::from(step) / 20.0, 0.5 + f64::from(step) / 20.0);
        let (low, high) = (ColorMap::Diverging.at(low), ColorMap::Diverging.at(high));
        assert!((light(low) - light(high)).abs() < 0.1, "{low:?} {high:?}");
    }
    for pair in (0..=20).map(|i| ColorMap::Sequential.at(f64::from(i) / 20.0)).collect::<Vec<_>>().windows(2)
    {
        assert!(light(pair[1]) > light(pair[0]));
    }
    assert_eq!(ColorMap::Sequential.at(-3.0), ColorMap::Sequential.at(0.0));
    assert_eq!(ColorMap::Sequential.at(3.0), Color::new(0xfd, 0xe7, 0x25));
}

#[test]
fn limits_are_symmetric_and_shared_as_asked() {
    let captions = |limits: Limits| {
        let svg = grid().with_limits(limits).svg().unwrap();
        let labels =
            svg.split("aria-label=\"").skip(1).map(|part| part.split_once('"').unwrap().0.to_owned());
        labels.filter(|label| label.contains('±') || label.contains('3')).collect::<Vec<_>>()
    };
    assert_eq!(captions(Limits::Cell), ["±0.50", "±3.0", "±1.0×10⁻⁶", "±0.13"]);
    assert_eq!(captions(Limits::Row), ["±3.0", "±3.0", "±0.13", "±0.13"]);
    assert_eq!(captions(Limits::Grid), ["−3.0", "3.0"]);
    let summary = grid().with_limits(Limits::Row).summary().unwrap();
    assert!(summary.contains("[1/n] image; n = 1 (±0.126); n = 10 (±0.126)"), "{summary}");
    // The first map of the first row reaches to -0.5 of 3.
    let picture = Picture::decode(grid().with_limits(Limits::Row).png().unwrap());
    let (left, top) = place(1, 0, 0);
    assert_eq!(picture.at(left, top), ColorMap::Diverging.at(0.5 - 0.5 / 6.0));
}

#[test]
fn an_svg_has_the_pixels_as_rectangles() {
    let svg = grid().svg().unwrap();
    let (left, top) = (5 + 13 + 78, 5 + 13);
    // The first pixel of the first map, the last, and the one above it, in hundredths.
    for (value, i, j) in [(-0.5f64, 0, 0), (0.25, 2, 4), (-0.5 + 0.75 * 9.0 / 14.0, 1, 4)] {
        let Color { red, green, blue } = ColorMap::Diverging.at(0.5 + value);
        let (x, y) = (100 * (left + 14 * j), 100 * (top + 14 * i));
        let path = format!("M{x} {y}H{}V{}H{x}Z", x + 1400, y + 1400);
        let element = format!("<path fill=\"#{red:02X}{green:02X}{blue:02X}\" d=\"");
        let found = svg.split(&element).skip(1).any(|rest| rest.split_once('"').unwrap().0.contains(&path));
        assert!(found, "{element} {path}");
    }
    assert!(!svg.contains("<image") && !svg.contains("href") && !svg.contains("<text"));
    assert!(svg.contains("shape-rendering=\"crispEdges\""));
    // One colour is one rectangle, wherever it lies.
    let even = Image::pixels(Array1::from_elem(15, 1.0 / 255.0).view(), shape(1, 3, 5)).unwrap();
    let svg = ImageGrid::new().with_row("", [even]).svg().unwrap();
    let path = svg.split_once("#010101\" d=\"").unwrap().1.split_once('"').unwrap().0;
    assert_eq!(path, "M500 500H7500V4700H500Z");
}

/// Every pixel of the raster is in the rectangles once, whatever the pattern.
#[test]
fn rectangles_of_an_svg_are_the_picture() {
    let mut state = 1u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 30) as f32 / 3.0
    };
    let values = Array1::from_shape_fn(12 * 12, |_| next());
    let svg = ImageGrid::new()
        .with_row("", [Image::pixels(values.view(), shape(1, 12, 12)).unwrap()])
        .svg()
        .unwrap();
    let mut found = vec![None; 144];
    for part in svg.split("<path fill=\"#").skip(1) {
        let grey = u8::from_str_radix(&part[..2], 16).unwrap();
        let path = part.split_once("d=\"").unwrap().1.split_once('"').unwrap().0;
        for patch in path.split_terminator('Z') {
            let numbers: Vec<usize> =
                patch.split(['M', ' ', 'H', 'V']).skip(1).map(|n| n.parse().unwrap()).collect();
            let [left, top, right, bottom, _] = numbers[..] else { panic!("{patch}") };
            for (i, j) in
                (top..bottom).step_by(600).flat_map(|y| (left..right).step_by(600).map(move |x| (y, x)))
            {
                let at = (i - 500) / 600 * 12 + (j - 500) / 600;
                assert!(found[at].replace(grey).is_none());
            }
        }
    }
    for (value, grey) in values.iter().zip(found) {
        assert_eq!(grey, Some((255.0 * value).round() as u8));
    }
}

#[test]
fn colours_are_planes_and_maps_of_colours_are_sums() {
    let shape = shape(3, 1, 2);
    let image = Image::pixels(array![1.0f32, 0.0, 0.2, 0.4, 0.0, 1.0].view(), shape).unwrap();
    let map = Image::signed(array![0.5f32, 1.0, 0.25, -2.0, 0.25, -3.0].view(), shape).unwrap();
    assert_eq!(map.largest(), 4.0);
    let picture = Picture::decode(ImageGrid::new().with_row("", [image, map]).png().unwrap());
    let at = |image: usize, j: usize| picture.at(2 * (5 + 80 * image) + 72 * j + 36, 2 * 5 + 36);
    assert_eq!((at(0, 0), at(0, 1)), (Color::new(255, 51, 0), Color::new(0, 102, 255)));
    assert_eq!((at(1, 0), at(1, 1)), (ColorMap::Diverging.at(0.625), ColorMap::Diverging.at(0.0)));
}

#[test]
fn a_map_of_zeros_has_the_middle_colour() {
    let map = Image::signed(Array1::zeros(4).view(), shape(1, 2, 2)).unwrap();
    let grid = ImageGrid::new().with_row("", [map]);
    assert!(grid.svg().unwrap().contains("aria-label=\"±0\""));
    assert_eq!(Picture::decode(grid.png().unwrap()).at(20, 20), Color::new(247, 247, 247));
}

#[test]
fn the_same_grid_has_the_same_bytes() {
    assert_eq!(grid().png().unwrap(), grid().png().unwrap());
    assert_eq!(grid().svg().unwrap(), grid().svg().unwrap());
    let folder = tempfile::tempdir().unwrap();
    grid().save(folder.path().join("a.svg")).unwrap();
    assert_eq!(std::fs::read_to_string(folder.path().join("a.svg")).unwrap(), grid().svg().unwrap());
    assert!(grid().save(folder.path().join("a.pdf")).is_err());
}

#[test]
fn a_grid_is_as_wide_as_asked_for_and_stays_sharp() {
    let colors = |grid: &ImageGrid| {
        let picture = Picture::decode(grid.png().unwrap());
        let mut colors: Vec<[u8; 3]> = picture.pixels.chunks(3).map(|p| [p[0], p[1], p[2]]).collect();
        colors.sort_unstable();
        colors.dedup();
        (picture.width, colors.len())
    };
    let value = Image::pixels(array![0.0f32, 1.0, 0.5, 0.25].view(), shape(1, 2, 2)).unwrap();
    let grid = ImageGrid::new().with_row("", [value.clone(), value]);
    // Black, white, and two greys, at whatever resolution.
    for dpi in [72, 97, 192, 300, 601] {
        assert_eq!(colors(&grid.clone().with_dpi(dpi)).1, 4, "{dpi}");
    }
    // At 300 dots per inch the first image begins at 15.6 pixels, which are 16, and not 15.
    let picture = Picture::decode(grid.clone().with_dpi(300).png().unwrap());
    assert_eq!((picture.at(15, 20), picture.at(16, 20)), (WHITE, Color::BLACK));
    assert_eq!(colors(&grid.clone().with_width(50.8)).0, 384);
    assert_eq!(colors(&grid.clone().with_width(127.0)), (960, 4));
    let many = |count: usize| {
        let image = Image::pixels(Array1::zeros(784).view(), shape(1, 28, 28)).unwrap();
        ImageGrid::new().with_row("", vec![image; count])
    };
    // A page is 183 mm.
    assert!(Picture::decode(many(20).png().unwrap()).width <= 1384);
    assert!(many(100).png().unwrap_err().to_string().contains("larger with_width"));
}

#[test]
fn bad_input_is_refused() {
    let text = |error: Option<Error>| error.map(|e| e.to_string()).unwrap_or_default();
    let values = ramp(12, 0.0, 1.0);
    let pixels = |shape| Image::pixels(values.view(), shape).err();
    assert!(text(pixels(shape(1, 3, 5))).contains("expected 15 values for 1x3x5 pixels, found 12"));
    for bad in [shape(2, 2, 3), shape(0, 3, 4), shape(1, 0, 12), shape(3, usize::MAX, 4)] {
        assert!(text(pixels(bad)).contains("1 or 3 channels"), "{bad}");
        assert!(matches!(Image::signed(values.view(), bad), Err(Error::Parameter { .. })));
    }
    let mut bad = values.clone();
    bad[5] = f32::NAN;
    for error in
        [Image::pixels(bad.view(), shape(1, 3, 4)).err(), Image::signed(bad.view(), shape(3, 2, 2)).err()]
    {
        assert!(matches!(error, Some(Error::NotFinite { index: 5, .. })));
    }
    bad[5] = 1.5;
    let error = text(Image::pixels(bad.view(), shape(1, 3, 4)).err());
    assert!(error.contains("1.5 at index 5") && error.contains("Image::signed"), "{error}");
    let most = Array1::from_elem(3, f32::MAX);
    assert!(matches!(Image::signed(most.view(), shape(3, 1, 1)), Err(Error::NotFinite { .. })));

    let refused = |grid: ImageGrid, parts: &[&str]| {
        for error in [grid.png().err(), grid.svg().err(), grid.summary().err()] {
            let error = text(error);
            assert!(parts.iter().all(|part| error.contains(part)) && !error.contains('\n'), "{error}");
        }
    };
    let image = |height, width| {
        Image::signed(ramp(height * width, -1.0, 1.0).view(), shape(1, height, width)).unwrap()
    };
    refused(ImageGrid::new(), &["grid of images is empty"]);
    refused(ImageGrid::new().with_row("a", []), &["grid of images is empty"]);
    refused(grid().with_columns(["one"]), &["heads of columns", "expected 3", "found 1"]);
    refused(grid().with_row("third", [image(3, 5)]), &["row `third`", "expected 3 images", "found 1"]);
    refused(ImageGrid::new().with_row("a", [image(3, 5), image(5, 3)]), &["row `a`", "3 x 5", "found 5 x 3"]);
    assert!(text(grid().with_dpi(10).png().err()).contains("dpi = 10"));
    for width in [f64::NAN, 9.0, 1200.0] {
        assert!(text(grid().with_width(width).svg().err()).contains("10 to 1000 mm"));
    }
}

#[test]
fn names_and_captions_stand_in_their_places() {
    let image = Image::pixels(ramp(4, 0.0, 1.0).view(), shape(1, 2, 2)).unwrap().with_caption("seven");
    let map = Image::signed(ramp(4, -1.0, 1.0).view(), shape(1, 2, 2)).unwrap().with_caption("a map");
    let grid =
        ImageGrid::new().with_columns(["a", "b"]).with_row("net\n<1>", [image, map]).with_title("All & any");
    let svg = grid.svg().unwrap();
    for label in ["All &amp; any", "a", "b", "net&lt;1&gt;", "seven", "a map", "− limit", "0", "+ limit"] {
        assert!(svg.contains(&format!("aria-label=\"{label}\"")), "{label}");
    }
    assert!(!svg.contains('±'));
    let summary = grid.summary().unwrap();
    assert_eq!(summary.lines().count(), 2, "{summary}");
    assert!(summary.contains("Images \"All & any\": 1 rows, 2 columns"), "{summary}");
    assert!(summary.contains("a \"seven\"; b (±1) \"a map\""), "{summary}");
}

#[test]
fn a_heat_map_lies_where_the_axes_say() {
    // Row 0 is the lowest.
    let values = Array2::from_shape_fn((2, 3), |(i, j)| (3 * i + j) as f64);
    let map = Heatmap::new("rate", values.view(), (0.0, 3.0), (-1.0, 1.0)).unwrap();
    let figure = |map: &Heatmap, x: Axis, y: Axis| Figure::from(Panel::new(x, y).with(map.clone()));
    let plain = figure(&map, Axis::linear("x"), Axis::linear("y"));
    let picture = Picture::of(&plain);
    let (left, top, right, bottom) = picture.area();
    let at = |i: usize, j: usize| {
        let x = left + (j as f64 + 0.5) / 3.0 * (right - left);
        let y = bottom - (i as f64 + 0.5) / 2.0 * (bottom - top);
        picture.at(x as usize, y as usize)
    };
    for ((i, j), value) in values.indexed_iter() {
        assert_eq!(at(i, j), ColorMap::Sequential.at(value / 5.0), "({i}, {j})");
    }
    assert!(plain.svg().unwrap().contains("aria-label=\"rate, 0 to 5\""));
    let summary = plain.summary().unwrap();
    assert!(
        summary.contains("x (0 to 3); y: y (-1 to 1); heat map `rate`: 2 x 3 values, 0 to 5"),
        "{summary}"
    );

    // Of a fixed range one part of six is seen.
    let bare = Heatmap { name: String::new(), ..map.clone() };
    let (x, y) = (Axis::linear("x").with_range(1.0, 2.0), Axis::linear("y").with_range(0.0, 1.0));
    let picture = Picture::of(&figure(&bare, x, y));
    let (left, top, right, bottom) = picture.area();
    let seen = ColorMap::Sequential.at(0.8);
    assert_eq!(picture.at(left as usize + 4, top as usize + 4), seen);
    assert_eq!(picture.at(right as usize - 4, bottom as usize - 4), seen);
    for hidden in [0.0, 0.2, 0.4, 0.6, 1.0] {
        assert!(picture.all(ColorMap::Sequential.at(hidden)).is_empty(), "{hidden}");
    }

    // A line that reaches further pads the axis.
    let line = Line::new("", &[0.0, 6.0], &[0.0, 0.0]).unwrap();
    let panel = Panel::new(Axis::linear("x"), Axis::linear("y")).with(map.clone()).with(line);
    let summary = Figure::from(panel).summary().unwrap();
    assert!(summary.contains("x (-0.24 to 6.24); y: y (-1 to 1)"), "{summary}");

    // On a log axis parts are equal ratios.
    let map = Heatmap::new("", values.view(), (1.0, 1000.0), (0.0, 1.0)).unwrap().with_limits(0.0, 10.0);
    let picture = Picture::of(&figure(&map, Axis::log("x"), Axis::linear("y")));
    let (left, _, right, bottom) = picture.area();
    let x = |value: f64| left + value.log10() / 3.0 * (right - left);
    for (value, share) in [(9.5, 0.0), (10.5, 0.1), (99.0, 0.1), (105.0, 0.2)] {
        assert_eq!(
            picture.at(x(value) as usize, bottom as usize - 9),
            ColorMap::Sequential.at(share),
            "{value}"
        );
    }
}

#[test]
fn a_heat_map_leaves_out_what_is_not_finite_and_is_checked() {
    let values = array![[f64::NAN, -2.0], [1.0, f64::INFINITY]];
    let map = Heatmap::new("v", values.view(), (0.0, 1.0), (0.0, 1.0)).unwrap().diverging();
    let panel = |map: &Heatmap| Panel::new(Axis::linear("x"), Axis::linear("y")).with(map.clone());
    let figure = Figure::from(panel(&map));
    assert!(figure.summary().unwrap().contains("2 x 2 values, -2 to 2, left out 2 NaN or infinite"));
    let picture = Picture::of(&figure);
    let (left, top, right, bottom) = picture.area();
    let (low, high) = (bottom as usize - 9, top as usize + 9);
    assert_eq!(picture.at(left as usize + 9, low), WHITE);
    assert_eq!(picture.at(left as usize + 9, high), ColorMap::Diverging.at(0.75));
    assert_eq!(picture.at(right as usize - 9, low), ColorMap::Diverging.at(0.0));
    let svg = figure.svg().unwrap();
    assert!(svg.contains("aria-label=\"v, −2 to 2\"") && svg.contains("fill=\"#053061\""));

    let text = |error: Option<Error>| error.map(|e| e.to_string()).unwrap_or_default();
    let new = |x, y| text(Heatmap::new("v", values.view(), x, y).err());
    assert!(new((1.0, 1.0), (0.0, 1.0)).contains("x = (1, 1)"));
    assert!(new((0.0, 1.0), (f64::NAN, 1.0)).contains("y = (NaN, 1)"));
    assert!(matches!(
        Heatmap::new("v", Array2::zeros((0, 3)).view(), (0.0, 1.0), (0.0, 1.0)),
        Err(Error::Empty { .. })
    ));
    assert!(
        text(Figure::from(panel(&map.clone().with_limits(1.0, 0.0))).png().err()).contains("limits = (1, 0)")
    );
    let log = Panel::new(Axis::log("x"), Axis::linear("y")).with(map.clone());
    assert!(text(Figure::from(log).png().err()).contains("positive ends on a log axis"));
    let lost = Heatmap::new("v", Array2::from_elem((2, 2), f64::NAN).view(), (0.0, 1.0), (0.0, 1.0)).unwrap();
    assert!(text(Figure::from(panel(&lost)).png().err()).contains("4 NaN or infinite"));
    let beside = panel(&lost).with(Line::new("", &[0.5], &[0.5]).unwrap());
    assert!(Figure::from(beside).svg().unwrap().contains("v (no data)"));
    // Fields are public.
    let mut map = map;
    map.values = Array2::zeros((0, 0));
    assert!(matches!(Figure::from(panel(&map)).png(), Err(Error::Empty { .. })));
    assert!(matches!(&panel(&map).series[0], Series::Heatmap(_)));
    // The largest numbers have colours too.
    let values = array![[-f64::MAX, 0.0, f64::MAX]];
    let map = Heatmap::new("", values.view(), (0.0, 3.0), (0.0, 1.0)).unwrap();
    let picture = Picture::of(&Figure::from(panel(&map)));
    let (left, top, right, _) = picture.area();
    let at = picture.at(((left + right) / 2.0) as usize, top as usize + 20);
    assert_eq!(at, ColorMap::Sequential.at(0.5));
}

fn digits() -> eigengate::Result<Dataset> {
    mnist::shipped()?.test.take(120)
}

#[test]
fn sensitivity_maps_have_a_row_for_each_network() -> eigengate::Result<()> {
    let data = digits()?;
    let nets = [3, 4].map(|seed| Mlp::new(&[784, 12, 10], Activation::Tanh, seed).unwrap());
    let [a, b] = [0, 1].map(|i: usize| Sensitivity::new(&nets[i], &data, "hidden.0").unwrap());
    let image = data.images().index_axis_move(ndarray::Axis(0), 7);
    let grid = sensitivity_maps(image, data.shape(), &[("a", &nets[0], &a), ("b", &nets[1], &b)], &[1, 5])?;
    let map = b.projection_gradient(&nets[1], data.images().slice(s![7..8, ..]), 5)?;
    let want = Image::signed(map.row(0), data.shape())?;
    assert_eq!((grid.rows()[1].0.as_str(), &grid.rows()[1].1[2]), ("b", &want));
    assert_eq!(grid.rows()[0].1[0], Image::pixels(image, data.shape())?);
    assert!(grid.summary()?.starts_with("Images: 2 rows, 3 columns\n[a] image; n = 1 (±"));
    assert!(matches!(sensitivity_maps(image, data.shape(), &[], &[1]), Err(Error::Empty { .. })));
    let of = |numbers: &[usize]| sensitivity_maps(image, data.shape(), &[("a", &nets[0], &a)], numbers);
    assert!(matches!(of(&[]), Err(Error::Empty { .. })));
    assert!(matches!(of(&[1, 13]), Err(Error::Parameter { name: "n", .. })));
    Ok(())
}

/// Figures for eyes, in `target/gallery`: `cargo test --test images gallery -- --ignored`.
#[test]
#[ignore = "for eyes"]
fn gallery() -> eigengate::Result<()> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target/gallery");
    std::fs::create_dir_all(&folder).unwrap();
    let mnist = mnist::shipped()?;
    let train = mnist.train.take(10_000)?;
    let mut nets = vec![];
    for beta in [0.0, 2.0] {
        let mut net = Mlp::new(&[784, 200, 10], Activation::Tanh, 1)?;
        let training = Training::new(5, 500);
        let training = if beta > 0.0 { training.with_penalty(SpectralPenalty::new(beta)) } else { training };
        training.run(&mut net, &train, None)?;
        let sensitivity = Sensitivity::new(&net, &train, "hidden.0")?;
        nets.push((net, sensitivity));
    }
    let image = mnist.test.images().index_axis_move(ndarray::Axis(0), 0);
    let networks: Vec<(&str, &dyn Network, &Sensitivity)> = ["vanilla", "1/n"]
        .iter()
        .zip(&nets)
        .map(|(name, (net, of))| (*name, net as &dyn Network, of))
        .collect();
    let maps = sensitivity_maps(image, mnist.test.shape(), &networks, &[1, 2, 5, 10, 50, 150])?;
    println!("{}", maps.summary()?);
    for (name, limits) in [("cell", Limits::Cell), ("row", Limits::Row), ("grid", Limits::Grid)] {
        let grid = maps.clone().with_limits(limits).with_title("Sensitivity of a digit's projections");
        grid.save(folder.join(format!("sensitivity-{name}.png")))?;
        grid.save(folder.join(format!("sensitivity-{name}.svg")))?;
    }
    grid().save(folder.join("images-small.png"))?;
    let at = |i: usize| (i as f64 + 0.5) / 30.0;
    let field = Array2::from_shape_fn((60, 60), |(i, j)| (3.0 * at(i)).sin() * (at(j) - 1.0) - 0.3 * at(i));
    let map = Heatmap::new("dx/dt", field.view(), (-1.0, 1.0), (0.0, 2.0))?.diverging();
    let line = Line::new("nullcline", &[-0.9, 0.2, 0.8], &[0.2, 0.6, 1.9])?;
    let panel = Panel::new(Axis::linear("x"), Axis::linear("y")).with(map).with(line);
    let rate = Heatmap::new("rate (Hz)", field.mapv(f64::abs).view(), (1.0, 1000.0), (0.0, 2.0))?;
    let other = Panel::new(Axis::log("Frequency (Hz)"), Axis::linear("y")).with(rate);
    let figure = Figure::new(vec![panel, other]);
    figure.save(folder.join("heatmaps.png"))?;
    figure.save(folder.join("heatmaps.svg"))
}
