//! The site as a whole: what it is made from, and all its pages.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    io::Read as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use rayon::prelude::*;

use super::{
    SiteError,
    about::{About, Text},
    cards,
    folder::Folder,
    format::{interval, ipc, spread},
    frame::{Frame, Origin, Room},
    home::Home,
    method::{self, MethodPage},
    plots,
    record::{Picture, RecordPage, picture_name},
    regimes, rows, samples,
    subset::{self, Means, SubsetPage},
    tables,
};
use crate::{
    board::{Board, Entry, Filter},
    report::{
        Page, ReportError, counted,
        grid::{self, Entry as Words, Grid, Heading, Row, html},
        iteration_chart, read,
    },
};
use askama::Template;
use compdd_core::{
    files::plain,
    limits, recipe,
    record::{Bundle, BundleRef, Problem, Record, RecordError, Store, hash, percent::percent, with_causes},
    subset::Subset,
};
use compdd_data::data::Library;

/// Results, ready to be written as a site.
#[derive(Clone, Debug)]
pub struct Site {
    board: Board,
    /// The first folder: what is shown beside records comes from it alone.
    own: Option<Store>,
    /// Those of the board, by id.
    records: Arc<[Arc<Record>]>,
}

/// How many pages were written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Built {
    /// Of records.
    pub records: usize,
    /// Of methods.
    pub methods: usize,
    /// Of subsets.
    pub subsets: usize,
    /// Of published tables.
    pub tables: usize,
    /// Plots, those of label regimes included.
    pub plots: usize,
}

/// A page with a list.
#[derive(Template)]
#[template(path = "list.html")]
pub(super) struct List {
    pub frame: Frame,
    pub heading: &'static str,
    pub lede: &'static str,
    pub table: String,
}

impl Site {
    /// Reads and checks the records of results folders.
    ///
    /// # Errors
    /// What [`Board::open`] refuses, and folders without a single record.
    pub fn read(stores: &[Store]) -> Result<Self, SiteError> {
        let board = Board::open(stores, &Filter::default())?;
        if board.entries.is_empty() {
            let folders = stores.iter().map(|store| store.root().display().to_string()).collect();
            return Err(SiteError::Empty { folders });
        }
        Ok(Self { records: board.records().into(), board, own: stores.first().cloned() })
    }

    /// Records of others that were not taken, and why.
    pub fn aside(&self) -> &[Problem] {
        &self.board.aside
    }

    /// Writes the site; an older one at the same place is replaced as a whole. Some images of a subset are shown where `samples` has them; it always
    /// has the built-in scenes.
    ///
    /// # Errors
    /// When the folder holds something else, or a file cannot be read or written.
    pub fn write(&self, path: &Path, samples: &Library) -> Result<Built, SiteError> {
        let origin = self.origin();
        let mut built = Built::default();
        Folder::make(path, |folder| {
            let (others, records) =
                rayon::join(|| self.others(folder, samples, &origin), || self.records(folder, &origin));
            built = Built { records: records?, ..others? };
            Ok(())
        })?;
        Ok(built)
    }

    /// All pages but those of records.
    fn others(&self, folder: &Folder<'_>, samples: &Library, origin: &Origin) -> Result<Built, SiteError> {
        self.fixed(folder, origin)?;
        let plots = plots::write(folder, &self.board, &self.records, self.own.as_ref(), origin)?;
        Ok(Built {
            records: 0,
            methods: self.methods(folder, origin)?,
            subsets: self.subsets(folder, samples, origin)?,
            tables: tables::write(folder, Arc::clone(&self.records), origin)?,
            plots: plots + regimes::write(folder, &self.records, origin)?,
        })
    }

    /// The subsets that ship with compdd, and the custom class lists that records name.
    fn all_subsets(&self) -> Vec<Subset> {
        let own = self
            .board
            .entries
            .iter()
            .filter_map(|entry| Some((entry.record.cell.subset.clone(), entry.record.own_list()?)));
        let own: BTreeMap<String, Subset> = own.collect();
        Subset::all().into_iter().chain(own.into_values()).collect()
    }

    fn origin(&self) -> Origin {
        let hashes: Vec<&str> = self.board.entries.iter().map(|entry| entry.hash.as_str()).collect();
        Origin { records: hashes.len(), digest: hash::bytes(hashes.join("\n").as_bytes()) }
    }

    /// What does not depend on single records.
    fn fixed(&self, folder: &Folder<'_>, origin: &Origin) -> Result<(), SiteError> {
        folder.put("assets/site.css", format!("{}{}", html::STYLE, include_str!("assets/site.css")))?;
        folder.put("assets/board.js", include_str!("assets/board.js"))?;
        folder.put("assets/rows.js", rows::script(&self.board))?;
        folder.put("leaderboard.csv", self.board.sheet().write(grid::Format::Csv))?;
        folder.page("index.html", &Home::new(&self.board, origin))?;
        folder.page("about.html", &About::new(origin))?;
        for (slug, text) in cards::PROTOCOLS {
            folder.page(&format!("protocols/{slug}.html"), &Text::new(text, origin))?;
        }
        Ok(())
    }

    fn records(&self, folder: &Folder<'_>, origin: &Origin) -> Result<usize, SiteError> {
        self.pictures(folder)?;
        let subsets: BTreeSet<&str> =
            self.board.entries.iter().map(|entry| entry.record.cell.subset.as_str()).collect();
        subsets.iter().try_for_each(|subset| folder.room(&format!("records/{subset}")))?;
        let mut curves: HashMap<&Path, HashSet<String>> = HashMap::new();
        for store in self.board.entries.iter().map(|entry| &entry.store) {
            curves.entry(store.root()).or_insert_with(|| store.curves());
        }
        let places = self.board.places();
        self.board.entries.par_iter().zip(places).try_for_each(|(entry, place)| {
            let page = entry.record.page();
            let beside = |ending: &str| Path::new(&page).with_extension(ending).display().to_string();
            folder.put(&beside("json"), plain::bytes(&entry.file, limits::JSON_BYTES).map_err(RecordError::from)?)?;
            let mut pictures = pictures_of(entry);
            let kept = curves[entry.store.root()].contains(&entry.record.id);
            let curve = kept.then(|| curve_of(entry)).flatten();
            if let Some((table, chart)) = &curve {
                folder.put(&beside("curve.csv"), table)?;
                folder.put(&beside("svg"), chart.svg())?;
                let href = format!("{}.svg", entry.record.id);
                pictures.push(Picture::chart(href, "Over the iterations of the distillation"));
            }
            folder.page(&page, &RecordPage::new(entry, &place, pictures, curve.is_some(), origin))
        })?;
        Ok(self.records.len())
    }

    /// The previews of the sets that are kept, each once.
    fn pictures(&self, folder: &Folder<'_>) -> Result<(), SiteError> {
        let mut sources: BTreeMap<String, PathBuf> = BTreeMap::new();
        for entry in &self.board.entries {
            for bundle in &entry.record.bundles {
                if let Some(preview) = preview_of(entry, bundle) {
                    sources.entry(picture_name(bundle)).or_insert(preview);
                }
            }
        }
        sources.par_iter().try_for_each(|(name, path)| {
            let bytes = plain::bytes(path, limits::PREVIEW_BYTES).map_err(RecordError::from)?;
            folder.put(name, bytes)
        })
    }

    fn methods(&self, folder: &Folder<'_>, origin: &Origin) -> Result<usize, SiteError> {
        let entries = &self.board.entries;
        folder.page(
            "methods/index.html",
            &List {
                frame: Frame::new("Methods", "../", Room::Methods, origin),
                heading: "Methods",
                lede: "Every method that compdd runs, with its card, its recipe and its results.",
                table: method::list(entries),
            },
        )?;
        recipe::methods().par_iter().try_for_each(|method| {
            let own: Vec<&Entry> = entries.iter().filter(|entry| entry.record.cell.method == method.slug).collect();
            folder.page(&format!("methods/{}.html", method.slug), &MethodPage::new(method, &own, origin))
        })?;
        Ok(recipe::methods().len())
    }

    fn subsets(&self, folder: &Folder<'_>, library: &Library, origin: &Origin) -> Result<usize, SiteError> {
        let (entries, all) = (&self.board.entries, self.all_subsets());
        folder.page(
            "subsets/index.html",
            &List {
                frame: Frame::new("Subsets", "../", Room::Subsets, origin),
                heading: "Subsets",
                lede: "Every list of classes that compdd knows, with its errata and its results.",
                table: subset::list(&all, entries),
            },
        )?;
        let means: Vec<Means> = self.own.as_ref().map(Means::of_folder).transpose()?.unwrap_or_default();
        all.par_iter().try_for_each(|subset| {
            let id = subset.id();
            let own: Vec<&Entry> = entries.iter().filter(|entry| entry.record.cell.subset == id).collect();
            let complexity: Vec<Grid> = means.iter().filter_map(|means| means.for_subset(subset)).cloned().collect();
            let mut samples = String::new();
            if let Some(png) = samples::png(subset, library)? {
                samples = format!("{id}.png");
                folder.put(&format!("subsets/{samples}"), png)?;
            }
            let page = SubsetPage::new(subset, &own, &complexity, samples, origin);
            folder.page(&format!("subsets/{id}.html"), &page)
        })?;
        Ok(all.len())
    }
}

/// The pictures on a record's page: its first set.
fn pictures_of(entry: &Entry) -> Vec<Picture> {
    let kept = entry.record.bundles.first().filter(|bundle| preview_of(entry, bundle).is_some());
    let picture = kept.map(|bundle| Picture {
        href: format!("../../{}", picture_name(bundle)),
        words: match entry.record.bundles.len() {
            1 => "The distilled set, class by class".into(),
            n => format!("The first of {n} sets, class by class"),
        },
        pixels: true,
    });
    picture.into_iter().collect()
}

/// The picture of a set that is kept: a plain file inside the folder that begins as a PNG does. What else lies under its name is not shown.
fn preview_of(entry: &Entry, bundle: &BundleRef) -> Option<PathBuf> {
    let path = bundle.inside(&entry.store)?.join(Bundle::PREVIEW);
    let mut start = [0; 8];
    let file = plain::open_plain(&path).ok()?;
    let shown = file.metadata().is_ok_and(|data| data.len() <= limits::PREVIEW_BYTES.most);
    (&file).read_exact(&mut start).ok()?;
    (shown && start == *b"\x89PNG\r\n\x1a\n").then_some(path)
}

/// The table and the chart of a run's curve, where there is one. One that cannot be drawn is left out with a warning: it is no reason to have
/// no site.
fn curve_of(entry: &Entry) -> Option<(Vec<u8>, Page)> {
    let path = entry.store.plain(entry.store.curve_path(&entry.record.cell)).filter(|path| path.is_file())?;
    let draw = || -> Result<_, ReportError> {
        let records = std::slice::from_ref(&entry.record);
        let chart = iteration_chart(&read::iterations(&entry.store, records)?)?;
        Ok((plain::bytes(&path, limits::TABLE_BYTES)?, chart))
    };
    draw().inspect_err(|error| tracing::warn!("left out: {}", with_causes(error))).ok()
}

/// So many results stand on the page of a method or a subset; the leaderboard has all of them.
const SHOWN: usize = 300;

/// Results as a table below the site's root; `first` is the column that tells them apart, `view` their view of the leaderboard.
pub(super) fn results(entries: &[&Entry], view: &str, first: impl Fn(&Entry) -> Words) -> String {
    if entries.is_empty() {
        return String::new();
    }
    let row = |entry: &&Entry| {
        let (record, cell) = (&entry.record, &entry.record.cell);
        let recovery = entry.recovery.as_ref().map(|recovery| percent(recovery.ratio)).unwrap_or_default();
        Row::new(vec![
            first(entry),
            Words::new(ipc(cell.ipc)),
            Words::new(&cell.network),
            Words::new(&cell.protocol),
            Words::new(spread(entry)),
            Words::new(interval(entry)),
            Words::new(record.students.len().to_string()),
            Words::new(recovery),
            Words::new(cell.budget.to_string()),
            Words::new(hash::short(&entry.hash)).linked(format!("../{}", record.page())).titled(&record.id),
        ])
    };
    let names =
        ["", "images", "network", "protocol", "accuracy %", "95 % interval", "seeds", "recovery %", "budget", "record"];
    let more = (entries.len() > SHOWN).then(|| {
        format!("The first {SHOWN} of {} results; the leaderboard has all of them: index.html#{view}", entries.len())
    });
    html::table(&Grid {
        name: "results-table".into(),
        caption: format!("{} by group, the best first", counted(entries.len(), "result")),
        head: vec![names.map(Heading::one).to_vec()],
        stub: 1,
        rows: entries.iter().take(SHOWN).map(row).collect(),
        notes: more.into_iter().collect(),
    })
}
