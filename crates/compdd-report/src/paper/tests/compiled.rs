//! LaTeX: all tables in one document, with a stock distribution.

use std::process::Command;

use super::*;

#[test]
fn all_tables_compile_and_fit_the_page() {
    let (folder, store) = some_results();
    let found = Command::new("pdflatex").arg("--version").output().is_ok();
    if !found {
        assert!(
            std::env::var_os("COMPDD_REQUIRE_LATEX").is_none(),
            "COMPDD_REQUIRE_LATEX is set, and pdflatex is not found"
        );
        return;
    }
    let tables: Vec<&'static Table> = all().iter().collect();
    for mode in [Mode::Published, Mode::Both] {
        let options = Options { mode: Some(mode), format: Format::Latex, ..Options::default() };
        let body = render(&tables, &store, &options).unwrap();
        let document = format!(
            "\\documentclass{{article}}\n\\usepackage{{booktabs,graphicx}}\n\\extrafloats{{200}}\n\\begin{{document}}\n{body}\\end{{document}}\n"
        );
        std::fs::write(folder.path().join("tables.tex"), document).unwrap();
        let arguments = ["-interaction=nonstopmode", "-halt-on-error", "-draftmode", "tables.tex"];
        let output = Command::new("pdflatex").args(arguments).current_dir(folder.path()).output().unwrap();
        let log = String::from_utf8_lossy(&output.stdout);
        let bad =
            |line: &&str| ["!", "Overfull", "LaTeX Warning: Float too large"].iter().any(|sign| line.starts_with(sign));
        let complaints: Vec<&str> = log.lines().filter(bad).collect();
        assert!(output.status.success() && complaints.is_empty(), "{mode:?}: {complaints:?}");
    }
}
