//! From results folders to a board.

use std::path::Path;

use rayon::prelude::*;

use super::{Board, BoardError, Entry, Filter, Submitter, check, division::Rules, gains, order, set::Shelf};
use compdd_core::{
    files::IoError,
    record::{KnownSubsets, Problem, Record, RecordError, Store, Timing, hash, with_causes},
};

impl Board {
    /// Reads and checks every record of some results folders, ranks them, and keeps what a filter accepts.
    ///
    /// Neither the order of the folders nor the filter has any effect on a rank.
    ///
    /// # Errors
    /// [`BoardError::Refused`] with all files that were tampered with, miss the bundle that they must bring, or hold a cell that another
    /// one holds; [`BoardError::Versions`] when the filter would mix versions of a protocol.
    pub fn open(stores: &[Store], filter: &Filter) -> Result<Self, BoardError> {
        let (rules, subsets) = (Rules::default(), KnownSubsets::default());
        let (mut entries, mut problems) = (Vec::new(), Vec::new());
        for store in stores {
            let who = Submitter::of(store)?;
            let folder =
                Folder { store, shelf: Shelf::new(store, who.is_some()), who, rules: &rules, subsets: &subsets };
            let files = store.record_files()?;
            for found in files.into_par_iter().map(|file| folder.read(&file)).collect::<Vec<_>>() {
                match found {
                    Ok(entry) => entries.push(entry),
                    Err(mut wrong) => problems.append(&mut wrong),
                }
            }
        }
        problems.extend(check::together(&entries));
        if !problems.is_empty() {
            problems.sort_by(|a, b| a.path.cmp(&b.path));
            return Err(BoardError::Refused { problems });
        }
        gains::work_out(&mut entries);
        entries.sort_by(order::compare);
        order::rank(&mut entries);
        entries.retain(|entry| filter.accepts(entry));
        filter.check_versions(&entries)?;
        Ok(Self { entries })
    }
}

/// A results folder that is being read.
struct Folder<'a> {
    store: &'a Store,
    who: Option<Submitter>,
    shelf: Shelf<'a>,
    rules: &'a Rules,
    subsets: &'a KnownSubsets,
}

impl Folder<'_> {
    fn read(&self, file: &Path) -> Result<Entry, Vec<Problem>> {
        let name = |what: String| Problem::of(file, &what);
        let (record, hash) = read(file).map_err(|error| vec![name(with_causes(&error))])?;
        let mut problems = self.store.problems_of(file, &record, self.subsets);
        let timing = Timing::beside(file, &record).unwrap_or_else(|problem| {
            problems.push(problem);
            None
        });
        let set = self.shelf.set_of(&record, &mut problems);
        if !problems.is_empty() {
            return Err(problems.into_iter().map(name).collect());
        }
        let (division, reasons) = self.rules.judge(&record);
        let (file, store, who) = (file.to_owned(), self.store.clone(), self.who.clone());
        let (recovery, hlr, ior, rank) = (None, None, None, None);
        Ok(Entry { record, timing, hash, file, store, who, division, reasons, set, recovery, hlr, ior, rank })
    }
}

/// A record and the hash of its file.
fn read(file: &Path) -> Result<(Record, String), RecordError> {
    let text = std::fs::read_to_string(file).map_err(IoError::at("read", file))?;
    Ok((Record::parse(&text, file)?, hash::bytes(text.as_bytes())))
}
