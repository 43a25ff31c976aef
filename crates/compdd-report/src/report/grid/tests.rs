use super::*;

fn example() -> Grid {
    let entry = |text: &str| Entry::new(text);
    Grid {
        name: "edf-1".into(),
        caption: "Accuracy on A & B_1, 100 %".into(),
        head: vec![
            vec![Heading::one(""), Heading::over("A & B", 2), Heading::one("")],
            ["method", "IPC 1", "IPC 10", "run"].map(Heading::one).to_vec(),
        ],
        stub: 1,
        rows: vec![
            Row::new(vec![entry("random"), entry("12.6 ± 1.5"), Entry::muted("not run"), entry("a, b")]),
            Row {
                entries: vec![
                    entry("EDF").linked("methods/edf.html"),
                    entry("52.6 ± 0.5").bold(true).marked("†"),
                    entry("−1.25").titled("a \"quote\""),
                    entry("`compdd run --method edf`"),
                ],
                rule: true,
            },
        ],
        notes: vec!["† outside of the interval < 5 %".into()],
    }
}

#[test]
fn every_format_of_one_table() {
    let all = Format::WORDS.map(|word| format!("== {word}\n{}", example().write(word.parse().unwrap())));
    insta::assert_snapshot!("formats", all.join("\n"));
}

#[test]
fn a_table_that_does_not_fit_is_a_block_a_row() {
    let grid = example();
    assert_eq!(term::fitted(&grid, 60), term::write(&grid));
    insta::assert_snapshot!("blocks", term::fitted(&grid, 50));
}

#[test]
fn columns_of_numbers_are_known_and_named() {
    let grid = example();
    assert_eq!([0, 1, 2, 3].map(|column| grid.numeric(column)), [false, true, true, false]);
    assert_eq!(grid.names(" / "), ["method", "A & B / IPC 1", "A & B / IPC 10", "run"]);
}

#[test]
fn an_unknown_format_says_which_there_are() {
    let error = "pdf".parse::<Format>().unwrap_err();
    assert_eq!(error.to_string(), "--format pdf: there is no such format");
}

#[test]
fn markup_in_words_stays_words() {
    let grid = Grid { rows: vec![Row::new(vec![Entry::new("<b>|\\$&")])], ..Grid::default() };
    assert!(html::table(&grid).contains("<td>&lt;b&gt;|\\$&amp;</td>"));
    assert!(markdown::write(&grid).contains("| \\<b>\\|\\\\$& |"));
    assert!(latex::write(&grid).contains("\\textless{}b\\textgreater{}\\textbar{}\\textbackslash{}\\$\\& \\\\"));
}
