//! Frames: columns, csv and parquet, checked from Python too, and how they look in a notebook.

#[path = "common/errors.rs"]
mod errors;
#[path = "common/files.rs"]
mod files;
#[path = "common/notebook.rs"]
mod notebook;
#[path = "common/python.rs"]
mod python;

use eigengate::frame::Frame;
use errors::{has, text};
use files::file;
use ndarray::{Array1, array};
use notebook::{is_notebook, run, shown};
use polars::prelude::{Column, DataFrame, DataType, IntoSeries, NamedFrom, Series};
use python::python;
use std::path::Path;

/// Every type of column, without and with nulls.
fn mixed() -> Frame {
    Frame::new()
        .with("f32", [0.1f32, -1e30, f32::INFINITY])
        .and_then(|f| f.with("f64", [0.1f64, 1e-300, -0.5]))
        .and_then(|f| f.with("f64?", [Some(2.5f64), None, Some(1.0 / 3.0)]))
        .and_then(|f| f.with("i64", [i64::MIN, 0, i64::MAX]))
        .and_then(|f| f.with("i64?", [None, Some(7i64), None]))
        .and_then(|f| f.with("u8", [0u8, 128, 255]))
        .and_then(|f| f.with("text", ["plain", "comma, \"quote\"\nline", "größe"]))
        .and_then(|f| f.with("text?", [Some(""), None, Some("x")]))
        .and_then(|f| f.with("bool", [true, false, true]))
        .and_then(|f| f.with("bool?", [Some(true), None, Some(false)]))
        .unwrap()
}

/// Rows of `i` and its half, with enough text for more than one page.
fn long(rows: i64) -> Frame {
    let frame = Frame::new().with("index", 0..rows).unwrap();
    frame.with("half", (0..rows).map(|i| i as f64 / 2.0)).unwrap()
}

// Columns

#[test]
fn columns_keep_their_types() {
    let frame = mixed();
    assert_eq!(frame.shape(), (3, 10));
    use DataType::*;
    let types = [Float32, Float64, Float64, Int64, Int64, UInt8, String, String, Boolean, Boolean];
    assert_eq!(frame.dtypes(), types);
    assert_eq!(frame.column("u8").unwrap().u8().unwrap().get(2), Some(255));
    assert_eq!(
        frame.column("i64?").unwrap().i64().unwrap().iter().collect::<Vec<_>>(),
        [None, Some(7), None]
    );
    assert_eq!(frame.column("text?").unwrap().null_count(), 1);
}

#[test]
fn columns_come_from_vectors_slices_arrays_and_iterators() {
    let numbers = vec![1.5f64, 2.5];
    let matrix = array![[1.0f32, 2.0], [3.0, 4.0]];
    let names = vec!["a".to_owned(), "b".to_owned()];
    let frame = Frame::new()
        .with("vec", numbers.clone())
        .and_then(|f| f.with("slice", &numbers))
        .and_then(|f| f.with("array", Array1::from(numbers.clone())))
        .and_then(|f| f.with("view", matrix.column(1)))
        .and_then(|f| f.with("range", 0..2usize))
        .and_then(|f| f.with("strings", &names))
        .and_then(|f| f.with("strs", names.iter().map(std::string::String::as_str)))
        .unwrap();
    let floats = |name: &str| -> Vec<_> { frame.column(name).unwrap().f64().unwrap().iter().collect() };
    for name in ["vec", "slice", "array"] {
        assert_eq!(floats(name), [Some(1.5), Some(2.5)]);
    }
    let view: Vec<_> = frame.column("view").unwrap().f32().unwrap().into_no_null_iter().collect();
    assert_eq!(view, [2.0, 4.0]);
    let range: Vec<_> = frame.column("range").unwrap().i64().unwrap().into_no_null_iter().collect();
    assert_eq!(range, [0, 1]);
    for name in ["strings", "strs"] {
        let texts: Vec<_> = frame.column(name).unwrap().str().unwrap().iter().collect();
        assert_eq!(texts, [Some("a"), Some("b")]);
    }
}

#[test]
fn columns_that_do_not_fit_are_refused() {
    let frame = Frame::new().with("a", [1, 2, 3]).unwrap();
    let text_of = |result| text::<Frame>(result);
    has(&text_of(frame.clone().with("b", [1, 2])), &["the column b", "expected 3 values, found 2"]);
    // polars would repeat it.
    has(&text_of(frame.clone().with("b", [1])), &["the column b", "expected 3 values, found 1"]);
    has(&text_of(frame.clone().with("a", [1, 2, 3])), &["name = a", "a name that no column"]);
    has(&text_of(frame.with("b", [0, 1, usize::MAX])), &["values = 18446744073709551615", "i64::MAX"]);
    let empty = Frame::new().with("a", Vec::<f64>::new()).unwrap();
    assert_eq!(empty.shape(), (0, 1));
    has(&text_of(empty.with("b", [1.0])), &["expected 0 values, found 1"]);

    let column = |name: &str, n: i64| Column::from(Series::new(name.into(), (0..n).collect::<Vec<_>>()));
    assert_eq!(Frame::from_columns(vec![column("a", 2), column("b", 2)]).unwrap().shape(), (2, 2));
    has(&text_of(Frame::from_columns(vec![column("a", 2), column("b", 3)])), &["the column b", "found 3"]);
    has(&text_of(Frame::from_columns(vec![column("a", 2), column("a", 2)])), &["name = a"]);
}

#[test]
fn a_frame_is_a_polars_frame() {
    let polars: DataFrame = mixed().into_inner();
    let frame = Frame::from(polars.clone());
    assert!(frame.equals_missing(&polars));
    assert_eq!(frame.head(Some(2)).height(), 2);
    assert_eq!(
        format!("{frame:?}"),
        "Frame(3 rows x 10 columns: f32, f64, f64?, i64, i64?, u8, text, text?, bool, bool?)"
    );
    let wide = (0..11).fold(Frame::new(), |f, i| f.with(&format!("c{i}"), [i]).unwrap());
    assert_eq!(format!("{wide:?}"), "Frame(1 rows x 11 columns: c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, …)");
    assert_eq!(frame.to_string(), polars.to_string());
}

// Files

#[test]
fn parquet_gives_back_every_column() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    for frame in [mixed(), long(300_000), mixed().head(Some(0)).into()] {
        frame.write_parquet(&path).unwrap();
        let read = Frame::read_parquet(&path).unwrap();
        assert_eq!(read.schema(), frame.schema());
        assert!(read.equals_missing(&frame), "{read}");
    }
}

#[test]
fn the_same_table_gives_the_same_parquet() {
    let folder = tempfile::tempdir().unwrap();
    let write = |frame: &Frame, name: &str| {
        let path = folder.path().join(name);
        frame.write_parquet(&path).unwrap();
        std::fs::read(path).unwrap()
    };
    let frame = long(300_000);
    let bytes = write(&frame, "1");
    assert_eq!(write(&frame, "2"), bytes);
    // polars remembers of a column that it is sorted.
    let sorted = frame.sort(["index"], Default::default()).unwrap();
    assert_eq!(write(&Frame::from(sorted), "4"), bytes);
    // The same rows in two pieces of memory.
    let pieces = frame.head(Some(1000)).vstack(&frame.slice(1000, 299_000)).unwrap();
    assert_eq!(pieces.column("index").unwrap().n_chunks(), 2);
    assert_eq!(write(&Frame::from(pieces), "3"), bytes);
}

#[test]
fn csv_gives_back_every_value() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.csv");
    let frame = mixed();
    frame.write_csv(&path).unwrap();
    let lines = std::fs::read_to_string(&path).unwrap();
    assert!(
        lines.starts_with(
            "f32,f64,f64?,i64,i64?,u8,text,text?,bool,bool?\n0.1,0.1,2.5,-9223372036854775808,,0,"
        )
    );
    let read = Frame::read_csv(&path).unwrap();
    // csv has no types: f32 and u8 come back as the widest of their kind.
    assert_eq!(read.column("f32").unwrap().dtype(), &DataType::Float64);
    assert_eq!(read.column("u8").unwrap().dtype(), &DataType::Int64);
    let mut read = read.into_inner();
    for (name, dtype) in [("f32", DataType::Float32), ("u8", DataType::UInt8)] {
        let column = read.column(name).unwrap().cast(&dtype).unwrap();
        read.with_column(column).unwrap();
    }
    assert!(read.equals_missing(&frame), "{read}");
}

#[test]
fn csv_types_are_those_of_the_whole_file() {
    let folder = tempfile::tempdir().unwrap();
    let mut lines = "value,none,nan\n".to_owned() + &"1,,1.0\n".repeat(2000);
    lines.push_str("0.5,,NaN\n");
    let frame = Frame::read_csv(file(&folder, "late.csv", lines.as_bytes())).unwrap();
    assert_eq!(frame.column("value").unwrap().f64().unwrap().get(2000), Some(0.5));
    assert_eq!(frame.column("none").unwrap().null_count(), 2001);
    assert!(frame.column("nan").unwrap().f64().unwrap().get(2000).unwrap().is_nan());
    let crlf = Frame::read_csv(file(&folder, "crlf.csv", b"a,b\r\n1,x\r\n")).unwrap();
    assert_eq!(crlf.column("b").unwrap().str().unwrap().get(0), Some("x"));
}

#[test]
fn files_that_are_not_csv_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |path: &Path| {
        let text = text(Frame::read_csv(path));
        has(&text, &[&path.display().to_string(), "csv file", "lines of text with commas"]);
        text
    };
    let parquet = folder.path().join("parquet.csv");
    mixed().write_parquet(&parquet).unwrap();
    has(&refused(&parquet), &["found a parquet file (read it with read_parquet)"]);
    has(&refused(&file(&folder, "a.csv.gz", &[0x1f, 0x8b, 8, 0])), &["found a gzip file"]);
    has(&refused(&file(&folder, "utf16", b"a\0,\0b\0")), &["not UTF-8"]);
    has(&refused(&file(&folder, "latin1", b"a,b\ngr\xf6\xdfe,1\n")), &["found"]);
    has(&refused(&file(&folder, "nothing", b"")), &["found"]);
    has(&refused(&file(&folder, "ragged", b"a,b\n1,2\n1,2,3\n")), &["found"]);
    has(&text(Frame::read_csv(folder.path().join("absent.csv"))), &["cannot read", "absent.csv"]);
    has(&text(Frame::read_csv(folder.path())), &["cannot read"]);
}

#[test]
fn files_that_are_not_parquet_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |name: &str, bytes: &[u8]| {
        let path = file(&folder, name, bytes);
        let text = text(Frame::read_parquet(&path));
        has(&text, &[&path.display().to_string(), "parquet file", "numbers, bools and text"]);
        text
    };
    has(
        &refused("a.csv", b"epoch,loss\n1,2\n"),
        &["found a file that starts with \"epoch,lo\", not \"PAR1\""],
    );
    has(&refused("nothing", b""), &["starts with \"\""]);
    has(&refused("magic", b"PAR1"), &["found"]);
    has(&refused("twice", b"PAR1PAR1"), &["found"]);
    let path = folder.path().join("whole.parquet");
    long(10_000).write_parquet(&path).unwrap();
    let whole = std::fs::read(&path).unwrap();
    for part in 1..8 {
        has(&refused("cut", &whole[..whole.len() * part / 8]), &["cut off", "does not end with \"PAR1\""]);
    }
    // The end of a file without its middle: the footer points nowhere.
    has(&refused("middle", &[&whole[..100], &whole[whole.len() - 600..]].concat()), &["found"]);
    has(&text(Frame::read_parquet(folder.path().join("absent.parquet"))), &["cannot read", "absent.parquet"]);
}

/// polars panics on some damage, which must come out as errors. The test runs itself, because panics that
/// are caught write to standard error all the same.
#[test]
fn damaged_parquet_gives_errors() {
    if !is_notebook() {
        let text = run("damaged_parquet_gives_errors");
        has(&text, &["damaged content, or content of a kind"]);
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    mixed().write_parquet(&path).unwrap();
    let whole = std::fs::read(&path).unwrap();
    let length = u32::from_le_bytes(whole[whole.len() - 8..][..4].try_into().unwrap()) as usize;
    let footer = whole.len() - 8 - length;
    for at in 0..whole.len() {
        let changes: &[u8] = if at < footer { &[0xff] } else { &[0x01, 0x80, 0xff] };
        for change in changes {
            let mut bytes = whole.clone();
            bytes[at] ^= change;
            std::fs::write(&path, bytes).unwrap();
            if let Err(error) = Frame::read_parquet(&path) {
                let error = error.to_string();
                has(&error, &["a.parquet", "found"]);
                assert!(!error.contains('\n'), "{error}");
                println!("{error}");
            }
        }
    }
}

#[test]
fn failed_writes_leave_everything_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let absent = folder.path().join("absent").join("a");
    has(&text(mixed().write_csv(&absent)), &["cannot write", "absent", "folder exists"]);
    has(&text(mixed().write_parquet(&absent)), &["cannot write", "absent", "folder exists"]);

    let path = file(&folder, "old", b"old");
    has(&text(Frame::new().write_csv(&path)), &["the frame", "at least 1 column"]);
    has(&text(Frame::new().write_parquet(&path)), &["the frame", "at least 1 column"]);
    let list = Series::new("list".into(), [Series::new("".into(), [1i64, 2])]).into_series();
    let list = Frame::from_columns(vec![list.into()]).unwrap();
    has(&text(list.write_csv(&path)), &["polars"]);
    assert_eq!(std::fs::read(&path).unwrap(), b"old");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file is left");

    list.write_parquet(&path).unwrap();
    has(&text(Frame::read_parquet(&path)), &["the column \"list\" of type", "List", "convert it first"]);
}

// In a notebook

#[test]
fn a_short_frame_is_shown_whole() {
    let frame = Frame::new().with("x<y", [Some(1.5), None]).unwrap().with("name", ["a & b", "<i>"]).unwrap();
    if is_notebook() {
        println!();
        return frame.evcxr_display();
    }
    let shown = shown("a_short_frame_is_shown_whole");
    let html = "EVCXR_BEGIN_CONTENT text/html\n\
        <table>\n<thead>\n<tr><th style=\"text-align: right\">x&lt;y<br><small>f64</small></th>\
        <th style=\"text-align: left\">name<br><small>str</small></th></tr>\n</thead>\n<tbody>\n\
        <tr><td style=\"text-align: right\">1.5</td><td style=\"text-align: left\">a &amp; b</td></tr>\n\
        <tr><td style=\"text-align: right\"><span style=\"color: gray\">null</span></td>\
        <td style=\"text-align: left\">&lt;i&gt;</td></tr>\n\
        </tbody>\n</table>\n<small>2 rows x 2 columns</small>\nEVCXR_END_CONTENT\n";
    assert!(shown.starts_with(html), "{shown}");
    let plain = format!("EVCXR_BEGIN_CONTENT text/plain\n{}\nEVCXR_END_CONTENT\n", *frame);
    assert_eq!(shown[html.len()..], plain);
}

#[test]
fn a_long_frame_is_shown_by_its_ends() {
    let frame = long(1000).with("text", vec!["é".repeat(300); 1000]).unwrap();
    if is_notebook() {
        println!();
        return frame.evcxr_display();
    }
    let shown = shown("a_long_frame_is_shown_by_its_ends");
    let html = &shown[..shown.find("EVCXR_END").unwrap()];
    let rows: Vec<&str> = html.lines().filter(|line| line.starts_with("<tr><td")).collect();
    // 10 and 10 and a row of dots, then a row of the summary for each column.
    assert_eq!(rows.len(), 21 + 3);
    has(rows[9], &[">9<", ">4.5<", &format!(">{}…<", "é".repeat(100))]);
    assert_eq!(rows[10].matches("…").count(), 3);
    has(rows[11], &[">990<", ">495.0<"]);
    has(rows[20], &[">999<"]);
    has(html, &["<details><summary><small>1000 rows x 3 columns</small></summary>"]);
    has(rows[21], &[">0<", ">499.5<", ">999.0<"]);
    has(rows[23], &[">text<", ">str<", ">1<", ">null<"]);
}

#[test]
fn a_summary_tells_what_columns_hold() {
    let frame = Frame::new()
        .with("x", [Some(1.0), None, Some(4.0), Some(f64::NAN)])
        .unwrap()
        .with("n", [3i64, -1, 3, 7])
        .unwrap()
        .with("name", [Some("a"), None, Some("b"), Some("a")])
        .unwrap()
        .with("flag", [true, false, true, true])
        .unwrap();
    let summary = frame.summary().unwrap();
    let floats = |name: &str| summary.column(name).unwrap().f64().unwrap().iter().collect::<Vec<_>>();
    let counts = |name: &str| summary.column(name).unwrap().i64().unwrap().iter().collect::<Vec<_>>();
    let texts = |name: &str| {
        summary.column(name).unwrap().str().unwrap().iter().flatten().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(texts("column"), ["x", "n", "name", "flag"]);
    assert_eq!(texts("type"), ["f64", "i64", "str", "bool"]);
    assert_eq!(counts("missing"), [Some(1), Some(0), Some(1), Some(0)]);
    assert_eq!(counts("distinct"), [None, None, Some(2), Some(2)]);
    assert_eq!(floats("least"), [Some(1.0), Some(-1.0), None, None]);
    assert_eq!(floats("mean"), [Some(2.5), Some(3.0), None, Some(0.75)]);
    assert_eq!(floats("largest"), [Some(4.0), Some(7.0), None, None]);
    // Nothing to tell of nothing.
    let empty = Frame::new().with("x", Vec::<f64>::new()).unwrap().summary().unwrap();
    assert_eq!(empty.column("mean").unwrap().f64().unwrap().get(0), None);
    assert_eq!(Frame::new().summary().unwrap().height(), 0);
}

// With Python

#[test]
fn pyarrow_reads_what_is_written() {
    let folder = tempfile::tempdir().unwrap();
    mixed().write_parquet(folder.path().join("a.parquet")).unwrap();
    mixed().write_csv(folder.path().join("a.csv")).unwrap();
    python(
        r#"
import sys, math, csv, pyarrow as pa, pyarrow.parquet as pq, numpy as np
folder = sys.argv[1]
table = pq.read_table(f"{folder}/a.parquet")
types = {name: str(type) for name, type in zip(table.schema.names, table.schema.types)}
text = types.pop("text")
assert text in ("string", "large_string", "string_view"), text
assert types.pop("text?") == text
assert types == {
    "f32": "float", "f64": "double", "f64?": "double", "i64": "int64", "i64?": "int64", "u8": "uint8",
    "bool": "bool", "bool?": "bool",
}, types
expected = {
    "f32": [float(np.float32(0.1)), float(np.float32(-1e30)), math.inf],
    "f64": [0.1, 1e-300, -0.5],
    "f64?": [2.5, None, 1 / 3],
    "i64": [-2**63, 0, 2**63 - 1],
    "i64?": [None, 7, None],
    "u8": [0, 128, 255],
    "text": ["plain", 'comma, "quote"\nline', "größe"],
    "text?": ["", None, "x"],
    "bool": [True, False, True],
    "bool?": [True, None, False],
}
assert table.to_pydict() == expected, table.to_pydict()
assert pq.ParquetFile(f"{folder}/a.parquet").metadata.row_group(0).column(0).compression == "ZSTD"
rows = list(csv.DictReader(open(f"{folder}/a.csv", newline="", encoding="utf-8")))
assert [row["text"] for row in rows] == expected["text"], rows
assert [float(row["f64"]) for row in rows] == expected["f64"], rows
assert [np.float32(row["f32"]) for row in rows] == [np.float32(x) for x in expected["f32"]], rows
assert [row["i64?"] for row in rows] == ["", "7", ""], rows
assert [row["bool?"] for row in rows] == ["true", "", "false"], rows
"#,
        &[folder.path()],
    );
}

#[test]
fn what_pyarrow_writes_is_read() {
    let folder = tempfile::tempdir().unwrap();
    python(
        r#"
import sys, datetime, pyarrow as pa, pyarrow.parquet as pq, pyarrow.csv as pc
folder = sys.argv[1]
table = pa.table({
    "f32": pa.array([0.1, None, -2.0], pa.float32()),
    "f64": pa.array([0.1, None, -2.0], pa.float64()),
    "i64": pa.array([1, None, -3], pa.int64()),
    "u8": pa.array([1, None, 255], pa.uint8()),
    "text": pa.array(["a", None, "größe"]),
    "bool": pa.array([True, None, False]),
})
for compression in ["none", "snappy", "gzip", "zstd", "lz4", "brotli"]:
    pq.write_table(table, f"{folder}/{compression}.parquet", compression=compression)
pq.write_table(table, f"{folder}/v1.parquet", version="1.0", use_dictionary=False, row_group_size=2)
pc.write_csv(table, f"{folder}/a.csv")
for name, array in {
    "i16": pa.array([1], pa.int16()),
    "f16": pa.array([1.0], pa.float16()),
    "when": pa.array([datetime.datetime(2020, 1, 1)]),
    "struct": pa.array([{"a": 1}]),
    "list": pa.array([[1, 2]]),
    "decimal": pa.array([1], pa.decimal128(5)),
    "category": pa.array(["a"]).dictionary_encode(),
    "bytes": pa.array([b"a"]),
}.items():
    pq.write_table(pa.table({"good": pa.array([1.0]), name: array}), f"{folder}/{name}.parquet")
"#,
        &[folder.path()],
    );
    let expected = Frame::new()
        .with("f32", [Some(0.1f32), None, Some(-2.0)])
        .and_then(|f| f.with("f64", [Some(0.1f64), None, Some(-2.0)]))
        .and_then(|f| f.with("i64", [Some(1i64), None, Some(-3)]))
        .and_then(|f| f.with("u8", [Some(1u8), None, Some(255)]))
        .and_then(|f| f.with("text", [Some("a"), None, Some("größe")]))
        .and_then(|f| f.with("bool", [Some(true), None, Some(false)]))
        .unwrap();
    for name in ["none", "snappy", "gzip", "zstd", "lz4", "brotli", "v1"] {
        let read = Frame::read_parquet(folder.path().join(format!("{name}.parquet"))).unwrap();
        assert_eq!(read.schema(), expected.schema(), "{name}");
        assert!(read.equals_missing(&expected), "{name}: {read}");
    }
    let read = Frame::read_csv(folder.path().join("a.csv")).unwrap();
    for name in ["f64", "i64", "text", "bool"] {
        assert!(read.column(name).unwrap().equals_missing(expected.column(name).unwrap()), "{name}: {read}");
    }
    for name in ["i16", "f16", "when", "struct", "list", "decimal", "category", "bytes"] {
        let text = text(Frame::read_parquet(folder.path().join(format!("{name}.parquet"))));
        has(
            &text,
            &[&format!("{name}.parquet"), &format!("the column {name:?} of type"), "convert it first"],
        );
    }
}
