//! What others ask of a board: ranks as they are shown, and the records.

use std::{collections::HashMap, sync::Arc};

use rayon::prelude::*;

use super::{Board, Entry};
use compdd_core::record::Record;

impl Board {
    /// The records by id, each with the recovery ratio that its neighbours give it.
    pub fn records(&self) -> Vec<Arc<Record>> {
        let own = |entry: &&Entry| match &entry.recovery {
            same if *same == entry.record.recovery => Arc::clone(&entry.record),
            other => Arc::new(Record { recovery: other.clone(), ..(*entry.record).clone() }),
        };
        let mut entries: Vec<&Entry> = self.entries.iter().collect();
        entries.par_sort_by(|a, b| a.record.id.cmp(&b.record.id));
        entries.par_iter().map(own).collect()
    }

    /// The rank of every entry as words: `1`, `2=` where several share it, empty where there is none.
    pub fn places(&self) -> Vec<String> {
        let mut places = Vec::with_capacity(self.entries.len());
        for group in self.entries.chunk_by(|a, b| a.group() == b.group()) {
            let mut shared: HashMap<usize, usize> = HashMap::new();
            for rank in group.iter().filter_map(|entry| entry.rank) {
                *shared.entry(rank).or_default() += 1;
            }
            let place = |rank: usize| format!("{rank}{}", if shared[&rank] > 1 { "=" } else { "" });
            places.extend(group.iter().map(|entry| entry.rank.map(place).unwrap_or_default()));
        }
        places
    }
}
