//! The files of `benchmarks/paper`, compiled in.

macro_rules! files {
    ($($name:literal),+ $(,)?) => {
        /// Every table by the name of its file.
        const FILES: &[(&str, &str)] = &[$(($name, include_str!(concat!("../../../../benchmarks/paper/", $name)))),+];
    };
}

files!(
    "bilp_main_table4_partial.csv",
    "bilp_main_table7_partial.csv",
    "bilp_table1.csv",
    "bilp_table10.csv",
    "bilp_table11.csv",
    "bilp_table12.csv",
    "bilp_table2.csv",
    "bilp_table3.csv",
    "bilp_table4.csv",
    "bilp_table5.csv",
    "bilp_table6.csv",
    "bilp_table7.csv",
    "bilp_table8.csv",
    "bilp_table9.csv",
    "datadam_main_table1.csv",
    "datadam_main_table2.csv",
    "datadam_main_table3.csv",
    "datadam_main_table4.csv",
    "datadam_main_table5.csv",
    "datadam_main_table6.csv",
    "datadam_table1.csv",
    "datadam_table2.csv",
    "datadam_table3.csv",
    "datadam_table4.csv",
    "datadam_table5.csv",
    "edc_table1.csv",
    "edc_table11.csv",
    "edc_table12.csv",
    "edc_table13.csv",
    "edc_table14.csv",
    "edc_table15.csv",
    "edc_table16.csv",
    "edc_table17.csv",
    "edc_table18.csv",
    "edc_table19.csv",
    "edc_table2.csv",
    "edc_table20.csv",
    "edc_table21.csv",
    "edc_table22.csv",
    "edc_table23.csv",
    "edc_table24.csv",
    "edc_table25.csv",
    "edc_table3.csv",
    "edc_table4.csv",
    "edc_table5.csv",
    "edc_tables6_10.csv",
    "edf_compdd_stats.csv",
    "edf_main_table1.csv",
    "edf_repo_configs.csv",
    "edf_summary_ablation.csv",
    "edf_summary_main.csv",
    "edf_table10.csv",
    "edf_table11.csv",
    "edf_table12.csv",
    "edf_table13.csv",
    "edf_table14.csv",
    "edf_table15.csv",
    "edf_table9.csv",
);

/// Which files there are: paper, table, caption, source, confidence.
pub const INDEX: &str = include_str!("../../../../benchmarks/paper/index.csv");

/// How each is laid out.
pub const LAYOUT: &str = include_str!("../../../../benchmarks/paper/layout.toml");

/// The words of the papers.
pub const NAMES: &str = include_str!("../../../../benchmarks/paper/names.toml");

/// The text of a file.
pub fn file(name: &str) -> Option<&'static str> {
    FILES.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}
