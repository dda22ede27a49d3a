//! Times, for people: `cargo test --test dynamics_model -- --ignored --nocapture speed`.

use eigengate::dynamics::{FixedPointSearch, GruWeights, Reset, families};
use std::time::Instant;

fn systems(units: usize, count: u64) -> Vec<GruWeights> {
    let scale = |seed: u64| 2.0 + 6.0 * (seed as f64 / count as f64);
    (0..count).map(|seed| families::random(units, scale(seed), seed, Reset::Before).unwrap()).collect()
}

#[test]
#[ignore = "prints times"]
fn speed_of_the_search() {
    for (units, count) in [(1, 1000), (2, 1000), (3, 300)] {
        let systems = systems(units, count);
        let mut times = vec![];
        let mut boxes = vec![];
        let mut incomplete = 0;
        let start = Instant::now();
        for (seed, system) in systems.iter().enumerate() {
            let start = Instant::now();
            let found = system.fixed_points().unwrap();
            times.push(start.elapsed().as_secs_f64() * 1e3);
            boxes.push((found.boxes, seed));
            if !found.complete || found.index_sum != 1 {
                incomplete += 1;
                println!("{seed}: {found:?} {:?}", found.undecided);
            }
        }
        let single = start.elapsed().as_secs_f64();
        let start = Instant::now();
        FixedPointSearch::new().run_all(&systems).unwrap();
        let parallel = start.elapsed().as_secs_f64();
        times.sort_by(f64::total_cmp);
        boxes.sort();
        let n = times.len();
        println!(
            "{units} units: median {:.4} ms, 90 % {:.4}, worst {:.3} ms; boxes {} median, {:?} most; {incomplete} \
             incomplete; parallel {:.2} times",
            times[n / 2],
            times[n * 9 / 10],
            times[n - 1],
            boxes[n / 2].0,
            boxes[n - 1],
            single / parallel
        );
    }
}
