//! What tests ask of errors.

use eigengate::Error;

/// The text of an error, which is one line; a success fails the test.
#[track_caller]
pub fn text<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    let text = result.expect_err("an error").to_string();
    assert!(!text.contains('\n'), "one line: {text}");
    text
}

/// Asserts that a text has all of these parts.
#[track_caller]
pub fn has(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is missing in: {text}");
    }
}
