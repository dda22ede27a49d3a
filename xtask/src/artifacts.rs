//! Where cargo puts what it builds.

use std::path::PathBuf;

use serde_json::Value;

use crate::project::{Project, Result};
use crate::steps::capture;

/// Builds with `cargo ARGUMENTS` and returns the path of the executable of `target`; what the compiler says is seen.
pub fn executable(project: &Project, arguments: &[&str], target: &str) -> Result<PathBuf> {
    let mut cargo = project.command("cargo");
    cargo.args(arguments).args(["--message-format", "json-render-diagnostics"]);
    find(&capture(&mut cargo)?, target).ok_or_else(|| format!("cargo did not say where it put `{target}`"))
}

/// The executable of `target` among cargo's messages.
fn find(messages: &str, target: &str) -> Option<PathBuf> {
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let built = messages.filter(|message| message["target"]["name"] == target);
    let mut paths = built.filter_map(|message| message["executable"].as_str().map(PathBuf::from));
    paths.next_back()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_executable_is_found_among_other_messages() {
        let messages = concat!(
            "not JSON\n",
            r#"{"reason":"compiler-artifact","target":{"name":"ours"},"executable":"/t/release/deps/ours-1"}"#,
            "\n",
            r#"{"reason":"compiler-artifact","target":{"name":"eigengate"},"executable":null}"#,
            "\n",
            r#"{"reason":"build-finished","success":true}"#,
        );
        assert_eq!(find(messages, "ours"), Some(PathBuf::from("/t/release/deps/ours-1")));
        assert_eq!(find(messages, "eigengate"), None);
    }
}
