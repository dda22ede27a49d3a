//! What `evcxr_display` writes: a test runs itself as if it were a notebook.

use std::process::Command;

/// Whether this process is the notebook.
pub fn is_notebook() -> bool {
    std::env::var_os("EVCXR_IS_RUNTIME").is_some()
}

/// The output of the test of this name in a notebook.
pub fn run(test: &str) -> String {
    let output = Command::new(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture"])
        .env("EVCXR_IS_RUNTIME", "1")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Its output from the first representation of a value to the last.
pub fn shown(test: &str) -> String {
    let text = run(test);
    let (start, end) = (text.find("EVCXR_BEGIN").expect("content"), text.rfind("EVCXR_END_CONTENT\n"));
    text.get(start..end.expect("its end")).unwrap().to_owned() + "EVCXR_END_CONTENT\n"
}
