//! Figures through the public API.

#[path = "plot/figures.rs"]
mod figures;
#[path = "plot/flow_parts.rs"]
mod flow_parts;
#[path = "plot/golden.rs"]
mod golden;
#[path = "plot/pixels.rs"]
mod pixels;

use base64::Engine;
use eigengate::Error;
use eigengate::attack::ErrorCurve;
use eigengate::plot::{
    self, Axis, Band, Color, Course, Dash, Figure, Line, Note, Panel, Points, Reference, SpectrumOptions,
};
use eigengate::spectra::{PowerLaw, Spectrum};
use figures::{figures, values};
use pixels::Picture;

/// Writes a figure of every kind, also of awkward data, into `target/gallery`, for eyes:
/// `cargo test --test plot gallery -- --ignored`.
#[test]
#[ignore = "for eyes"]
fn gallery() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target/gallery");
    std::fs::create_dir_all(&folder).unwrap();
    for (name, figure) in figures() {
        println!("{name}\n{}", figure.summary().unwrap());
        let start = std::time::Instant::now();
        figure.save(folder.join(format!("{name}.png"))).unwrap();
        let png = start.elapsed();
        let start = std::time::Instant::now();
        figure.save(folder.join(format!("{name}.svg"))).unwrap();
        let size = |e: &str| std::fs::metadata(folder.join(format!("{name}.{e}"))).unwrap().len() / 1024;
        println!("png {png:?} {} kB; svg {:?} {} kB\n", size("png"), start.elapsed(), size("svg"));
    }
}

fn dot(x: f64, y: f64, color: Color) -> Points {
    Points::new("", &[x], &[y]).unwrap().with_color(color)
}

#[test]
fn the_same_figure_has_the_same_bytes() {
    for ((name, first), (_, second)) in figures().into_iter().zip(figures()) {
        assert_eq!(first.png().unwrap(), second.png().unwrap(), "{name}");
        assert_eq!(first.svg().unwrap(), second.svg().unwrap(), "{name}");
    }
    let figures = figures();
    assert_ne!(figures[0].1.png().unwrap(), figures[1].1.png().unwrap());
}

#[test]
fn a_png_has_the_size_that_was_asked_for() {
    let figure = &figures()[0].1;
    let picture = Picture::of(figure);
    // 89 mm at 192 dots per inch.
    assert_eq!(picture.width, 673);
    assert_eq!(picture.per_metre, 7559);
    let picture = Picture::of(&figure.clone().with_size(127.0, 63.5).with_dpi(300));
    assert_eq!((picture.width, picture.height, picture.per_metre), (1500, 750, 11811));
    let svg = figure.clone().with_size(127.0, 63.5).svg().unwrap();
    assert!(svg.contains("width=\"480.00\" height=\"240.00\""), "{}", &svg[..200]);
}

/// Where values must lie follows from the ends of the spines alone.
#[test]
fn points_lie_where_the_axes_say() {
    let colors = [Color::VERMILLION, Color::BLUE, Color::GREEN];
    let logs: [(f64, f64); 3] = [(1.0, 1e-3), (30.0, 0.5), (1000.0, 70.0)];
    let mut panel =
        Panel::new(Axis::log("n").with_range(0.5, 2000.0), Axis::log("λ").with_range(1e-4, 100.0));
    for ((x, y), color) in logs.into_iter().zip(colors) {
        panel = panel.with(dot(x, y, color));
    }
    let picture = Picture::of(&panel.into());
    let (left, top, right, bottom) = picture.area();
    for ((x, y), color) in logs.into_iter().zip(colors) {
        let x = left + (x / 0.5).ln() / (2000.0f64 / 0.5).ln() * (right - left);
        let y = bottom - (y / 1e-4).ln() / (100.0f64 / 1e-4).ln() * (bottom - top);
        let centre = picture.centre(color);
        assert!((centre.0 - x).abs() < 0.3 && (centre.1 - y).abs() < 0.3, "{centre:?} for {x}, {y}");
    }

    let places: [(f64, f64); 3] = [(-1.0, -40.0), (0.5, 0.0), (2.0, 55.0)];
    let mut panel =
        Panel::new(Axis::linear("").with_range(-2.0, 3.0), Axis::linear("").with_range(-50.0, 60.0));
    for ((x, y), color) in places.into_iter().zip(colors) {
        panel = panel.with(dot(x, y, color));
    }
    let picture = Picture::of(&panel.into());
    let (left, top, right, bottom) = picture.area();
    for ((x, y), color) in places.into_iter().zip(colors) {
        let (x, y) = (left + (x + 2.0) / 5.0 * (right - left), bottom - (y + 50.0) / 110.0 * (bottom - top));
        let centre = picture.centre(color);
        assert!((centre.0 - x).abs() < 0.3 && (centre.1 - y).abs() < 0.3, "{centre:?} for {x}, {y}");
    }
}

#[test]
fn a_reference_line_meets_the_spectrum_at_tau() {
    // A spectrum with slope -2 meets the line of slope -1 at tau alone.
    let spectrum = Spectrum::new("hidden.0", values(100, |n| n.powi(-2))).unwrap();
    let options = SpectrumOptions { tau: Some(4), ..SpectrumOptions::default() };
    let mut figure = plot::spectrum_with(&[("vanilla", &spectrum)], &options).unwrap();
    let panel = &mut figure.panels_mut()[0];
    let plot::Series::Reference(reference) = &panel.series[0] else { panic!("{:?}", panel.series) };
    assert_eq!(reference.course, Course::Power { amplitude: 4.0 / 16.0, exponent: -1.0 });
    panel.x = Axis::log("n").with_range(0.5, 200.0);
    panel.y = Axis::log("λ").with_range(1e-5, 10.0);
    panel.series[0] =
        Reference::new("", reference.course).with_color(Color::BLUE).with_dash(Dash::Solid).into();
    let picture = Picture::of(&figure);
    let (left, top, right, bottom) = picture.area();
    // At n = 4 it is at 4^-2, at n = 64 at 1/4 of 1/64.
    for (n, value) in [(64.0f64, 0.25 / 64.0), (2.0, 0.125)] {
        let x = left + (n / 0.5).ln() / 400f64.ln() * (right - left);
        let y = bottom - (value / 1e-5f64).ln() / 1e6f64.ln() * (bottom - top);
        assert_eq!(picture.at(x as usize, y as usize), Color::BLUE);
    }
}

#[test]
fn nothing_is_drawn_outside_of_a_fixed_range() {
    let line = Line::new("", &[-100.0, 0.5, 100.0], &[-7.0, 300.0, -7.0]).unwrap().with_color(Color::BLUE);
    let band = Band::new("", &[-9.0, 9.0], &[-9.0, 0.2], &[0.5, 9.0]).unwrap().with_color(Color::GREEN);
    let panel = Panel::new(Axis::linear("x").with_range(0.0, 1.0), Axis::linear("y").with_range(0.0, 1.0));
    let figure = Figure::from(panel.with(band.with_alpha(1.0)).with(line).with(dot(3.0, 3.0, Color::SKY)));
    let picture = Picture::of(&figure);
    let (left, top, right, bottom) = picture.area();
    let inside = |&(x, y): &(usize, usize)| {
        (x as f64) >= left - 1.0 && (x as f64) < right && y as f64 >= top && (y as f64) < bottom + 1.0
    };
    assert!(picture.all(Color::GREEN).len() > 1000);
    assert!(picture.all(Color::GREEN).iter().chain(&picture.all(Color::BLUE)).all(inside));
    assert!(picture.all(Color::SKY).is_empty());
    assert!(figure.summary().unwrap().contains("1 outside of the axes"));
}

#[test]
fn a_hundred_thousand_points_are_thinned_and_keep_their_extremes() {
    let x = values(100_000, |i| i);
    let y = values(100_000, |i| if i == 54_321.0 { 1.0 } else { 0.0 });
    let line = Line::new("", &x, &y).unwrap().with_color(Color::BLUE);
    let panel = Panel::new(Axis::linear("Time (ms)"), Axis::linear("V").with_range(-0.1, 1.1));
    let figure = Figure::from(panel.with(line));
    let picture = Picture::of(&figure);
    let (_, top, _, bottom) = picture.area();
    let spike = bottom - 1.05 / 1.2 * (bottom - top);
    assert!(picture.all(Color::BLUE).iter().any(|p| (p.1 as f64 - spike).abs() < 30.0));
    let svg = figure.svg().unwrap();
    assert!(svg.len() < 100_000, "{} bytes", svg.len());
    let dots = Points::new("", &values(100_000, |i| (i * 0.731).sin()), &x).unwrap();
    let panel = Panel::new(Axis::linear("x"), Axis::linear("y")).with(dots);
    assert!(Figure::from(panel).svg().unwrap().len() < 8_000_000);
}

#[test]
fn an_svg_is_well_formed_and_refers_to_no_font() {
    let name = "a<b & \"c\" 'd' ]]> \u{7}\u{1b}[1m\n</svg>";
    let line = Line::new(name, &[1.0, 2.0], &[1.0, 2.0]).unwrap();
    let panel = Panel::new(Axis::linear(name), Axis::log(name)).with_title(name).with(line);
    let awkward = Figure::from(panel.with(Note::new(name, 1.0, 1.0))).with_title(name);
    awkward.png().unwrap();
    let all = figures().into_iter().chain([("awkward", awkward)]);
    for (which, figure) in all {
        let svg = figure.svg().unwrap();
        well_formed(&svg).unwrap_or_else(|e| panic!("{which}: {e}"));
        assert!(!svg.contains("font") && !svg.contains("<text") && !svg.contains("href"), "{which}");
        assert!(svg.contains("<path aria-label="), "{which} has no text");
    }
}

/// Tags close in order, attributes are quoted and differ, ids are unique, `&` begins an entity.
fn well_formed(text: &str) -> Result<(), String> {
    let mut open: Vec<&str> = Vec::new();
    let mut ids: Vec<&str> = Vec::new();
    let mut rest = text;
    if text.chars().any(|c| c.is_control() && c != '\n') {
        return Err("control character".into());
    }
    for part in text.split('&').skip(1) {
        if !["amp;", "lt;", "gt;", "quot;", "apos;"].iter().any(|e| part.starts_with(e)) {
            return Err(format!("& before {}", &part[..part.len().min(20)]));
        }
    }
    while let Some(start) = rest.find('<') {
        if open.is_empty() && !rest[..start].trim().is_empty() {
            return Err("text outside of the document".into());
        }
        let end = rest.find('>').ok_or("unclosed tag")?;
        let tag = &rest[start + 1..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            if open.pop() != Some(name) {
                return Err(format!("</{name}> closes nothing"));
            }
            continue;
        }
        let (tag, single) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
        let (name, mut attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        let mut seen = Vec::new();
        while !attributes.trim().is_empty() {
            let (key, after) = attributes.trim().split_once("=\"").ok_or(format!("attribute in {tag}"))?;
            let (value, after) = after.split_once('"').ok_or(format!("quote in {tag}"))?;
            if seen.contains(&key) || key.contains(' ') || value.contains('<') {
                return Err(format!("attribute {key} in {tag}"));
            }
            if key == "id" {
                if ids.contains(&value) {
                    return Err(format!("id {value} twice"));
                }
                ids.push(value);
            }
            seen.push(key);
            attributes = after;
        }
        if !single {
            open.push(name);
        }
    }
    if open.is_empty() && rest.trim().is_empty() { Ok(()) } else { Err(format!("left open: {open:?}")) }
}

#[test]
fn what_cannot_be_drawn_is_counted() {
    let y = [1.0, 10.0, -1.0, 0.0, f64::NAN, f64::INFINITY, 30.0];
    let line = Line::new("λ", &values(7, |i| i), &y).unwrap();
    let figure = Figure::from(Panel::new(Axis::linear("n"), Axis::log("λ")).with(line.clone()));
    let summary = figure.summary().unwrap();
    assert!(summary.contains("3 points"), "{summary}");
    assert!(summary.contains("left out 2 NaN or infinite, 2 not positive on a log axis"), "{summary}");
    figure.png().unwrap();
    // The same values on a linear axis lose only two.
    let figure = Figure::from(Panel::new(Axis::linear("n"), Axis::linear("λ")).with(line));
    assert!(figure.summary().unwrap().contains("5 points, y -1 to 30, left out 2 NaN or infinite"));
}

#[test]
fn one_series_without_anything_left_does_not_hide_the_others() {
    let good = Line::new("good", &[1.0, 2.0], &[1.0, 2.0]).unwrap();
    let lost = Line::new("diverged", &[1.0, 2.0], &[f64::NAN, f64::NAN]).unwrap();
    let panel = Panel::new(Axis::linear("Epoch"), Axis::log("Loss"));
    let figure = Figure::from(panel.with(lost).with(good));
    let summary = figure.summary().unwrap();
    assert!(summary.contains("line `diverged`: 0 points, left out 2 NaN or infinite"), "{summary}");
    assert!(figure.svg().unwrap().contains("aria-label=\"diverged (no data)\""));
}

#[test]
fn errors_say_what_to_do() {
    let line = |y: &[f64]| Line::new("λ", &values(y.len() as u32, |i| i), y).unwrap();
    let log = || Panel::new(Axis::linear("n"), Axis::log("λ"));
    let refused = |figure: Figure, parts: &[&str]| {
        for error in [figure.png().err(), figure.svg().err(), figure.summary().err()] {
            let Some(error) = error else { continue };
            let text = error.to_string();
            assert!(parts.iter().all(|part| text.contains(part)) && !text.contains('\n'), "{text}");
        }
        figure.png().unwrap_err()
    };
    refused(log().with(line(&[0.0, -1.0])).into(), &["nothing is left", "2 not positive", "Axis::linear"]);
    refused(log().with(line(&[f64::NAN])).into(), &["1 NaN or infinite", "check the data"]);
    refused(Figure::new(vec![]), &["no panels", "at least one"]);
    refused(log().into(), &["no data", "add a line"]);
    let panel = Panel::new(Axis::linear("n").with_range(2.0, 1.0), Axis::linear("y")).with(line(&[1.0]));
    refused(panel.into(), &["range = (2, 1)", "the lower first"]);
    let panel = Panel::new(Axis::log("n").with_range(0.0, 1.0), Axis::linear("y")).with(line(&[1.0]));
    refused(panel.into(), &["range = (0, 1)", "positive"]);
    let fine = || Figure::from(log().with(line(&[1.0, 2.0])));
    refused(fine().with_dpi(10_000), &["dpi = 10000", "72 to 1200"]);
    refused(fine().with_size(3.0, f64::NAN), &["size", "10 to 1000 mm"]);
    refused(fine().with_size(12.0, 12.0), &["larger with_size"]);
    refused(fine().with_columns(0), &["columns = 0"]);
    refused(log().with(line(&[1.0]).with_width(f64::NAN)).into(), &["width = NaN", "0.1 to 20"]);
    let nowhere = Reference::new("1/n", Course::Power { amplitude: f64::NAN, exponent: -1.0 });
    refused(log().with(line(&[1.0])).with(nowhere).into(), &["course", "finite", "1/n"]);
    assert!(matches!(Line::new("a", &[1.0], &[1.0, 2.0]), Err(Error::Shape { .. })));
    assert!(matches!(Points::new("a", &[], &[]), Err(Error::Empty { .. })));
    assert!(matches!(Band::new("a", &[1.0], &[1.0], &[]), Err(Error::Shape { .. })));
    // Fields are public: what the constructor refused is refused again.
    let mut line = line(&[1.0, 2.0]);
    line.y.clear();
    assert!(matches!(refused(log().with(line).into(), &["λ"]), Error::Shape { .. }));
}

#[test]
fn errors_of_the_kinds_of_figure() {
    let spectrum = Spectrum::new("hidden.0", vec![1.0, 0.5, 0.0]).unwrap();
    assert!(matches!(plot::spectrum(&[]), Err(Error::Empty { .. })));
    plot::spectrum(&[("three values", &spectrum)]).unwrap().png().unwrap();
    for tau in [0, 3, 4] {
        let options = SpectrumOptions { tau: Some(tau), ..SpectrumOptions::default() };
        let error = plot::spectrum_with(&[("a", &spectrum)], &options).unwrap_err();
        assert!(error.to_string().contains("1 to 2"), "{error}");
    }
    let fit = PowerLaw { alpha: 1.0, amplitude: 1.0, first: 1, last: 2, r_squared: 1.0 };
    let options = SpectrumOptions { fits: vec![("b".into(), fit)], ..SpectrumOptions::default() };
    let error = plot::spectrum_with(&[("a", &spectrum)], &options).unwrap_err();
    assert!(error.to_string().contains("fits = b"), "{error}");

    assert!(matches!(plot::error_curves::<ErrorCurve>(&[]), Err(Error::Empty { .. })));
    let curve = ErrorCurve {
        name: "vanilla".into(),
        eps: vec![0.0, 0.1],
        error: vec![0.02, 0.5],
        standard_error: vec![0.01],
    };
    let error = plot::error_curves(&[&curve]).unwrap_err();
    assert!(error.to_string().contains("standard_error of `vanilla`"), "{error}");
    // Rates are shares; the axis is in percent, and a band of no width is left out.
    let figure = plot::error_curves(&[ErrorCurve { standard_error: vec![0.0, 0.0], ..curve }]).unwrap();
    let summary = figure.summary().unwrap();
    assert!(summary.contains("y 2 to 50") && !summary.contains("band"), "{summary}");
}

#[test]
fn saving_takes_png_and_svg_and_leaves_old_files_alone() {
    let folder = tempfile::tempdir().unwrap();
    let figure = &figures()[0].1;
    let path = |name: &str| folder.path().join(name);
    figure.save(path("a.png")).unwrap();
    assert_eq!(std::fs::read(path("a.png")).unwrap(), figure.png().unwrap());
    figure.save(path("a.SVG")).unwrap();
    assert_eq!(std::fs::read_to_string(path("a.SVG")).unwrap(), figure.svg().unwrap());

    for name in ["a.pdf", "a", ".png"] {
        let error = figure.save(path(name)).unwrap_err().to_string();
        assert!(error.contains(".png or .svg"), "{error}");
        assert!(!path(name).exists());
    }
    let broken = figure.clone().with_dpi(1);
    assert!(broken.save(path("a.png")).is_err());
    assert_eq!(std::fs::read(path("a.png")).unwrap(), figure.png().unwrap());

    let error = figure.save(path("missing/a.png")).unwrap_err();
    assert!(matches!(error, Error::Write { .. }), "{error}");
    // A folder in the way cannot be replaced, whoever runs this; what is in it stays, and nothing is left over.
    std::fs::create_dir(path("b.png")).unwrap();
    std::fs::write(path("b.png/old"), "old").unwrap();
    assert!(matches!(figure.save(path("b.png")), Err(Error::Write { .. })));
    assert_eq!(std::fs::read_to_string(path("b.png/old")).unwrap(), "old");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3);
}

/// Run in a process of its own, as the kernel runs a cell.
#[test]
#[ignore = "run by the next test"]
fn a_cell() {
    figures()[0].1.evcxr_display();
    Figure::new(vec![]).evcxr_display();
}

#[test]
fn a_figure_shows_itself_in_a_notebook() {
    let cell = |notebook: bool| {
        let mut command = std::process::Command::new(std::env::current_exe().unwrap());
        command.args(["--ignored", "--exact", "a_cell", "--nocapture", "--quiet"]);
        command.env_remove("EVCXR_IS_RUNTIME");
        if notebook {
            command.env("EVCXR_IS_RUNTIME", "1");
        }
        let output = command.output().unwrap();
        assert!(output.status.success());
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let (out, err) = cell(true);
    let figure = &figures()[0].1;
    let block = |mime: &str| {
        let start = format!("EVCXR_BEGIN_CONTENT {mime}\n");
        out.split_once(&start).unwrap().1.split_once("\nEVCXR_END_CONTENT\n").unwrap().0.to_owned()
    };
    let png = base64::engine::general_purpose::STANDARD.decode(block("image/png")).unwrap();
    assert_eq!(png, figure.png().unwrap());
    assert_eq!(block("text/plain"), figure.summary().unwrap());
    assert_eq!(out.matches("EVCXR_BEGIN_CONTENT").count(), 2);
    assert_eq!(err.trim_end(), Figure::new(vec![]).png().unwrap_err().to_string());
    let (out, err) = cell(false);
    assert!(!out.contains("EVCXR") && err.is_empty(), "{out}{err}");
}

#[test]
fn a_summary_cannot_end_a_block_of_content() {
    let line = Line::new("a\nEVCXR_END_CONTENT\nb", &[1.0], &[1.0]).unwrap();
    let figure = Figure::from(Panel::new(Axis::linear("日本"), Axis::linear("y")).with(line));
    let summary = figure.clone().with_title("t\nEVCXR_END_CONTENT").summary().unwrap();
    assert!(summary.lines().all(|line| line.trim() != "EVCXR_END_CONTENT"), "{summary}");
    assert!(summary.contains("not in the bundled font, drawn as boxes: 日本"), "{summary}");
    assert_eq!(format!("{figure:?}"), "Figure: 1 panel: y against 日本");
}

#[test]
fn the_largest_numbers_have_their_place() {
    let panel =
        Panel::new(Axis::log("x").with_range(1e-300, 1e300), Axis::linear("y").with_range(-1e307, 1e307))
            .with(dot(1e150, 5e306, Color::BLUE));
    let figure = Figure::from(panel);
    let picture = Picture::of(&figure);
    let (left, top, right, bottom) = picture.area();
    let (x, y) = picture.centre(Color::BLUE);
    assert!(
        (x - left - 0.75 * (right - left)).abs() < 0.3 && (bottom - y - 0.75 * (bottom - top)).abs() < 0.3
    );
    for value in [1e-310, 1e300, -1e308, 5e-324] {
        for axis in [Axis::linear, Axis::log] {
            let panel = Panel::new(axis("x"), axis("y")).with(dot(value, value, Color::BLUE));
            // An error or a picture, never a panic.
            let _ = Figure::from(panel).png();
        }
    }
}

#[test]
fn the_eighth_line_is_told_from_the_first() {
    let panel = (0..8).fold(Panel::new(Axis::linear("x"), Axis::linear("y")), |panel, i| {
        panel.with(Line::new(format!("line {i}"), &[0.0, 1.0], &[f64::from(i), f64::from(i)]).unwrap())
    });
    let svg = Figure::from(panel).svg().unwrap();
    let strokes = |name: &str| {
        let group = svg.split_once(&format!("-{name}\">")).unwrap().1.split_once("</g>").unwrap().0;
        (group.matches("<polyline").count(), group.contains("#000000"))
    };
    assert_eq!(strokes("line-0"), (1, true));
    assert_eq!(strokes("line-1"), (1, false));
    let (dashes, black) = strokes("line-7");
    assert!(dashes > 10 && black);
}

#[test]
fn what_lies_beyond_the_axes_is_told() {
    let panel = Panel::new(Axis::linear("x"), Axis::log("y"))
        .with(Line::new("", &[0.0, 1.0], &[1.0, 2.0]).unwrap())
        .with(Reference::new("chance", Course::Horizontal(-1.0)))
        .with(Note::new("far", 5.0, 1.5).with_color(Color::BLUE))
        .with(Note::new("near, and longer than the panel has room for at the right end of it", 0.9, 1.5));
    let figure = Figure::from(panel);
    let summary = figure.summary().unwrap();
    assert!(summary.contains("reference `chance`, outside of the axes"), "{summary}");
    assert!(summary.contains("note `far`, outside of the axes"), "{summary}");
    assert!(
        !summary.contains("note `near, and longer than the panel has room for at the right end of it`, out")
    );
    assert!(Picture::of(&figure).all(Color::BLUE).is_empty());
    assert!(format!("{:?}", figure.panels()[0]).len() < 1000);
}

/// plotters itself, as in a notebook, finds the bundled font once it is registered.
#[test]
fn charts_of_plotters_find_the_font() {
    use plotters::prelude::*;
    plot::register_plotters_font().unwrap();
    plot::register_plotters_font().unwrap();
    let mut pixels = vec![255; 100 * 40 * 3];
    {
        let area = plotters_bitmap::BitMapBackend::with_buffer(&mut pixels, (100, 40)).into_drawing_area();
        area.draw_text("α = 1", &("sans-serif", 20).into_text_style(&area), (5, 5)).unwrap();
        area.present().unwrap();
    }
    assert!(pixels.iter().any(|p| *p < 100));
}
