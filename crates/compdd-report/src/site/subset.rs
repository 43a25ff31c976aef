//! The pages of the subsets.

use std::{
    fs,
    path::{Path, PathBuf},
};

use askama::Template;

use super::{
    SiteError,
    frame::{Frame, Origin, Room},
    pages::results,
};
use crate::{
    board::Entry,
    report::grid::{Entry as Words, Grid, Heading, Row, html},
};
use compdd_core::{
    files::{IoError, plain},
    limits,
    record::Store,
    subset::{ClassEntry, Family, Subset},
};

#[derive(Template)]
#[template(path = "subset.html")]
pub(super) struct SubsetPage {
    frame: Frame,
    id: String,
    slug: String,
    summary: String,
    /// HTML.
    notes: Vec<String>,
    records: String,
    /// A picture of some images of each class; empty where there is none.
    samples: String,
    complexity: String,
    classes: Vec<ClassEntry>,
}

impl SubsetPage {
    /// `complexity` has the scored means of data sets with these classes, `samples` a picture inside the site.
    pub fn new(subset: &Subset, entries: &[&Entry], complexity: &[Grid], samples: String, origin: &Origin) -> Self {
        Self {
            frame: Frame::new(subset.id(), "../", Room::Subsets, origin),
            id: subset.id(),
            slug: subset.slug.clone(),
            summary: format!(
                "{} Usual resolution {} px, usual network {}.",
                family(subset),
                subset.default_resolution(),
                subset.default_network()
            ),
            notes: subset.notes.iter().map(|note| html::escaped(note)).collect(),
            records: results(entries, &format!("subset={}", subset.id()), |entry| {
                Words::new(&entry.record.cell.method).linked(format!("../methods/{}.html", entry.record.cell.method))
            }),
            samples,
            complexity: complexity.iter().map(html::table).collect(),
            classes: subset.classes.clone(),
        }
    }
}

/// Where its classes come from, in a sentence.
fn family(subset: &Subset) -> String {
    match subset.family {
        Family::CompDd { category, difficulty } => {
            format!("Comp-DD, category {}, {} scenes: ten classes of ImageNet.", category.slug(), difficulty.slug())
        }
        Family::ImagenetTen => "Ten classes of ImageNet.".into(),
        Family::Cifar10 => "CIFAR-10.".into(),
        Family::Cifar100 => "CIFAR-100, fine labels.".into(),
        Family::TinyImagenet => "Tiny-ImageNet.".into(),
        Family::Imagenet1k => "ImageNet-1K, all classes.".into(),
        Family::OwnList => "A custom class list.".into(),
        Family::Scenes { .. } => "Procedural pictures that come with compdd: nothing to download.".into(),
    }
}

/// The list of the subsets.
pub(super) fn list(subsets: &[Subset], entries: &[Entry]) -> String {
    let row = |subset: &Subset| {
        let id = subset.id();
        let count = entries.iter().filter(|entry| entry.record.cell.subset == id).count();
        Row::new(vec![
            Words::new(&id).linked(format!("{id}.html")),
            Words::new(subset.classes.len().to_string()),
            Words::new(subset.default_resolution().to_string()),
            Words::new(family(subset)),
            Words::new(if subset.notes.is_empty() { "" } else { "see its page" }),
            Words::new(count.to_string()),
        ])
    };
    let names = ["subset", "classes", "px", "what it is", "errata", "records"];
    html::table(&Grid {
        name: "subsets".into(),
        caption: "Subsets".into(),
        head: vec![names.map(Heading::one).to_vec()],
        stub: 1,
        rows: subsets.iter().map(row).collect(),
        notes: Vec::new(),
    })
}

/// The means of classes that `compdd complexity show --csv` wrote into `complexity/` of a results folder.
#[derive(Clone)]
pub(super) struct Means {
    synsets: Vec<String>,
    grid: Grid,
}

impl Means {
    /// All files of a results folder, by name. Files of another form are left alone.
    pub fn of_folder(store: &Store) -> Result<Vec<Self>, SiteError> {
        let read = |path: &PathBuf| {
            let text = plain::text(path, limits::TABLE_BYTES)?;
            Ok(Self::parse(&path.file_stem().unwrap_or_default().to_string_lossy(), &text))
        };
        Ok(means(store)?.iter().map(read).collect::<Result<Vec<_>, SiteError>>()?.into_iter().flatten().collect())
    }

    fn parse(name: &str, text: &str) -> Option<Self> {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let names: Vec<String> = reader.headers().ok()?.iter().map(str::to_owned).collect();
        let place = |name: &str| names.iter().position(|known| known == name);
        let (synset, label, images) = (place("synset")?, place("label")?, place("images")?);
        let thresholds: Vec<usize> = (0..names.len()).filter(|at| names[*at].starts_with("complexity_")).collect();
        let (mut synsets, mut rows) = (Vec::new(), Vec::new());
        for record in reader.records() {
            let record = record.ok()?;
            synsets.push(record[synset].to_owned());
            let percent = |at: &usize| record[*at].parse::<f64>().map(|share| format!("{:.1}", share * 100.0));
            let mut entries = vec![Words::new(&record[label]), Words::new(&record[images])];
            entries.extend(thresholds.iter().map(|at| Words::new(percent(at).unwrap_or_default())));
            rows.push(Row::new(entries));
        }
        let over = |at: &usize| Heading::one(names[*at].replace("complexity_", ""));
        let own = [Heading::one("class"), Heading::one("images")];
        let top = vec![Heading::over("", 2), Heading::over("complexity κ in %, by threshold", thresholds.len())];
        let head = vec![top, own.into_iter().chain(thresholds.iter().map(over)).collect()];
        let grid = Grid {
            name: format!("complexity-{name}"),
            caption: format!("{name}.csv"),
            head,
            stub: 1,
            rows,
            notes: Vec::new(),
        };
        Some(Self { synsets, grid })
    }

    /// The table, if its classes are those of the subset.
    pub fn for_subset(&self, subset: &Subset) -> Option<&Grid> {
        let mut own: Vec<&str> = subset.classes.iter().map(|class| class.synset.as_str()).collect();
        let mut scored: Vec<&str> = self.synsets.iter().map(String::as_str).collect();
        own.sort_unstable();
        scored.sort_unstable();
        (own == scored).then_some(&self.grid)
    }
}

/// The tables of means in a results folder, sorted: `complexity/*.csv`, but for those of agreement with the scenes' truth. Only plain files
/// count.
pub(super) fn means(store: &Store) -> Result<Vec<PathBuf>, SiteError> {
    let Some(folder) = store.plain(store.root().join("complexity")).filter(|folder| folder.is_dir()) else {
        return Ok(Vec::new());
    };
    let listed = fs::read_dir(&folder).map_err(unreadable(&folder))?;
    let paths = listed.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>();
    let mut paths = paths.map_err(unreadable(&folder))?;
    let truth = |path: &Path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("truth-"));
    let is_table = |path: &Path| path.extension().is_some_and(|ending| ending == "csv") && !truth(path);
    paths.retain(|path| is_table(path) && plain::open_plain(path).is_ok());
    paths.sort();
    Ok(paths)
}

fn unreadable(path: &Path) -> impl FnOnce(std::io::Error) -> SiteError {
    let path = path.to_owned();
    move |source| IoError { action: "read", path, source }.into()
}
