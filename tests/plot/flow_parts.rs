//! What portraits of flows are drawn with: markers, curves with arrowheads, regions, equal axes.

use crate::pixels::Picture;
use eigengate::Error;
use eigengate::plot::{Axis, Color, Curves, Dash, Figure, Filling, Line, Marker, Panel, Points, Regions};
use ndarray::{Array2, array};

fn square() -> Panel {
    let (x, y) = (Axis::linear("x").with_range(-1.0, 1.0), Axis::linear("y").with_range(-1.0, 1.0));
    Panel::new(x, y)
}

fn figure(panel: Panel) -> Figure {
    Figure::from(panel).with_size(80.0, 80.0)
}

/// Pixels of a colour to the left and to the right of the middle of the data area, above and below it.
fn quadrants(picture: &Picture, color: Color) -> [usize; 4] {
    let (left, top, right, bottom) = picture.area();
    let (x, y) = ((left + right) / 2.0, (top + bottom) / 2.0);
    let mut counts = [0; 4];
    for (column, row) in picture.all(color) {
        counts[usize::from(column as f64 > x) + 2 * usize::from(row as f64 > y)] += 1;
    }
    counts
}

#[test]
fn a_marker_is_full_open_or_half() {
    let dot = |marker, filling| {
        let points = Points::new("", &[0.0], &[0.0]).unwrap();
        points.with_color(Color::BLUE).with_diameter(18.0).with_marker(marker, filling)
    };
    for marker in [Marker::Circle, Marker::Square, Marker::Diamond] {
        let of = |filling| {
            let [a, b, c, d] =
                quadrants(&Picture::of(&figure(square().with(dot(marker, filling)))), Color::BLUE);
            (a + c, b + d)
        };
        let (full, open, half) = (of(Filling::Full), of(Filling::Open), of(Filling::Half));
        assert!(full.0.abs_diff(full.1) < full.0 / 6, "{marker:?} {full:?}");
        assert!(open.0 * 5 < full.0 * 3 && open.0.abs_diff(open.1) < open.0 / 6, "{marker:?} {open:?}");
        assert!(half.0 > half.1 * 3 / 2 && half.0 <= full.0 * 4 / 3, "{marker:?} {half:?}");
    }
    // A cross: its middle is coloured, and what is above, below, left and right of that is not.
    let picture = Picture::of(&figure(square().with(dot(Marker::Cross, Filling::Full))));
    let (left, top, right, bottom) = picture.area();
    let (x, y) = (((left + right) / 2.0) as usize, ((top + bottom) / 2.0) as usize);
    assert_eq!(picture.at(x, y), Color::BLUE);
    for (dx, dy) in [(15, 0), (0, 15)] {
        assert_ne!(picture.at(x + dx, y + dy), Color::BLUE);
        assert_ne!(picture.at(x - dx, y - dy), Color::BLUE);
    }
    assert_eq!(picture.at(x + 12, y + 12), Color::BLUE);
    assert_eq!(picture.at(x - 12, y + 12), Color::BLUE);
}

#[test]
fn markers_are_in_the_legend_with_their_shapes() {
    let points = |name: &str, x: f64, filling| {
        let points = Points::new(name, &[x], &[0.0]).unwrap().with_color(Color::GREEN);
        points.with_diameter(9.0).with_marker(Marker::Circle, filling)
    };
    let count = |panel: Panel| Picture::of(&figure(panel)).all(Color::GREEN).len();
    // The sample in the legend is as large as the marker: with the name there is twice as much of the colour.
    for filling in [Filling::Full, Filling::Open] {
        let (named, alone) = (
            count(square().with(points("sink", 0.0, filling))),
            count(square().with(points("", 0.0, filling))),
        );
        assert!(named.abs_diff(2 * alone) * 8 < alone, "{filling:?} {named} {alone}");
    }
}

#[test]
fn arrowheads_point_to_the_end_of_a_curve() {
    // Two lines upwards, one of them long enough for a head; drawn with and without.
    let lines = vec![vec![[0.0, -0.8], [0.0, 0.8]], vec![[0.5, 0.0], [0.5, 0.01]]];
    let plain = Curves::new("flow", lines).unwrap().with_color(Color::BLUE).with_width(1.0);
    let picture =
        |curves: Curves| Picture::of(&figure(square().with(Curves { name: String::new(), ..curves })));
    let (without, with) = (picture(plain.clone()), picture(plain.clone().with_arrows()));
    let added: Vec<(usize, usize)> = {
        let before = without.all(Color::BLUE);
        with.all(Color::BLUE).into_iter().filter(|at| !before.contains(at)).collect()
    };
    assert!(added.len() > 15, "{}", added.len());
    // The head is wider at its back, which is below its tip.
    // A long curve has several heads; this is the uppermost.
    let top = added.iter().map(|p| p.1).min().unwrap();
    let added: Vec<(usize, usize)> = added.into_iter().filter(|p| p.1 < top + 20).collect();
    let bottom = added.iter().map(|p| p.1).max().unwrap();
    assert!(bottom - top < 15, "{added:?}");
    let width = |rows: std::ops::Range<usize>| added.iter().filter(|(_, y)| rows.contains(y)).count();
    let middle = (top + bottom) / 2;
    assert!(width(middle + 1..bottom + 1) > width(top..middle), "{added:?}");

    let dashed = picture(plain.clone().with_dash(Dash::Dashed)).all(Color::BLUE).len();
    let solid = without.all(Color::BLUE).len();
    assert!(dashed * 10 < solid * 8 && dashed * 10 > solid * 4, "{dashed} of {solid}");
    let text = figure(square().with(plain)).summary().unwrap();
    assert!(text.contains("2 curves `flow`: 4 points, y -0.8 to 0.8"), "{text}");
    assert!(matches!(Curves::new("none", vec![vec![]]), Err(Error::Empty { .. })));
}

#[test]
fn a_nan_breaks_a_curve() {
    let curve = Curves::new("c", vec![vec![[-0.5, 0.0], [f64::NAN, 0.0], [0.5, 0.0]]]).unwrap();
    let text = figure(square().with(curve)).summary().unwrap();
    assert!(text.contains("1 curves `c`: 2 points, y 0 to 0, left out 1 NaN or infinite"), "{text}");
}

#[test]
fn regions_lie_where_their_labels_say() {
    // The upper right quarter has label 1, the lower left none.
    let labels = array![[7, 0], [0, 1]];
    let tints = [("left", Color::tint(0)), ("corner", Color::tint(1))];
    let regions = Regions::new(labels.view(), &tints, (-1.0, 1.0), (-1.0, 1.0)).unwrap();
    let bare = Regions {
        regions: regions.regions.iter().map(|r| (String::new(), r.1)).collect(),
        ..regions.clone()
    };
    let picture = Picture::of(&figure(square().with(bare)));
    let (first, second) = (quadrants(&picture, Color::tint(0)), quadrants(&picture, Color::tint(1)));
    // Upper left and lower right have label 0.
    assert!(first[0] > 1000 && first[3] > 1000 && first[1] < 300 && first[2] < 300, "{first:?}");
    assert!(second[1] > 1000 && second[0] < 300 && second[2] + second[3] < 300, "{second:?}");
    // With names there are samples in the legend.
    let named = Picture::of(&figure(square().with(regions.clone()))).all(Color::tint(1)).len();
    assert!(named > 500);
    let text = figure(square().with(regions.clone())).summary().unwrap();
    assert!(text.contains("2 x 2 labels, `left` 50 %, `corner` 25 %, 1 without a region"), "{text}");

    let new = |labels: &Array2<usize>, tints: &[(&str, Color)], x| {
        Regions::new(labels.view(), tints, x, (0.0, 1.0))
    };
    assert!(matches!(new(&Array2::zeros((0, 2)), &tints, (0.0, 1.0)), Err(Error::Empty { .. })));
    assert!(matches!(new(&labels, &[], (0.0, 1.0)), Err(Error::Empty { .. })));
    let error = new(&labels, &tints, (1.0, 0.0)).unwrap_err().to_string();
    assert!(error.contains("x = (1, 0)") && error.contains("the lower first"), "{error}");
    let changed = Regions { x: (f64::NAN, 1.0), ..regions };
    assert!(figure(square().with(changed)).png().is_err());
}

#[test]
fn equal_axes_have_equal_units() {
    // x spans 2 units, y 1; a wide figure, a high one, and one of its own size.
    let line = || Line::new("", &[-1.0, 1.0], &[0.0, 1.0]).unwrap();
    let panel = || {
        let (x, y) = (Axis::linear("x").with_range(-1.0, 1.0), Axis::linear("y").with_range(0.0, 1.0));
        Panel::new(x, y).with(line()).with_equal_axes()
    };
    for size in [None, Some((120.0, 40.0)), Some((60.0, 120.0))] {
        let figure = Figure::from(panel());
        let figure = size.map_or(figure.clone(), |(width, height)| figure.with_size(width, height));
        let (left, top, right, bottom) = Picture::of(&figure).area();
        let ratio = (right - left) / (bottom - top);
        assert!((ratio - 2.0).abs() < 0.03, "{size:?}: {ratio}");
    }
    // The height of a figure without a size follows, however many panels there are.
    let one = Picture::of(&Figure::from(panel()));
    let three = Picture::of(&Figure::new(vec![panel(), panel(), panel()]));
    assert!(
        one.height * 5 < one.width * 4 && three.height * 3 < three.width,
        "{} {}",
        one.height,
        three.height
    );
    let log =
        Panel::new(Axis::log("x"), Axis::linear("y")).with(Line::new("", &[1.0, 9.0], &[0.0, 1.0]).unwrap());
    let error = Figure::from(log.with_equal_axes()).png().unwrap_err().to_string();
    assert!(error.contains("log axis"), "{error}");
}
