//! How data sets show themselves in a notebook.

use super::{Cifar10, Dataset, Mnist};
use crate::display::{self, Content};
use std::fmt;

impl fmt::Debug for Dataset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Dataset({} examples of {} pixels, {} classes)", self.len(), self.shape(), self.classes())
    }
}

impl fmt::Debug for Mnist {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mnist(train: {:?}, test: {:?})", self.train, self.test)
    }
}

impl fmt::Debug for Cifar10 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cifar10(train: {:?}, test: {:?})", self.train, self.test)
    }
}

impl Dataset {
    /// Shows the number of examples, the size of an image and the examples of each class.
    pub fn evcxr_display(&self) {
        show(&[("", self)], &[]);
    }
}

impl Mnist {
    /// Shows both parts: the number of examples, the size of an image and the examples of each class.
    pub fn evcxr_display(&self) {
        show(&[("train", &self.train), ("test", &self.test)], &[]);
    }
}

impl Cifar10 {
    /// Shows both parts: the number of examples, the size of an image and the examples of each class, by name.
    pub fn evcxr_display(&self) {
        show(&[("train", &self.train), ("test", &self.test)], &self.class_names);
    }
}

fn show(parts: &[(&str, &Dataset)], names: &[String]) {
    if display::in_notebook() {
        display::show(&[Content::Html(&html(parts, names)), Content::Plain(&text(parts))]);
    }
}

/// A table with a row for each part; every part has the same classes. A class without a name is a number.
fn html(parts: &[(&str, &Dataset)], names: &[String]) -> String {
    let classes = parts.iter().map(|(_, data)| data.classes()).max().unwrap_or(0);
    let mut html = String::from(
        "<table>\n<thead><tr><th></th><th>examples</th><th>channels x height x width</th>\
         <th>examples of class</th>",
    );
    for class in 0..classes {
        let name = names.get(class).map_or_else(|| class.to_string(), |name| display::escape_html(name));
        html.push_str(&format!("<th>{name}</th>"));
    }
    html.push_str("</tr></thead>\n<tbody>\n");
    for (name, data) in parts {
        html.push_str(&format!(
            "<tr><th>{}</th><td>{}</td><td>{}</td><td></td>",
            display::escape_html(name),
            data.len(),
            data.shape()
        ));
        for count in data.class_counts() {
            html.push_str(&format!("<td>{count}</td>"));
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</tbody>\n</table>");
    html
}

fn text(parts: &[(&str, &Dataset)]) -> String {
    let lines: Vec<String> = parts
        .iter()
        .map(|(name, data)| {
            let name = if name.is_empty() { String::new() } else { format!("{name}: ") };
            let counts: Vec<String> = data.class_counts().iter().map(ToString::to_string).collect();
            format!("{name}{data:?}, examples of each class: {}", counts.join(" "))
        })
        .collect();
    lines.join("\n")
}
