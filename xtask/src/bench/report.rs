//! Outcomes as a line of JSON and as a document.

use serde_json::json;

use super::cases::Case;
use super::contest::Outcome;

/// What stands above the table.
pub struct Circumstances {
    /// Names and values.
    pub facts: Vec<(&'static str, String)>,
    /// Operations a second of this machine's float32 products.
    pub product_speed: f64,
}

impl Circumstances {
    /// The time that the products of `case` take at full speed.
    fn floor(&self, case: &Case) -> f64 {
        case.flops / self.product_speed
    }
}

/// One case on one line; what was not measured is null. Times are in seconds, memory is in bytes.
pub fn json_line(outcome: &Outcome, around: &Circumstances) -> String {
    let Outcome { case, ours, peer } = outcome;
    json!({
        "case": case.name,
        "ours_s": ours.seconds,
        "peer": case.peer,
        "peer_s": peer.map(|peer| peer.seconds),
        "ratio": outcome.ratio(),
        "at_most": case.at_most,
        "at_most_s": case.alone,
        "floor_s": around.floor(case),
        "ours_peak": ours.peak,
        "peer_peak": peer.and_then(|peer| peer.peak),
    })
    .to_string()
}

/// The whole document.
pub fn document(outcomes: &[Outcome], around: &Circumstances) -> String {
    let speed = format!("{:.0} GFLOP/s, the fastest of this run", around.product_speed / 1e9);
    let facts = around.facts.iter().map(|(name, value)| (*name, value.as_str()));
    let facts = facts.chain([("float32 products", speed.as_str())]);
    let facts: String = facts.map(|(name, value)| format!("| {name} | {value} |\n")).collect();
    format!(
        "# Times beside PyTorch\n\nWritten by `cargo xtask bench`; not edited by hand.\n\n| | |\n|---|---|\n{facts}\n{}\n{NOTES}",
        table(outcomes, around)
    )
}

/// One row for each case.
pub fn table(outcomes: &[Outcome], around: &Circumstances) -> String {
    let head = "| case | ours (s) | peer (s) | peer | ratio | at most | floor (s) | floor / ours | our peak (MB) | peer's peak (MB) |
|---|--:|--:|---|--:|---|--:|--:|--:|--:|\n";
    head.to_owned() + &outcomes.iter().map(|outcome| row(outcome, around)).collect::<String>()
}

fn row(outcome: &Outcome, around: &Circumstances) -> String {
    let Outcome { case, ours, peer } = outcome;
    let floor = around.floor(case);
    let ratio = outcome.ratio().map(|ratio| format!("{ratio:.2}"));
    let ratio = ratio.map(|text| if outcome.is_over() { format!("**{text}**") } else { text });
    let bound = case.at_most.map(|bound| match case.aim {
        Some(aim) => format!("{bound:.2} (aim {aim:.2})"),
        None => format!("{bound:.2}"),
    });
    let bound = bound.or(case.alone.map(|bound| format!("{} s", seconds(bound))));
    let time = seconds(ours.seconds);
    let time = if case.alone.is_some() && outcome.is_over() { format!("**{time}**") } else { time };
    let cells = [
        Some(format!("`{}`", case.name)),
        Some(time),
        peer.map(|peer| seconds(peer.seconds)),
        Some(case.peer.to_owned()),
        ratio,
        bound,
        Some(seconds(floor)),
        Some(format!("{:.0} %", 100.0 * floor / ours.seconds)),
        ours.peak.map(megabytes),
        peer.and_then(|peer| peer.peak).map(megabytes),
    ];
    let cells = cells.map(|cell| cell.unwrap_or_else(|| "–".to_owned()));
    format!("| {} |\n", cells.join(" | "))
}

/// Three digits that count.
fn seconds(value: f64) -> String {
    let digits = if value >= 10.0 {
        1
    } else if value >= 1.0 {
        2
    } else {
        3
    };
    format!("{value:.digits$}")
}

/// As a person reads memory, in units of 1,000,000 bytes.
pub fn megabytes(bytes: u64) -> String {
    format!("{:.0}", bytes as f64 / 1e6)
}

/// What the numbers mean.
const NOTES: &str = "\
A *ratio* is our median over the peer's; one above its bound is bold.

## The work

| case | |
|---|---|
| `shallow_…` | 784-2000-10 tanh network, batch 3500 |
| `deep_…` | 784-1000-1000-1000-10 tanh network, batch 1500 |
| `cnn_…` | two blocks of 3x3 convolution, tanh and 2x2 maximum, with 16 and 32 channels, then 1000-10; batch 6000 |
| `digits_…` | as `shallow_…`, on the first digits of MNIST, four fifths of whose pixels are 0 |
| `…_step_vanilla` | one training step: forward, cross-entropy, backward, AMSGrad |
| `…_step_spectral` | the same with the spectral penalty of every hidden layer, by given eigenvectors |
| `…_step_spectral_loop` | the same work of ours, beside a loop over eigenvalues as in the published code |
| `gru_…` | ten training steps with Adam of a GRU of so many units, 2 inputs and a readout to 2 outputs: 64 sequences of 128 steps; `written`: the reset gate before the product |
| `autoattack` | AutoAttack `standard` in Linf at eps 0.02 on 1000 digits, the network of `shallow_…` trained on 20,000 others; without a peer, once |
| `shallow_refresh` | activations of 60,000 images, their covariance, its eigenvectors |

Pixels and labels are random, but for `digits_…` and `autoattack`. The floor of `digits_…` is that of the whole products:
leaving out what is 0 goes below it; that of `autoattack` is the work where nothing is broken. The two programs are `benches/ours.rs` and `benches/peers/torch_peer.py`; a run in which
their losses disagree is an error.

## The measurement

Each case has a fresh process of each side. Both prepare the case and do it once; then they take turns, ours, peer,
ours, peer, with a pause between, so that a change of the machine meets both.

The *floor* is the time of the case's matrix products alone, at the speed of the fastest of many large float32
products between the cases. Elementwise functions, the optimiser and the eigendecomposition are not in it.

*Peaks* are the largest resident memory of the process (VmHWM) while the case ran, not while it was prepared. They
include the libraries of the process; the table above says what PyTorch's take before any work.

## Again

```sh
python3 -m venv target/peers && target/peers/bin/pip install torch
cargo xtask bench                # all cases; writes this file
cargo xtask bench --case deep    # some of them; shows the table alone
```

On a machine that does nothing else: other programs change the times, and the ratios less, but also.
";

#[cfg(test)]
mod tests {
    use super::super::cases;
    use super::super::contest::Measured;
    use super::*;
    use serde_json::Value;

    fn around() -> Circumstances {
        Circumstances { facts: vec![("machine", "a machine, 2 cores".to_owned())], product_speed: 1e11 }
    }

    fn outcome(name: &str, ours: f64, peer: Option<f64>) -> Outcome {
        let case = cases::select(Some(name)).expect(name).remove(0);
        let measured = |seconds| Measured { seconds, peak: Some(120_000_000) };
        Outcome { case: Case { flops: 2e10, ..case }, ours: measured(ours), peer: peer.map(measured) }
    }

    #[test]
    fn a_line_of_json_has_times_and_their_ratio() {
        let line = json_line(&outcome("shallow_step_vanilla", 0.25, Some(0.5)), &around());
        assert!(!line.contains('\n'));
        let value: Value = serde_json::from_str(&line).expect("JSON");
        assert_eq!((&value["case"], &value["peer"]), (&json!("shallow_step_vanilla"), &json!("PyTorch")));
        assert_eq!(
            (&value["ours_s"], &value["peer_s"], &value["ratio"]),
            (&json!(0.25), &json!(0.5), &json!(0.5))
        );
        assert_eq!((&value["floor_s"], &value["at_most"]), (&json!(0.2), &json!(0.95)));
        assert_eq!(value["ours_peak"], 120_000_000);
    }

    #[test]
    fn a_skipped_peer_is_null_in_json_and_a_dash_in_the_table() {
        let alone = outcome("shallow_step_vanilla", 0.25, None);
        let value: Value = serde_json::from_str(&json_line(&alone, &around())).expect("JSON");
        assert!(value["peer_s"].is_null() && value["ratio"].is_null() && value["peer_peak"].is_null());
        assert_eq!(value["ours_s"], 0.25);
        let expected =
            "| `shallow_step_vanilla` | 0.250 | – | PyTorch | – | 0.95 | 0.200 | 80 % | 120 | – |\n";
        assert_eq!(row(&alone, &around()), expected);
    }

    #[test]
    fn rows_show_bounds_and_what_is_over_them() {
        let text = table(
            &[
                outcome("shallow_step_spectral", 0.24, Some(0.25)),
                outcome("deep_step_vanilla", 12.0, Some(1.5)),
                outcome("cnn_step_vanilla", 0.3, Some(0.4)),
            ],
            &around(),
        );
        let rows: Vec<&str> = text.lines().collect();
        assert_eq!(rows.len(), 5);
        let cells = |row: &str| row.split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
        assert!(rows.iter().all(|row| cells(row).len() == 12), "{text}");
        assert_eq!(cells(rows[2])[5..7], ["0.96", "1.00 (aim 0.95)"]);
        assert_eq!(cells(rows[3])[2..7], ["12.0", "1.50", "PyTorch", "8.00", "–"]);
        assert_eq!(cells(rows[4])[5..7], ["**0.75**", "0.50"]);
    }

    #[test]
    fn a_case_without_a_peer_has_a_bound_in_seconds() {
        let text =
            table(&[outcome("autoattack", 590.0, None), outcome("autoattack", 610.0, None)], &around());
        assert!(text.contains("| `autoattack` | 590.0 | – | none | – | 600.0 s |"), "{text}");
        assert!(text.contains("| `autoattack` | **610.0** | – | none | – | 600.0 s |"), "{text}");
    }

    #[test]
    fn the_document_names_the_machine() {
        let text = document(&[outcome("deep_step_vanilla", 1.0, Some(1.0))], &around());
        assert!(text.starts_with("# Times beside PyTorch\n"));
        assert!(text.contains("\n| machine | a machine, 2 cores |\n| float32 products | 100 GFLOP/s,"));
        assert!(text.ends_with("but also.\n"));
    }
}
