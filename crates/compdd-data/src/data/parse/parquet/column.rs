//! One column of one row group, value by value.
//!
//! The Parquet crate finds, unpacks and checks the pages. Taking them apart is done here, for flat columns of integers and of bytes,
//! because the crate's own decoders panic on damaged pages.

use bytes::Bytes;
use parquet::{
    basic::{Encoding, Type},
    column::page::{Page, PageReader},
    schema::types::ColumnDescriptor,
};

use super::hybrid::Hybrid;

/// What a column has in a row.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    Null,
    Integer(i64),
    Real(f64),
    Bytes(Bytes),
}

impl Cell {
    /// The bytes, where it has any.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        if let Self::Bytes(bytes) = self { Some(bytes) } else { None }
    }
}

/// A column of a row group while it is read. Errors are reasons in one line.
pub(super) struct Column<P> {
    pages: P,
    kind: Type,
    /// The level of a value that is there; 0 where every value is.
    present: u32,
    dictionary: Vec<Cell>,
    page: DataPage,
}

/// The part of a page that was not read yet.
struct DataPage {
    left: usize,
    levels: Option<Hybrid>,
    values: Values,
}

enum Values {
    Plain { data: Bytes, at: usize },
    Places(Hybrid),
}

impl<P: PageReader> Column<P> {
    pub fn new(pages: P, descriptor: &ColumnDescriptor) -> Self {
        let values = Values::Plain { data: Bytes::new(), at: 0 };
        Self {
            pages,
            kind: descriptor.physical_type(),
            present: u32::from(descriptor.max_def_level().unsigned_abs()),
            dictionary: Vec::new(),
            page: DataPage { left: 0, levels: None, values },
        }
    }

    /// The value of the next row.
    pub fn next(&mut self) -> Result<Cell, String> {
        while self.page.left == 0 {
            let page = self.pages.get_next_page().map_err(|error| error.to_string())?;
            self.enter(page.ok_or("fewer rows than the directory says")?)?;
        }
        self.page.left -= 1;
        let level = match &mut self.page.levels {
            Some(levels) => levels.next().ok_or("levels are cut short")?,
            None => self.present,
        };
        if level != self.present {
            return Ok(Cell::Null);
        }
        match &mut self.page.values {
            Values::Plain { data, at } => plain(self.kind, data, at),
            Values::Places(places) => {
                let place = places.next().ok_or("values are cut short")? as usize;
                self.dictionary.get(place).cloned().ok_or_else(|| format!("the dictionary has no value {place}"))
            }
        }
    }

    /// Passes over rows; whole pages of them are not unpacked.
    pub fn skip(&mut self, mut rows: usize) -> Result<(), String> {
        while rows > 0 {
            if self.page.left > 0 {
                self.next()?;
                rows -= 1;
                continue;
            }
            let next = self.pages.peek_next_page().map_err(|error| error.to_string())?;
            match next.and_then(|page| page.num_rows.or(page.num_levels).filter(|_| !page.is_dict)) {
                Some(all) if all <= rows => {
                    self.pages.skip_next_page().map_err(|error| error.to_string())?;
                    rows -= all;
                }
                _ => {
                    self.next()?;
                    rows -= 1;
                }
            }
        }
        Ok(())
    }

    fn enter(&mut self, page: Page) -> Result<(), String> {
        match page {
            Page::DictionaryPage {
                buf, num_values, encoding: Encoding::PLAIN | Encoding::PLAIN_DICTIONARY, ..
            } => {
                let mut at = 0;
                self.dictionary = (0..num_values).map(|_| plain(self.kind, &buf, &mut at)).collect::<Result<_, _>>()?;
                Ok(())
            }
            Page::DictionaryPage { encoding, .. } => Err(unsupported(encoding)),
            Page::DataPage { buf, num_values, encoding, def_level_encoding, .. } => {
                let mut start = 0;
                let mut levels = None;
                if self.present > 0 {
                    if def_level_encoding != Encoding::RLE {
                        return Err(unsupported(def_level_encoding));
                    }
                    let length = u32::from_le_bytes(*buf.first_chunk().ok_or("levels are cut short")?) as usize;
                    start = length.checked_add(4).filter(|&start| start <= buf.len()).ok_or("levels are cut short")?;
                    levels = Some(buf.slice(4..start));
                }
                self.start(num_values, encoding, levels, buf.slice(start..))
            }
            Page::DataPageV2 { buf, num_values, encoding, def_levels_byte_len, rep_levels_byte_len, .. } => {
                let start = usize::try_from(def_levels_byte_len).ok().filter(|&start| start <= buf.len());
                let start =
                    start.filter(|_| rep_levels_byte_len == 0).ok_or("levels are not those of a flat column")?;
                let levels = (self.present > 0).then(|| buf.slice(..start));
                self.start(num_values, encoding, levels, buf.slice(start..))
            }
        }
    }

    fn start(&mut self, left: u32, encoding: Encoding, levels: Option<Bytes>, data: Bytes) -> Result<(), String> {
        let width = u32::BITS - self.present.leading_zeros();
        let levels = levels.and_then(|levels| Hybrid::new(levels, width));
        let values = match encoding {
            Encoding::PLAIN => Values::Plain { data, at: 0 },
            Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY => {
                let width = data.first().copied().unwrap_or(0);
                let places = data.slice(data.len().min(1)..);
                Values::Places(Hybrid::new(places, width.into()).ok_or("places in the dictionary have too many bits")?)
            }
            other => return Err(unsupported(other)),
        };
        self.page = DataPage { left: left as usize, levels, values };
        Ok(())
    }
}

/// The next value of those that lie one after the other.
fn plain(kind: Type, data: &Bytes, at: &mut usize) -> Result<Cell, String> {
    let mut take = |length: usize| {
        let end = at.checked_add(length).filter(|&end| end <= data.len()).ok_or("values are cut short")?;
        Ok::<_, String>(std::mem::replace(at, end)..end)
    };
    let cut = || "values are cut short".to_owned();
    Ok(match kind {
        Type::INT32 => Cell::Integer(i32::from_le_bytes(*data[take(4)?].first_chunk().ok_or_else(cut)?).into()),
        Type::INT64 => Cell::Integer(i64::from_le_bytes(*data[take(8)?].first_chunk().ok_or_else(cut)?)),
        Type::FLOAT => Cell::Real(f32::from_le_bytes(*data[take(4)?].first_chunk().ok_or_else(cut)?).into()),
        Type::DOUBLE => Cell::Real(f64::from_le_bytes(*data[take(8)?].first_chunk().ok_or_else(cut)?)),
        _ => {
            let length = u32::from_le_bytes(*data[take(4)?].first_chunk().ok_or_else(cut)?);
            Cell::Bytes(data.slice(take(length as usize)?))
        }
    })
}

fn unsupported(encoding: Encoding) -> String {
    format!("encoded as {encoding}, which is not supported; pyarrow's defaults are")
}
