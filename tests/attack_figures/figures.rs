//! What figures of attacks show.

use crate::errors::{has, text};
use crate::pixels::Picture;
use eigengate::plot::{Axis, Color, Figure, Panel, Regions, Series};
use eigengate::prelude::*;
use std::sync::OnceLock;

struct Attacked {
    nets: [Mlp; 2],
    data: Dataset,
}

/// A vanilla and a penalised network, and digits.
fn attacked() -> &'static Attacked {
    static ATTACKED: OnceLock<Attacked> = OnceLock::new();
    ATTACKED.get_or_init(|| {
        let mnist = mnist::shipped().unwrap();
        let train = mnist.train.take(1500).unwrap();
        let mut vanilla = Mlp::new(&[784, 60, 10], Activation::Tanh, 5).unwrap();
        let mut penalised = vanilla.clone();
        let training = Training::new(5, 150).with_progress(false);
        training.clone().run(&mut vanilla, &train, None).unwrap();
        training.with_penalty(SpectralPenalty::new(2.0)).run(&mut penalised, &train, None).unwrap();
        Attacked { nets: [vanilla, penalised], data: mnist.test.take(200).unwrap() }
    })
}

fn certified() -> Figure {
    let Attacked { nets, data } = attacked();
    let eps = [0.0, 0.002, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08];
    let curves: Vec<_> = nets
        .iter()
        .zip(["vanilla", "1/n"])
        .map(|(net, name)| {
            let attack = Pgd::new().with_steps(10);
            let attacked = attack_over_eps(net, data, &attack, &eps).unwrap().curve(&format!("{name}, PGD"));
            let bounds = IntervalBounds::new(net).unwrap();
            (attacked, bounds.curve(&format!("{name}, certified"), data, &eps).unwrap())
        })
        .collect();
    plot::certified_curves(&curves.iter().map(|(a, b)| (a, b)).collect::<Vec<_>>()).unwrap()
}

fn distances() -> Figure {
    let spread = |centre: f64, seed: f64| -> Vec<f64> {
        let one = |i: i32| centre * (0.45 * (f64::from(i) * 12.9898 + seed).sin() * 1.7).exp();
        (0..400).map(one).collect()
    };
    let mut wide = spread(0.09, 2.0);
    wide[..20].fill(0.0);
    wide[20..30].fill(f64::NAN);
    plot::minimal_distances(&[("vanilla", &spread(0.05, 1.0)), ("1/n", &wide)], Norm::Linf).unwrap()
}

fn broken() -> Figure {
    let Attacked { nets, data } = attacked();
    let net = &nets[0];
    let success = |attack: &dyn FixedEps| attack.attack(net, data, 0.05).unwrap().success;
    let (fgsm, pgd) = (success(&Fgsm), success(&Pgd::new()));
    let (random, few) = (success(&RandomStep::new()), success(&Pgd::new().with_steps(3)));
    plot::broken_examples(&[("FGSM", &fgsm), ("random step", &random), ("PGD-3", &few), ("PGD-40", &pgd)])
        .unwrap()
}

fn energy() -> Figure {
    let Attacked { nets, data } = attacked();
    let energies: Vec<_> = nets
        .iter()
        .zip(["vanilla, PGD", "1/n, PGD"])
        .map(|(net, name)| {
            let found = Pgd::new().with_steps(10).attack(net, data, 0.06).unwrap();
            let directions = Sensitivity::new(net, data, "hidden.0").unwrap();
            directions.perturbation_energy(name, net, data.images(), found.images.view()).unwrap()
        })
        .collect();
    plot::perturbation_energy(&energies).unwrap()
}

/// Names and figures.
pub fn all() -> Vec<(&'static str, Figure)> {
    vec![("certified", certified()), ("distances", distances()), ("broken", broken()), ("energy", energy())]
}

pub fn examples() -> plot::ImageGrid {
    let Attacked { nets, data } = attacked();
    let (fgsm, pgd) =
        (Fgsm.attack(&nets[0], data, 0.1).unwrap(), Pgd::new().attack(&nets[0], data, 0.1).unwrap());
    let found = [("FGSM", fgsm.images.view()), ("PGD", pgd.images.view())];
    plot::adversarial_examples(&nets[0], data, &found, &[0, 1, 2, 3, 4, 7, 8]).unwrap()
}

#[test]
fn between_the_two_curves_of_a_network_lies_a_band() {
    let figure = certified();
    let series = &figure.panels()[0].series;
    let (mut bands, mut lines) = (vec![], vec![]);
    for it in series {
        match it {
            Series::Band(band) => bands.push(band),
            Series::Line(line) => lines.push(line),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((bands.len(), lines.len()), (2, 4));
    for (band, pair) in bands.iter().zip(lines.chunks(2)) {
        assert_eq!((&band.high, &band.low), (&pair[0].y, &pair[1].y));
        assert_eq!((band.color, pair[0].color), (pair[1].color, pair[1].color));
        assert!(pair[0].y.iter().zip(&pair[1].y).all(|(above, below)| above >= below), "{pair:?}");
    }
    // Accuracies in percent, not errors.
    let Attacked { nets, data } = attacked();
    let clean = 100.0 * (1.0 - error_rate(&nets[0], data).unwrap());
    assert!((lines[0].y[0] - clean).abs() < 1e-9 && clean > 60.0);
    let attacked =
        ErrorCurve { name: "a".into(), eps: vec![0.0], error: vec![0.1], standard_error: vec![0.0] };
    let mut proved =
        CertifiedCurve { name: "p".into(), eps: vec![0.1], accuracy: vec![0.5], standard_error: vec![0.0] };
    has(&text(plot::certified_curves(&[(&attacked, &proved)])), &["eps of `p`", "[0.0]", "[0.1]"]);
    proved.eps = vec![0.0];
    proved.accuracy = vec![];
    text(plot::certified_curves(&[(&attacked, &proved)]));
    has(&text(plot::certified_curves(&[])), &["list of curves is empty"]);
}

#[test]
fn distances_are_counted_with_medians_and_failures() {
    let figure = distances();
    let panel = &figure.panels()[0];
    let Series::Histogram(second) = &panel.series[1] else { panic!("{:?}", panel.series) };
    // 20 of 400 at distance 0, 10 nowhere.
    assert!(second.heights[0] >= 5.0 && second.name.ends_with(", 10 unbroken"), "{second:?}");
    assert!((second.heights.iter().sum::<f64>() - 97.5).abs() < 1e-9, "{:?}", second.heights);
    assert_eq!(second.edges.len(), 41);
    assert_eq!(panel.x.range.unwrap().0, 0.0);

    let of = |lists: &[(&str, &[f64])]| plot::minimal_distances(lists, Norm::L2);
    let name = |values: &[f64]| {
        let figure = of(&[("a", values)]).unwrap();
        figure.panels()[0].series[0].name().to_owned()
    };
    assert_eq!(name(&[3.0, 1.0, 2.0]), "a, median 2.00");
    assert_eq!(name(&[4.0, 1.0, 2.0, 3.0]), "a, median 2.50");
    assert_eq!(name(&[1.0, f64::NAN, f64::NAN]), "a, median ∞, 2 unbroken");
    assert_eq!(name(&[0.0, 0.0]), "a, median 0.00");
    assert!(of(&[("a", &[0.0, 0.0])]).unwrap().png().is_ok());
    assert!(of(&[("a", &[1.0, 2.0])]).unwrap().panels()[0].x.label.ends_with("(L2)"));
    has(&text(of(&[])), &["distances is empty"]);
    has(&text(of(&[("a", &[])])), &["distances of `a` is empty"]);
    has(&text(of(&[("a", &[f64::NAN])])), &["finite distances"]);
    has(&text(of(&[("a", &[-1.0])])), &["distance = -1"]);
}

#[test]
fn rows_of_attacks_show_who_broke_what() {
    let (fgsm, pgd) = ([false, true, false, false, true], [true, true, false, true, false]);
    let figure = plot::broken_examples(&[("FGSM", &fgsm), ("PGD", &pgd)]).unwrap();
    let panel = &figure.panels()[0];
    assert_eq!(panel.y.names, ["any  80.0 %", "PGD  60.0 %", "FGSM  40.0 %"]);
    let Series::Regions(regions) = &panel.series[0] else { panic!("{:?}", panel.series) };
    // Broken by both; by FGSM alone; by PGD alone, twice; by none. The first attack is the upper row.
    let want = array![[1usize, 1, 1, 1, 0], [1, 0, 1, 1, 0], [1, 1, 0, 0, 0]];
    assert_eq!(regions.labels, want);
    assert_eq!(regions.regions[1].0, "broken");
    // Names stand at the middles of their rows: the first attack's row is broken at its left end alone.
    let picture = Picture::of(&figure);
    let (left, top, right, bottom) = picture.area();
    let at = |column: f64, row: f64| {
        let (x, y) = (left + column / 5.0 * (right - left), top + row / 3.0 * (bottom - top));
        picture.at(x as usize, y as usize)
    };
    assert_eq!(
        (at(1.5, 0.5), at(3.5, 1.5), at(3.5, 2.5)),
        (Color::VERMILLION, Color::VERMILLION, Color::VERMILLION)
    );
    assert!(at(2.5, 0.5) != Color::VERMILLION && at(1.5, 1.5) != Color::VERMILLION);

    let many = vec![true; 4321];
    let figure = plot::broken_examples(&[("all", &many)]).unwrap();
    has(&figure.summary().unwrap(), &["2 x 1000 labels", "`broken` 100 %"]);
    has(&text(plot::broken_examples(&[])), &["attacks is empty"]);
    has(&text(plot::broken_examples(&[("a", &[])])), &["examples is empty"]);
    has(&text(plot::broken_examples(&[("a", &fgsm), ("b", &[true])])), &["attack `b`", "5 examples"]);
}

#[test]
fn names_replace_numbers_on_an_axis() {
    let labels = array![[0usize], [0]];
    let regions = Regions::new(labels.view(), &[("", Color::SKY)], (0.0, 1.0), (0.0, 2.0)).unwrap();
    let names = Axis::linear("").with_names(["lower row", "upper row", "beyond"]);
    let svg = Figure::from(Panel::new(Axis::linear("x"), names).with(regions)).svg().unwrap();
    let at = |name: &str| svg.find(&format!("aria-label=\"{name}\""));
    assert!(at("lower row").is_some() && at("upper row").is_some() && at("beyond").is_none());
    assert!(at("0.5").is_none() || svg.matches("aria-label=\"0.5\"").count() == 1);
}

#[test]
fn energy_is_drawn_beside_the_eigenvalues() {
    let figure = energy();
    let panel = &figure.panels()[0];
    let lines: Vec<_> = panel
        .series
        .iter()
        .map(|series| match series {
            Series::Line(line) => line,
            other => panic!("{other:?}"),
        })
        .collect();
    let names: Vec<&str> = lines.iter().map(|line| line.name.as_str()).collect();
    assert_eq!(names, ["vanilla, PGD", "vanilla, PGD, eigenvalue", "1/n, PGD", "1/n, PGD, eigenvalue"]);
    assert_eq!((lines[0].x[0], lines[1].x.len()), (1.0, 60));
    assert!((lines[1].y.iter().sum::<f64>() - 1.0).abs() < 1e-9);
    assert_eq!(lines[0].color, lines[1].color);
    has(&text(plot::perturbation_energy(&[])), &["energies is empty"]);
}

#[test]
fn examples_stand_over_what_attacks_made_of_them() {
    let grid = examples();
    let Attacked { nets, data } = attacked();
    let names: Vec<&str> = grid.rows().iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["clean", "FGSM", "change", "PGD", "change"]);
    let found = Fgsm.attack(&nets[0], data, 0.1).unwrap();
    let position = 3;
    let shown = &grid.rows()[1].1[position];
    let said = predictions(&nets[0], found.images.slice(s![position..position + 1, ..])).unwrap()[0];
    let want = plot::Image::pixels(found.images.row(position), data.shape()).unwrap();
    assert!(*shown == want.with_caption(format!("{said}")));
    let change = &found.images.row(position) - &data.images().row(position);
    assert!(grid.rows()[2].1[position] == plot::Image::signed(change.view(), data.shape()).unwrap());
    has(&grid.summary().unwrap(), &[&format!("a {} \"", data.labels()[0]), "±0.1"]);

    let net = &nets[0];
    let view = found.images.view();
    let of = |attacks: &[(&str, ndarray::ArrayView2<'_, f32>)], at: &[usize]| {
        text(plot::adversarial_examples(net, data, attacks, at))
    };
    has(&of(&[], &[0]), &["attacks is empty"]);
    has(&of(&[("FGSM", view)], &[]), &["examples is empty"]);
    has(&of(&[("FGSM", view)], &[200]), &["example = 200", "0..200"]);
    has(&of(&[("FGSM", view.slice(s![..3, ..]))], &[0]), &["images of `FGSM`", "(200, 784)"]);
}
