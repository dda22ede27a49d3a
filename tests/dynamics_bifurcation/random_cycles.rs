//! Branches of cycles of random families: where they end.

use eigengate::Result;
use eigengate::dynamics::{
    BifurcationDiagram, ContinuationOptions, CycleEnd, DiagramOptions, ParameterFamily, Reset, families,
};
use std::collections::BTreeMap;

/// `EIGENGATE_SEEDS=0..500 cargo test --test dynamics_bifurcation random_families -- --ignored --nocapture`.
#[test]
#[ignore = "minutes"]
fn branches_of_random_families_come_to_an_end_that_is_told() -> Result<()> {
    let seeds = std::env::var("EIGENGATE_SEEDS").unwrap_or("0..200".to_owned());
    let (from, to) = seeds.split_once("..").unwrap();
    let (mut ends, mut slow): (BTreeMap<&str, usize>, f64) = (BTreeMap::new(), 0.0);
    for seed in from.parse::<u64>().unwrap()..to.parse().unwrap() {
        let weights = families::random(2, [2.0, 4.0, 6.0][(seed % 3) as usize], seed, Reset::Before)?;
        let entries: [(&str, &[usize]); 7] = [
            ("bh", &[0]),
            ("Uh", &[0, 1]),
            ("bz", &[1]),
            ("Uh", &[1, 1]),
            ("br", &[0]),
            ("Ur", &[0, 0]),
            ("Uz", &[1, 0]),
        ];
        let (name, index) = entries[(seed / 3 % 7) as usize];
        let family = ParameterFamily::weight(&weights, name, index)?;
        let value = weights.get(name, index)?;
        let begun = std::time::Instant::now();
        let diagram = BifurcationDiagram::new(&family, (value - 1.5, value + 1.5), &DiagramOptions::new())?;
        let equilibria = begun.elapsed().as_secs_f64();
        let (branches, failures) = diagram.cycle_branches(&family, &ContinuationOptions::for_cycles())?;
        let cycles = begun.elapsed().as_secs_f64() - equilibria;
        slow = slow.max(equilibria + cycles);
        for (hopf, reason) in &failures {
            *ends.entry("failed").or_default() += 1;
            println!("seed {seed} FAILED {hopf:?}: {reason}");
        }
        for branch in &branches {
            let name = match &branch.ends[1] {
                CycleEnd::Homoclinic { connection: None, .. } => "homoclinic?",
                end => end.name(),
            };
            *ends.entry(name).or_default() += 1;
            println!("seed {seed} {branch:?} ({equilibria:.2} s, {cycles:.2} s)");
        }
    }
    println!("{ends:?}, slowest {slow:.2} s");
    Ok(())
}
