//! Histograms: bins, places, what is refused.

use crate::errors::{has, text};
use crate::pixels::Picture;
use eigengate::Result;
use eigengate::plot::{Axis, Color, Figure, Histogram, Panel};

#[test]
fn a_value_on_an_edge_is_in_the_upper_bin_but_for_the_last() -> Result<()> {
    let values = [0.0, 0.1, 1.0, 1.5, 2.0, 2.9, 3.0, -0.1, 3.1, f64::NAN, f64::INFINITY];
    let histogram = Histogram::of("", &values, &[0.0, 1.0, 2.0, 3.0])?;
    assert_eq!(histogram.heights, [2.0, 2.0, 3.0]);
    // Bins need not be equal.
    assert_eq!(Histogram::of("", &values, &[0.05, 0.2, 2.0])?.heights, [1.0, 3.0]);
    assert_eq!(Histogram::of("", &values, &[0.05, 0.2, 2.0])?.scaled(0.5).heights, [0.5, 1.5]);
    Ok(())
}

#[test]
fn bins_reach_from_the_axis_to_their_height_between_their_edges() -> Result<()> {
    let histogram = Histogram::new("", &[1.0, 2.0, 4.0], &[3.0, 1.0])?.with_color(Color::BLUE);
    let (x, y) = (Axis::linear("x").with_range(0.0, 5.0), Axis::linear("y").with_range(0.0, 4.0));
    let mut full = histogram.clone();
    full.alpha = 1.0;
    let picture = Picture::of(&Figure::from(Panel::new(x, y).with(full)));
    let (left, top, right, bottom) = picture.area();
    let at = |u: f64, v: f64| {
        let (x, y) = (left + u / 5.0 * (right - left), bottom - v / 4.0 * (bottom - top));
        picture.at(x as usize, y as usize)
    };
    for (u, v) in [(1.1, 0.1), (1.9, 2.9), (1.1, 2.9), (2.1, 0.9), (3.9, 0.9), (3.9, 0.1)] {
        assert_eq!(at(u, v), Color::BLUE, "{u} {v}");
    }
    for (u, v) in [(0.9, 0.5), (1.5, 3.2), (2.1, 1.3), (2.1, 2.5), (4.1, 0.5), (3.9, 1.3)] {
        assert_ne!(at(u, v), Color::BLUE, "{u} {v}");
    }
    Ok(())
}

#[test]
fn bad_histograms_are_refused_also_when_fields_are_changed() -> Result<()> {
    has(&text(Histogram::new("d", &[0.0], &[])), &["histogram `d` is empty"]);
    has(&text(Histogram::new("d", &[], &[])), &["histogram `d` is empty"]);
    has(&text(Histogram::new("d", &[0.0, 1.0], &[1.0, 2.0])), &["1 heights", "2"]);
    for edges in [[0.0, 0.0], [1.0, 0.0], [0.0, f64::NAN], [f64::NEG_INFINITY, 0.0]] {
        has(&text(Histogram::new("d", &edges, &[1.0])), &["edges = ", "ascend"]);
    }
    has(&text(Histogram::new("d", &[0.0, 1.0], &[-1.0])), &["height = -1"]);
    let mut histogram = Histogram::new("d", &[0.0, 1.0], &[1.0])?;
    histogram.heights.push(2.0);
    let panel = Panel::new(Axis::linear("x"), Axis::linear("y")).with(histogram);
    has(&text(Figure::from(panel).png()), &["1 heights"]);
    Ok(())
}
