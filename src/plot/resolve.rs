//! A panel checked: what of its data can be drawn, and how far its axes reach.

use super::axis::{Axis, Scale};
use super::panel::Panel;
use super::series::{Band, Course, Dash, Series, same_length};
use super::theme::{Color, INK, PALETTE_SIZE};
use crate::error::{Error, Result};

/// Points of a line, or the two edges of a band (`low` and `high` differ), without gaps.
pub(super) type Run = Vec<Place>;

#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) x: f64,
    pub(super) low: f64,
    pub(super) high: f64,
}

/// What can be drawn of one series.
#[derive(Clone, Debug, Default)]
pub(super) struct Part {
    pub(super) runs: Vec<Run>,
    pub(super) color: Option<Color>,
    /// Of a line; not its own where the palette has started again.
    pub(super) dash: Dash,
    pub(super) kept: usize,
    pub(super) not_finite: usize,
    pub(super) not_positive: usize,
    /// Kept, but outside of a fixed range.
    pub(super) outside: usize,
    /// Lowest and highest of what is kept.
    pub(super) x: Option<(f64, f64)>,
    pub(super) y: Option<(f64, f64)>,
}

impl Part {
    pub(super) fn color(&self) -> Color {
        self.color.unwrap_or(INK)
    }

    pub(super) fn given(&self) -> usize {
        self.kept + self.not_finite + self.not_positive
    }

    /// Whether the series had points and none of them can be drawn.
    pub(super) fn is_lost(&self) -> bool {
        self.kept == 0 && self.given() > 0
    }

    /// Why points were left out, for a person; empty where none were.
    pub(super) fn losses(&self) -> String {
        let mut reasons = Vec::new();
        if self.not_finite > 0 {
            reasons.push(format!("{} NaN or infinite", self.not_finite));
        }
        if self.not_positive > 0 {
            reasons.push(format!("{} not positive on a log axis", self.not_positive));
        }
        reasons.join(", ")
    }
}

/// Lowest and highest value of an axis.
type Ends = (f64, f64);

pub(super) struct Resolved<'a> {
    pub(super) panel: &'a Panel,
    /// Ends of the axes.
    pub(super) x: (f64, f64),
    pub(super) y: (f64, f64),
    /// One for each series.
    pub(super) parts: Vec<Part>,
}

impl<'a> Resolved<'a> {
    pub(super) fn new(panel: &'a Panel) -> Result<Self> {
        let mut parts = panel.series.iter().map(|series| part(series, panel)).collect::<Result<Vec<_>>>()?;
        color(&panel.series, &mut parts);

        let given: usize = parts.iter().map(Part::given).sum();
        if given > 0 && parts.iter().all(|part| part.kept == 0) {
            let sum = |count: fn(&Part) -> usize| parts.iter().map(count).sum();
            let all = Part {
                not_finite: sum(|p| p.not_finite),
                not_positive: sum(|p| p.not_positive),
                ..Part::default()
            };
            let remedy = if all.not_positive > 0 {
                "; use Axis::linear, or check the data"
            } else {
                "; check the data"
            };
            return Err(Error::Draw(format!(
                "nothing is left of `{}` against `{}`: {}{remedy}",
                panel.y.label,
                panel.x.label,
                all.losses()
            )));
        }
        let all = |of: fn(&Part) -> Option<(f64, f64)>| parts.iter().filter_map(of).reduce(union);
        // A heat map that holds all other data fills its panel.
        let filled = |data: Option<(f64, f64)>, of: fn((Ends, Ends)) -> Ends| {
            let mut maps = panel.series.iter().filter_map(|series| match series {
                Series::Heatmap(map) => Some(of((map.x, map.y))),
                Series::Regions(map) => Some(of((map.x, map.y))),
                _ => None,
            });
            maps.any(|ends| data == Some(ends))
        };
        let (x, y) = (all(|p| p.x), all(|p| p.y));
        let x = panel.x.ends(x, filled(x, |ends| ends.0))?;
        let y = panel.y.ends(y, filled(y, |ends| ends.1))?;
        if panel.equal && (panel.x.scale, panel.y.scale) != (Scale::Linear, Scale::Linear) {
            let labels = format!("`{}` against `{}`", panel.y.label, panel.x.label);
            return Err(Error::Draw(format!("equal axes need linear scales, but {labels} has a log axis")));
        }
        let beyond = |value: f64, (low, high): (f64, f64)| value.is_nan() || value < low || value > high;
        for (part, series) in parts.iter_mut().zip(&panel.series) {
            let hidden = |p: &&Place| p.x < x.0 || p.x > x.1 || p.high < y.0 || p.low > y.1;
            part.outside = match series {
                Series::Note(note) => usize::from(beyond(note.x, x) || beyond(note.y, y)),
                Series::Reference(reference) => match reference.course {
                    Course::Horizontal(value) => usize::from(beyond(value, y)),
                    Course::Vertical(value) => usize::from(beyond(value, x)),
                    _ => 0,
                },
                _ => part.runs.iter().flatten().filter(hidden).count(),
            };
        }
        Ok(Self { panel, x, y, parts })
    }
}

fn union(a: (f64, f64), b: (f64, f64)) -> (f64, f64) {
    (a.0.min(b.0), a.1.max(b.1))
}

fn part(series: &Series, panel: &Panel) -> Result<Part> {
    match series {
        Series::Line(line) => {
            same_length(&line.name, &line.x, &line.y)?;
            within("width", line.width, 0.1..=20.0)?;
            Ok(sort(line.x.iter().zip(&line.y).map(|(&x, &y)| (x, y, y)), panel))
        }
        Series::Curves(curves) => {
            within("width", curves.width, 0.1..=20.0)?;
            let mut all = Part::default();
            for line in &curves.lines {
                let mut part = sort(line.iter().map(|&[x, y]| (x, y, y)), panel);
                all.runs.append(&mut part.runs);
                all.kept += part.kept;
                all.not_finite += part.not_finite;
                all.not_positive += part.not_positive;
                all.x = all.x.into_iter().chain(part.x).reduce(union);
                all.y = all.y.into_iter().chain(part.y).reduce(union);
            }
            Ok(all)
        }
        Series::Points(points) => {
            same_length(&points.name, &points.x, &points.y)?;
            within("diameter", points.diameter, 0.1..=20.0)?;
            Ok(sort(points.x.iter().zip(&points.y).map(|(&x, &y)| (x, y, y)), panel))
        }
        Series::Band(band) => {
            same_length(&band.name, &band.x, &band.low)?;
            same_length(&band.name, &band.x, &band.high)?;
            within("alpha", band.alpha, 0.01..=1.0)?;
            Ok(sort(edges(band), panel))
        }
        Series::Histogram(histogram) => {
            histogram.check()?;
            within("width", histogram.width, 0.1..=20.0)?;
            within("alpha", histogram.alpha, 0.01..=1.0)?;
            Ok(sort(histogram.tops().map(|(x, height)| (x, 0.0, height)), panel))
        }
        Series::Heatmap(map) => {
            map.check()?;
            positive(panel, map.x, map.y, &map.name)?;
            let kept = map.finite();
            let not_finite = map.values.len() - kept;
            Ok(Part { kept, not_finite, x: Some(map.x), y: Some(map.y), ..Part::default() })
        }
        Series::Regions(map) => {
            map.check()?;
            positive(panel, map.x, map.y, "regions")?;
            let kept = map.known();
            Ok(Part { kept, x: Some(map.x), y: Some(map.y), ..Part::default() })
        }
        Series::Reference(reference) => {
            within("width", reference.width, 0.1..=20.0)?;
            let finite = match reference.course {
                Course::Horizontal(value) | Course::Vertical(value) => value.is_finite(),
                Course::Straight { intercept: a, slope: b } | Course::Power { amplitude: a, exponent: b } => {
                    a.is_finite() && b.is_finite()
                }
            };
            if !finite {
                let name = &reference.name;
                let value = format!("{:?}", reference.course);
                return Err(Error::parameter(
                    "course",
                    value,
                    format!("finite numbers (reference `{name}`)"),
                ));
            }
            Ok(Part::default())
        }
        Series::Note(_) => Ok(Part::default()),
    }
}

/// Refuses a matrix that a log axis cannot show.
fn positive(panel: &Panel, x: (f64, f64), y: (f64, f64), map: &str) -> Result<()> {
    for (axis, (low, _), name) in [(&panel.x, x, "x"), (&panel.y, y, "y")] {
        if !axis.shows(low) {
            let expected = format!("positive ends on a log axis (heat map `{map}`)");
            return Err(Error::parameter(name, low, expected));
        }
    }
    Ok(())
}

fn edges(band: &Band) -> impl Iterator<Item = (f64, f64, f64)> {
    // Edges given the wrong way round are still the same area.
    band.x.iter().zip(&band.low).zip(&band.high).map(|((&x, &low), &high)| (x, low.min(high), high.max(low)))
}

fn within(name: &'static str, value: f64, allowed: std::ops::RangeInclusive<f64>) -> Result<()> {
    if allowed.contains(&value) {
        Ok(())
    } else {
        Err(Error::parameter(name, value, format!("{} to {}", allowed.start(), allowed.end())))
    }
}

/// Splits places into runs at those that cannot be drawn.
fn sort(places: impl Iterator<Item = (f64, f64, f64)>, panel: &Panel) -> Part {
    let mut part = Part::default();
    let mut run = Run::new();
    for (x, low, high) in places {
        if x.is_finite() && low.is_finite() && high.is_finite() && panel.x.shows(x) && panel.y.shows(high) {
            part.kept += 1;
            part.x = Some(part.x.map_or((x, x), |range| union(range, (x, x))));
            let lowest = if panel.y.shows(low) { low } else { high };
            part.y = Some(part.y.map_or((lowest, high), |range| union(range, (lowest, high))));
            run.push(Place { x, low, high });
            continue;
        }
        if [x, low, high].iter().all(|v| v.is_finite()) {
            part.not_positive += 1;
        } else {
            part.not_finite += 1;
        }
        if !run.is_empty() {
            part.runs.push(std::mem::take(&mut run));
        }
    }
    if !run.is_empty() {
        part.runs.push(run);
    }
    part
}

/// Colours the series that name none: lines and points in turn, a band as the next of those. The eighth line has
/// the colour of the first, so it is dashed.
fn color(series: &[Series], parts: &mut [Part]) {
    let mut next = 0;
    for (series, part) in series.iter().zip(parts) {
        let dash = Dash::series(next / PALETTE_SIZE);
        let own = match series {
            Series::Line(line) => Some((line.color, line.dash)),
            Series::Curves(curves) => Some((curves.color, curves.dash)),
            Series::Histogram(histogram) => Some((histogram.color, histogram.dash)),
            _ => None,
        };
        if let Some((color, own)) = own {
            part.dash = if color.is_some() || own != Dash::Solid { own } else { dash };
        }
        part.color = Some(match series {
            Series::Line(line) => line.color.unwrap_or_else(|| take(&mut next)),
            Series::Curves(curves) => curves.color.unwrap_or_else(|| take(&mut next)),
            Series::Points(points) => points.color.unwrap_or_else(|| take(&mut next)),
            Series::Histogram(it) => it.color.unwrap_or_else(|| take(&mut next)),
            Series::Band(band) => band.color.unwrap_or(Color::series(next)),
            Series::Heatmap(_) | Series::Regions(_) => INK,
            Series::Reference(reference) => reference.color,
            Series::Note(note) => note.color,
        });
    }
}

fn take(next: &mut usize) -> Color {
    *next += 1;
    Color::series(*next - 1)
}

/// Whether `value` may be drawn at all on `axis`; for notes.
pub(super) fn places(x: &Axis, y: &Axis, at: (f64, f64)) -> bool {
    x.shows(at.0) && y.shows(at.1)
}
