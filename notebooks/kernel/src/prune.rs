//! Which crates rust-analyzer gets to see.
//!
//! It reads the sources of all crates that `cargo metadata` lists: 230 of them below polars, dfdx and
//! plotters, from zstd to regex, for 15 s of work and 2 GB of memory. A cell can name the types of a few.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// Crates below the facade whose types and traits the types of cells are made of.
pub const VISIBLE: &[&str] = &[
    // The facade's re-exports.
    "eigengate",
    "dfdx",
    "ndarray",
    "plotters",
    "polars",
    // What their types are made of, and the traits that give them their methods.
    "half",
    "num-complex",
    "num-traits",
    "plotters-backend",
    "plotters-bitmap",
    "plotters-svg",
    "polars-arrow",
    "polars-buffer",
    "polars-core",
    "polars-dtype",
    "polars-error",
    "polars-io",
    "polars-ops",
    "polars-schema",
    "polars-time",
    "polars-utils",
    "rand",
    "rand_core",
    "rand_distr",
    "rayon",
];

/// Drops the crates that a cell reaches through the facade only and that are not visible. Crates that a
/// notebook adds with `:dep` keep all of theirs.
///
/// Other answers than those about a cell's crate stay as they are: rust-analyzer also asks about the
/// workspace of the standard library.
pub fn prune(metadata: &mut Value) {
    let Some(root) = metadata["workspace_members"][0].as_str().map(str::to_owned) else { return };
    if !root.contains("#ctx@") {
        return;
    }
    let kept = reached(metadata, &root);
    let keep = |id: &Value| id.as_str().is_some_and(|id| kept.contains(id));
    if let Some(packages) = metadata["packages"].as_array_mut() {
        packages.retain(|package| keep(&package["id"]));
    }
    let Some(nodes) = metadata["resolve"]["nodes"].as_array_mut() else { return };
    nodes.retain(|node| keep(&node["id"]));
    for node in nodes {
        if let Some(dependencies) = node["deps"].as_array_mut() {
            dependencies.retain(|dependency| keep(&dependency["pkg"]));
        }
        if let Some(dependencies) = node["dependencies"].as_array_mut() {
            dependencies.retain(keep);
        }
    }
}

/// The packages that stay.
fn reached(metadata: &Value, root: &str) -> BTreeSet<String> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let names: BTreeMap<String, String> =
        list(&metadata["packages"]).iter().map(|p| (text(&p["id"]), text(&p["name"]))).collect();
    let dependencies: BTreeMap<String, Vec<String>> = list(&metadata["resolve"]["nodes"])
        .iter()
        .map(|node| (text(&node["id"]), list(&node["dependencies"]).iter().map(text).collect()))
        .collect();
    let name = |id: &str| names.get(id).map(String::as_str).unwrap_or_default();

    // A package with whether it was reached through the facade.
    let mut queue = vec![(root, false)];
    let mut seen = BTreeSet::new();
    while let Some((id, below)) = queue.pop() {
        if !seen.insert((id, below)) {
            continue;
        }
        let below = below || name(id) == "eigengate-notebook";
        let next = dependencies.get(id).into_iter().flatten().map(String::as_str);
        queue.extend(next.filter(|id| !below || VISIBLE.contains(&name(id))).map(|id| (id, below)));
    }
    seen.into_iter().map(|(id, _)| id.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn metadata(root: &str, edges: &[(&str, &[&str])]) -> Value {
        let packages: Vec<Value> = edges
            .iter()
            .map(|(id, _)| json!({"id": id, "name": id.rsplit(['#', '@']).nth(1).unwrap_or(id)}))
            .collect();
        let nodes: Vec<Value> = edges
            .iter()
            .map(|(id, to)| {
                let deps: Vec<Value> = to.iter().map(|to| json!({"pkg": to})).collect();
                json!({"id": id, "dependencies": to, "deps": deps})
            })
            .collect();
        json!({"workspace_members": [root], "packages": packages, "resolve": {"nodes": nodes}})
    }

    fn left(metadata: &Value) -> Vec<&str> {
        let packages = metadata["packages"].as_array().map(Vec::as_slice).unwrap_or_default();
        packages.iter().filter_map(|package| package["name"].as_str()).collect()
    }

    #[test]
    fn hidden_crates_go_unless_a_notebook_asks_for_them() {
        let below: &[(&str, &[&str])] = &[
            ("f#eigengate-notebook@1", &["r#polars@1", "r#zstd@1"]),
            ("r#polars@1", &["r#regex@1", "r#polars-core@1"]),
            ("r#polars-core@1", &["r#regex@1"]),
            ("r#regex@1", &[]),
            ("r#zstd@1", &[]),
            ("r#other@1", &["r#regex@1"]),
        ];
        let mut plain: Vec<(&str, &[&str])> = vec![("p#ctx@1", &["f#eigengate-notebook@1"])];
        plain.extend(below);
        let mut value = metadata("p#ctx@1", &plain);
        prune(&mut value);
        assert_eq!(left(&value), ["ctx", "eigengate-notebook", "polars", "polars-core"]);
        assert_eq!(value["resolve"]["nodes"][2]["dependencies"], json!(["r#polars-core@1"]));
        assert_eq!(value["resolve"]["nodes"][2]["deps"], json!([{"pkg": "r#polars-core@1"}]));

        let mut asking: Vec<(&str, &[&str])> = vec![("p#ctx@1", &["f#eigengate-notebook@1", "r#other@1"])];
        asking.extend(below);
        let mut value = metadata("p#ctx@1", &asking);
        prune(&mut value);
        assert_eq!(left(&value), ["ctx", "eigengate-notebook", "polars", "polars-core", "regex", "other"]);
    }

    #[test]
    fn the_standard_library_stays_whole() {
        let mut value = metadata("s#std@1", &[("s#std@1", &["r#regex@1"]), ("r#regex@1", &[])]);
        let before = value.clone();
        prune(&mut value);
        assert_eq!(value, before);
    }
}
