//! The reference cases, by the program that `cargo xtask oracle` runs, and what that program does with wrong ones.

use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

fn cases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/gru_oracle.json")
}

/// What the program prints, what it says of errors, and whether it succeeds.
fn run(file: &Path) -> (String, String, bool) {
    let output = Command::new(env!("CARGO_BIN_EXE_oracle")).arg(file).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr), output.status.success())
}

/// A file with this in it.
fn file(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    file
}

/// The case of this id, changed.
fn changed(id: &str, change: impl FnOnce(&mut Value)) -> (String, String, bool) {
    let all: Value = serde_json::from_str(&std::fs::read_to_string(cases()).unwrap()).unwrap();
    let list = all["cases"].as_array().unwrap();
    let mut case =
        list.iter().find(|case| case["id"] == id).unwrap_or_else(|| panic!("no case {id}")).clone();
    change(&mut case);
    run(file(&json!({ "cases": [case] }).to_string()).path())
}

fn add(value: &mut Value, by: f64) {
    *value = json!(value.as_f64().unwrap() + by);
}

fn flip(value: &mut Value) {
    *value = json!(-value.as_i64().unwrap());
}

fn scale(value: &mut Value, by: f64) {
    *value = json!(value.as_f64().unwrap() * by);
}

#[test]
fn every_case_of_the_known_sections_passes() {
    let (out, error, success) = run(&cases());
    let last = out.lines().last().unwrap_or_default();
    assert!(success && last == "79 passed, 0 failed, 0 skipped", "{out}{error}");
    // A line for every case.
    assert_eq!(out.lines().count(), 80);
    for line in out.lines().take(79) {
        assert!(line.ends_with(": passed"), "{line}");
    }
}

#[test]
fn a_wrong_number_in_a_case_is_noticed() {
    type Change = Box<dyn FnOnce(&mut Value)>;
    let wrong: Vec<(&str, &str, Change)> = vec![
        ("A_rand_00_n3", "points off by", Box::new(|c| add(&mut c["fixed_points"][1]["h"][0], 3e-9))),
        ("A_rand_00_n3", "count: 3, expected 4", Box::new(|c| c["count"] = json!(4))),
        ("A_rand_00_n3", "topology", Box::new(|c| c["topology"] = json!([1, 1, 1]))),
        (
            "A_rand_00_n3",
            "listed: 3, expected 2",
            Box::new(|c| {
                c["fixed_points"].as_array_mut().unwrap().pop();
            }),
        ),
        (
            "A_rand_00_n3",
            "class: \"saddle\"",
            Box::new(|c| c["fixed_points"][1]["cls"] = json!("unstable_node")),
        ),
        ("A_rand_00_n3", "index", Box::new(|c| c["fixed_points"][1]["index"] = json!(1))),
        (
            "A_rand_00_n3",
            "eigenvalues off by",
            Box::new(|c| add(&mut c["fixed_points"][0]["eig"][1][0], 3e-9)),
        ),
        // The sign of an eigenvalue that is smaller than any absolute tolerance.
        (
            "A_zsat_0",
            "eigenvalues by size",
            Box::new(|c| scale(&mut c["fixed_points"][2]["eig"][0][0], -1.0)),
        ),
        ("A_zsat_0", "gates", Box::new(|c| scale(&mut c["fixed_points"][2]["one_minus_z"][1], 1.001))),
        ("B_fold_0", "fold value off by", Box::new(|c| add(&mut c["folds"][0]["value"], 1e-7))),
        ("B_fold_0", "fold h off by", Box::new(|c| add(&mut c["folds"][0]["h"], 3e-9))),
        ("B_fold_0", "count below", Box::new(|c| c["folds"][1]["count_below"] = json!(3))),
        ("B_atfold_0", "half-stable", Box::new(|c| add(&mut c["half_stable"]["h"], 1e-4))),
        ("B_bp_0_0", "value off by", Box::new(|c| add(&mut c["value"], 1e-7))),
        ("B_bp_0_0", "transcritical", Box::new(|c| c["type"] = json!("transcritical"))),
        ("D_rot_3_0.7", "period off by", Box::new(|c| scale(&mut c["cycles"][0]["period"], 1.0 + 3e-7))),
        ("D_rot_3_0.7", "multiplier off by", Box::new(|c| add(&mut c["cycles"][0]["multiplier"], 3e-5))),
        ("D_rot_3_0.7", "stable: true", Box::new(|c| c["cycles"][0]["stable"] = json!(false))),
        ("D_rot_3_0.7", "winding", Box::new(|c| c["cycles"][0]["enclosed"][0]["winding"] = json!(-1))),
        ("D_rot_3_0.7", "place", Box::new(|c| add(&mut c["cycles"][0]["point"][0], 0.1))),
        (
            "D_nested_0",
            "cycles",
            Box::new(|c| {
                let again = c["cycles"][0].clone();
                c["cycles"].as_array_mut().unwrap().push(again);
            }),
        ),
        ("C_hopf_sup_00", "parameter off by", Box::new(|c| add(&mut c["value"], 2e-8))),
        ("C_hopf_sup_00", "frequency off by", Box::new(|c| add(&mut c["frequency"], 2e-7))),
        ("C_hopf_sup_00", "sign of l1", Box::new(|c| scale(&mut c["l1_kuznetsov"], -1.0))),
        ("C_hopf_sub_00", "supercritical", Box::new(|c| c["criticality"] = json!("supercritical"))),
        ("C_hopf_sub_00", "side of the small cycle", Box::new(|c| flip(&mut c["simulation"]["side"]))),
        ("C_hopf_sub_03", "derivative of the trace", Box::new(|c| scale(&mut c["dtrace_dparam"], 1.001))),
        ("F_branch_03", "folds off by", Box::new(|c| add(&mut c["folds"][1]["value"], 2e-8))),
        ("F_branch_03", "hopfs off by", Box::new(|c| add(&mut c["hopfs"][1]["value"], 2e-8))),
        ("F_branch_03", "sign of l1", Box::new(|c| flip(&mut c["hopfs"][0]["l1_sign"]))),
        ("F_branch_03", "points of the branch", Box::new(|c| add(&mut c["branch_sample"][20][0], 0.01))),
        (
            "F_branch_03",
            "neutral_saddles",
            Box::new(|c| {
                c["neutral_saddles"].as_array_mut().unwrap().pop();
            }),
        ),
        ("E_hom_09", "parameter off by", Box::new(|c| add(&mut c["value"], 1e-5))),
        ("E_hom_09", "cycle stable", Box::new(|c| c["cycle_stable"] = json!(false))),
        ("E_hom_09", "side of the cycle", Box::new(|c| c["cycle_side"] = json!(1))),
        ("E_hom_09", "law of the period", Box::new(|c| scale(&mut c["slope_theory"], 1.1))),
        ("E_hom_09", "periods near it", Box::new(|c| scale(&mut c["period_data"][0]["period"], 1.00001))),
        ("G_cycle_1", "largest exponent", Box::new(|c| c["exponents_qr"][0] = json!(0.01))),
        ("H_2d_n3_00", "PyTorch's layout", Box::new(|c| add(&mut c["torch"]["bias_hh_l0"][0], 1e-6))),
        (
            "H_2d_n3_00",
            "map multipliers",
            Box::new(|c| add(&mut c["fixed_points"][0]["map_multipliers"][0][0], 3e-9)),
        ),
    ];
    for (id, expected, change) in wrong {
        let (out, error, success) = changed(id, change);
        assert!(
            !success && out.contains("FAILED") && out.contains(expected),
            "{id}, {expected}: {out}{error}"
        );
        assert!(out.ends_with("0 passed, 1 failed, 0 skipped\n"), "{id}: {out}");
    }
}

#[test]
fn a_wrong_system_is_noticed() {
    // Another weight: other fixed points.
    let (out, _, success) = changed("A_rand_00_n3", |c| add(&mut c["system"]["bh"][0], 1e-7));
    assert!(!success && out.contains("points off by"), "{out}");
    // The other reset form.
    let (out, _, success) = changed("A_rand_00_n3", |c| c["system"]["variant"] = json!("reset_after"));
    assert!(!success && out.contains("FAILED"), "{out}");
}

#[test]
fn files_that_are_none_are_refused_with_a_reason() {
    let good = json!({"section": "A", "kind": "hand", "id": "A_x", "system": {
        "n": 1, "variant": "reset_before", "Uz": [[0.0]], "Ur": [[0.0]], "Uh": [[1.0]],
        "bz": [0.0], "br": [0.0], "bh": [0.0],
    }});
    let with = |change: &dyn Fn(&mut Value)| {
        let mut case = good.clone();
        change(&mut case);
        json!({ "cases": [case] }).to_string()
    };
    for (text, expected) in [
        ("{".to_owned(), "EOF"),
        ("[]".to_owned(), "the file: expected an object, found []"),
        ("{}".to_owned(), "it has no `cases`"),
        (json!({"cases": 3}).to_string(), "cases: expected a list, found 3"),
        (json!({"meta": {"format": "gru-oracle-9"}, "cases": []}).to_string(), "`gru-oracle-1` can be read"),
        (json!({"cases": [{"section": "A"}]}).to_string(), "cases[0] has no `kind`"),
        (with(&|c| c["system"] = json!(null)), "case 1 (A_x): cases[0].system: expected an object"),
        (with(&|c| c["system"]["Uh"] = json!([[1.0, 2.0]])), "Uh has the wrong size"),
        (
            with(&|c| c["system"]["Uh"] = json!([["1"]])),
            "cases[0].system.Uh[0][0]: expected a number, found \"1\"",
        ),
        (
            with(&|c| c["system"]["Uh"] = json!([[null]])),
            "cases[0].system.Uh[0][0]: expected a number, found null",
        ),
        (with(&|c| c["system"]["variant"] = json!("reset_during")), "system.variant is `reset_during`"),
        (with(&|c| c["system"]["n"] = json!(2)), "system.n is 2"),
    ] {
        let (out, error, success) = run(file(&text).path());
        assert!(!success && error.contains(expected) && out.is_empty(), "{text}\n{expected}\n{out}{error}");
    }
    let (_, error, success) = run(Path::new("nowhere.json"));
    assert!(!success && error.contains("cannot read nowhere.json"), "{error}");
    // A case that lacks what its section needs fails, and says what.
    let (out, _, success) = run(file(&with(&|_| ())).path());
    assert!(!success && out.contains("it has no `fixed_points`: FAILED"), "{out}");
    // Sections that nobody knows are skipped, and said to be.
    let (out, _, success) = run(file(&with(&|c| c["section"] = json!("Z"))).path());
    assert!(success && out.contains("unknown section or kind: Z/hand: skipped"), "{out}");
    assert!(out.ends_with("0 passed, 0 failed, 1 skipped\n"), "{out}");
}
