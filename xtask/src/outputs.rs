//! Whether an executed notebook ran well. A panic or an `Err` in a cell still counts as success for
//! Jupyter, so the outputs themselves are looked at.

use serde_json::Value;

/// The last code cell prints a line that starts like this, made of the notebook's results.
pub const SENTINEL: &str = "RESULT ";

/// Everything that is wrong with the outputs of a notebook; nothing if it ran well.
pub fn problems(notebook: &Value) -> Vec<String> {
    let cells = notebook["cells"].as_array().map(Vec::as_slice).unwrap_or_default();
    let code: Vec<&Value> = cells
        .iter()
        .filter(|cell| cell["cell_type"] == "code" && !text(&cell["source"]).trim().is_empty())
        .collect();
    let Some(last) = code.last() else { return vec!["it has no code cell".to_owned()] };
    let mut found = Vec::new();
    for (index, cell) in code.iter().enumerate() {
        for output in outputs(cell) {
            if let Some(problem) = problem(output) {
                found.push(format!("code cell {}: {problem}", index + 1));
            }
        }
    }
    if code.iter().all(|cell| outputs(cell).is_empty()) {
        found.push("it has no outputs: it was not executed".to_owned());
    } else if !outputs(last)
        .iter()
        .any(|output| text(&output["text"]).lines().any(|l| l.starts_with(SENTINEL)))
    {
        found.push(format!("its last code cell does not print a line that starts with `{SENTINEL}`"));
    }
    found
}

fn outputs(cell: &Value) -> &[Value] {
    cell["outputs"].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn problem(output: &Value) -> Option<String> {
    if output["output_type"] == "error" {
        return Some(format!("error: {}", text(&output["evalue"])));
    }
    let written = text(&output["text"]);
    if output["name"] == "stderr" {
        return Some(format!("writes to stderr: {}", head(&written)));
    }
    let shown = output["data"].as_object().into_iter().flatten().map(|(_, value)| text(value));
    let panic = std::iter::once(written.clone()).chain(shown).find(|part| part.contains("panicked at"))?;
    Some(format!("panics: {}", head(&panic)))
}

/// nbformat stores text as one string or as a list of lines.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(lines) => lines.iter().filter_map(Value::as_str).collect(),
        _ => String::new(),
    }
}

fn head(text: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).take(3).collect();
    lines.join(" | ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn notebook(outputs: &Value) -> Value {
        json!({"cells": [{"cell_type": "code", "source": "f()", "outputs": outputs}]})
    }

    #[test]
    fn a_good_notebook_has_no_problems() {
        let good =
            notebook(&json!([{"output_type": "stream", "name": "stdout", "text": ["a\n", "RESULT 1\n"]}]));
        assert!(problems(&good).is_empty());
    }

    #[test]
    fn errors_panics_stderr_and_missing_results_are_found() {
        let cases = [
            (json!([]), "not executed"),
            (json!([{"output_type": "stream", "name": "stdout", "text": "no RESULT 1"}]), "does not print"),
            (json!([{"output_type": "error", "ename": "Error", "evalue": "no such name"}]), "no such name"),
            (
                json!([{"output_type": "stream", "name": "stderr", "text": "wrong size"}]),
                "stderr: wrong size",
            ),
            (json!([{"output_type": "execute_result", "data": {"text/plain": "x panicked at y"}}]), "panics"),
        ];
        for (outputs, expected) in cases {
            let found = problems(&notebook(&outputs)).join("; ");
            assert!(found.contains(expected), "{outputs}: {found}");
        }
        assert!(!problems(&json!({"cells": []})).is_empty());
    }
}
