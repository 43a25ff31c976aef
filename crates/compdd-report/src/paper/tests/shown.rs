//! What is read: every table in every format and mode, and some of them to the letter.

use super::*;

const FORMATS: [Format; 5] = [Format::Markdown, Format::Latex, Format::Csv, Format::Html, Format::Term];

fn text(store: &Store, id: &str, mode: Option<Mode>, format: Format) -> String {
    render(&[find(id).unwrap()], store, &Options { mode, format, ..Options::default() }).unwrap()
}

#[test]
fn every_table_is_written_in_every_mode_and_format() {
    let (_folder, store) = some_results();
    let records = Records::open(&store, &[]).unwrap();
    for table in all() {
        for mode in [Mode::Published, Mode::Measured, Mode::Both] {
            let ready = rendered(table, &records, Some(mode), None).unwrap();
            for grid in &ready.grids {
                for row in &grid.head {
                    assert_eq!(row.iter().map(|heading| heading.span).sum::<usize>(), grid.columns(), "{}", grid.name);
                }
                assert!(grid.rows.iter().all(|row| row.entries.len() == grid.columns()), "{}", grid.name);
            }
            for format in FORMATS {
                let text = ready.write(format);
                assert!(text.ends_with('\n') && text.lines().count() > 2, "{} {mode:?} {format:?}", table.id);
            }
        }
    }
}

#[test]
fn every_printed_cell_is_shown_once() {
    let (_folder, store) = folder();
    let records = Records::open(&store, &[]).unwrap();
    for table in all() {
        let ready = rendered(table, &records, Some(Mode::Published), None).unwrap();
        let stub = table.layout.rows.len();
        let entries = ready.grids.iter().flat_map(|grid| &grid.rows).flat_map(|row| row.entries.iter().skip(stub));
        if matches!(table.body, Body::Results(_)) {
            let mut shown: Vec<&str> =
                entries.map(|entry| entry.text.as_str()).filter(|text| !text.is_empty()).collect();
            let mut printed: Vec<String> = table.cells().iter().map(Printed::text).collect();
            shown.sort_unstable();
            printed.sort_unstable();
            assert_eq!(shown, printed, "{}", table.id);
        }
    }
}

#[test]
fn some_tables_as_published() {
    let (_folder, store) = folder();
    for id in ["edf:1", "edf:11", "datadam:main-2", "bilp:9", "edc:1", "edf:12", "edf:9"] {
        let name = format!("published_{}", id.replace(':', "_"));
        insta::assert_snapshot!(name, text(&store, id, None, Format::Term));
    }
}

#[test]
fn some_tables_with_what_was_measured() {
    let (_folder, store) = some_results();
    for id in ["edf:1", "edf:11", "datadam:main-2", "bilp:9", "edc:1", "edf:12", "edf:9"] {
        let name = format!("both_{}", id.replace(':', "_"));
        insta::assert_snapshot!(name, text(&store, id, Some(Mode::Both), Format::Markdown));
    }
    insta::assert_snapshot!("measured_edf_12", text(&store, "edf:12", Some(Mode::Measured), Format::Term));
}

#[test]
fn one_table_in_every_format() {
    let (_folder, store) = some_results();
    let records = Records::open(&store, &[]).unwrap();
    let written = |format| {
        let links = (format == Format::Html).then_some("");
        rendered(find("bilp:9").unwrap(), &records, None, links).unwrap().write(format)
    };
    let all = FORMATS.map(|format| format!("== {format:?}\n{}", written(format)));
    insta::assert_snapshot!("formats", all.join("\n"));
}

#[test]
fn several_tables_share_one_heading_as_csv() {
    let (_folder, store) = some_results();
    let tables = ["edf:9", "edf:13", "bilp:9"].map(|id| find(id).unwrap());
    let csv = render(&tables, &store, &Options { format: Format::Csv, ..Options::default() }).unwrap();
    let (results, sheet) = csv.split_once("\n\n").unwrap();
    let columns = |text: &str| {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let rows = reader.records().map(Result::unwrap).count();
        (rows, reader.headers().unwrap().len())
    };
    assert_eq!((columns(results), columns(sheet)), ((5 + 24, 27), (18, 12)));
}

#[test]
fn measured_numbers_lead_to_their_records() {
    let (_folder, store) = some_results();
    let record = store.find("idc").unwrap();
    let html = text(&store, "bilp:9", None, Format::Html);
    assert!(html.contains(&format!("<a href=\"{}\" title=\"5 students, 95 % interval", record.page())));
    for format in [Format::Markdown, Format::Latex, Format::Term, Format::Csv] {
        let text = text(&store, "bilp:9", None, format).replace("\\_\\allowbreak{}", "_").replace("-{}", "-");
        assert!(text.contains(&record.id), "{format:?}\n{text}");
    }
}

#[test]
fn a_reduced_budget_is_marked_and_never_best_or_compared() {
    let (_folder, store) = some_results();
    let records = Records::open(&store, &[]).unwrap();
    let ready = rendered(find("edf:1").unwrap(), &records, None, None).unwrap();
    let entries: Vec<_> = ready.grids.iter().flat_map(|grid| &grid.rows).flat_map(|row| &row.entries).collect();
    let reduced = entries.iter().find(|entry| entry.text.starts_with("80.0")).unwrap();
    assert!(reduced.mark.starts_with('‡') && !reduced.bold);
    let above = entries.iter().find(|entry| entry.text.starts_with("+3.0")).unwrap();
    assert_eq!(above.mark, "†");
    let equal = entries.iter().find(|entry| entry.text.starts_with("−0.2")).unwrap();
    assert_eq!(equal.mark, "");
    assert!(!entries.iter().any(|entry| entry.text.starts_with("+2.2")), "80.0 is compared with 77.8");
}

#[test]
fn nothing_to_show_is_an_error() {
    let (_folder, store) = folder();
    assert!(matches!(render(&[], &store, &Options::default()), Err(PaperError::NoTable)));
    assert!("all".parse::<Mode>().unwrap_err().to_string().contains("--mode all"));
}
