//! From results folders to a board.

use std::{path::Path, sync::Arc};

use rayon::prelude::*;

use super::{Board, BoardError, Entry, Filter, Submitter, check, division::Rules, gains, order, set::Shelf};
use compdd_core::{
    files::plain,
    limits,
    record::{KnownSubsets, Problem, Record, RecordError, Store, Timing, hash, with_causes},
};

impl Board {
    /// Reads and checks every record of some results folders, ranks them, and keeps what a filter accepts.
    ///
    /// The first folder is one's own: its `full` and `random` records are what all others are measured against, and a fault in it ends
    /// the call. Those after it are of others: what is wrong with one of their records sets that record aside, and nothing else. The
    /// filter has no effect on a rank.
    ///
    /// # Errors
    /// [`BoardError::Refused`] with all files of the own folder that were tampered with or hold a cell that another one holds;
    /// [`BoardError::Versions`] when the filter would mix versions of a protocol.
    pub fn open(stores: &[Store], filter: &Filter) -> Result<Self, BoardError> {
        let (rules, subsets) = (Rules::default(), KnownSubsets::default());
        let (mut entries, mut aside) = (Vec::new(), Vec::new());
        for (place, store) in stores.iter().enumerate() {
            let foreign = place > 0;
            let listed = Submitter::of(store).and_then(|who| Ok((who, store.record_files()?)));
            let (who, files) = match listed {
                Ok(listed) => listed,
                Err(error) if foreign => {
                    aside.push(Problem::of(store.root(), &with_causes(&error)));
                    continue;
                }
                Err(error) => return Err(error),
            };
            let shelf = Shelf::new(store, foreign || who.is_some());
            let folder = Folder { store, shelf, who, foreign, rules: &rules, subsets: &subsets };
            let (mut new, mut problems) = (Vec::new(), Vec::new());
            for found in files.into_par_iter().map(|file| folder.read(&file)).collect::<Vec<_>>() {
                match found {
                    Ok(entry) => new.push(entry),
                    Err(mut wrong) => problems.append(&mut wrong),
                }
            }
            check::admit(&mut entries, new, &mut problems);
            problems.sort_by(|a, b| a.path.cmp(&b.path));
            if foreign {
                aside.append(&mut problems);
            } else if !problems.is_empty() {
                return Err(BoardError::Refused { problems });
            }
        }
        gains::work_out(&mut entries);
        entries.par_sort_by(order::compare);
        order::rank(&mut entries);
        entries.retain(|entry| filter.accepts(entry));
        filter.check_versions(&entries)?;
        Ok(Self { entries, aside })
    }
}

/// A results folder that is being read.
struct Folder<'a> {
    store: &'a Store,
    who: Option<Submitter>,
    /// Whether it is somebody else's.
    foreign: bool,
    shelf: Shelf<'a>,
    rules: &'a Rules,
    subsets: &'a KnownSubsets,
}

impl Folder<'_> {
    fn read(&self, file: &Path) -> Result<Entry, Vec<Problem>> {
        let name = |what: String| Problem::of(file, &what);
        let (record, hash) = read(file).map_err(|error| vec![name(with_causes(&error))])?;
        let mut problems = self.store.problems_of(file, &record, self.subsets);
        if self.foreign && record.cell.is_reference() {
            problems.push("the reference on full data is taken from one's own folder, the first, alone".into());
        }
        let timing = Timing::beside(file, &record).unwrap_or_else(|problem| {
            problems.push(problem);
            None
        });
        let set = self.shelf.set_of(&record, &mut problems);
        if !problems.is_empty() {
            return Err(problems.into_iter().map(name).collect());
        }
        let (division, reasons) = self.rules.judge(&record);
        let (file, store, who, foreign) = (file.to_owned(), self.store.clone(), self.who.clone(), self.foreign);
        let (recovery, hlr, ior, rank) = (None, None, None, None);
        let record = Arc::new(record);
        Ok(Entry { record, timing, hash, file, store, who, foreign, division, reasons, set, recovery, hlr, ior, rank })
    }
}

/// A record and the hash of its file.
fn read(file: &Path) -> Result<(Record, String), RecordError> {
    let text = plain::text(file, limits::JSON_BYTES)?;
    Ok((Record::parse(&text, file)?, hash::bytes(text.as_bytes())))
}
