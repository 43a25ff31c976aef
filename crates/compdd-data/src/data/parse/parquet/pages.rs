//! Pages on their way to the decoders of the Parquet crate, which trust what a page says of itself.

use parquet::{
    basic::{Encoding, Type},
    column::page::{Page, PageMetadata, PageReader},
    errors::{ParquetError, Result},
};

/// The pages of one column of one row group, of which only those arrive that ask for no more memory than they have bytes.
pub(super) struct Checked<P> {
    pages: P,
    kind: Type,
    /// Whether a dictionary went by.
    dictionary: bool,
}

impl<P> Checked<P> {
    pub fn new(pages: P, kind: Type) -> Self {
        Self { pages, kind, dictionary: false }
    }

    fn check(&mut self, page: &Page) -> Result<()> {
        let refuse = |why: String| Err(ParquetError::General(why));
        if let Page::DictionaryPage { buf, num_values, .. } = page {
            // The crate sets the whole dictionary aside before it looks at the first value.
            let least = if matches!(self.kind, Type::INT64 | Type::DOUBLE) { 8 } else { 4 };
            if *num_values as usize > buf.len() / least {
                return refuse(format!("a dictionary of {num_values} values in {} bytes", buf.len()));
            }
            self.dictionary = true;
            return Ok(());
        }
        match page.encoding() {
            Encoding::PLAIN => Ok(()),
            Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY if self.dictionary => Ok(()),
            Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY => {
                refuse("places in a dictionary that is not there".into())
            }
            // Decoders of differences set aside what the first bytes of a page say.
            other => refuse(format!("encoded as {other}, which is not supported; pyarrow's defaults are")),
        }
    }
}

impl<P: PageReader> PageReader for Checked<P> {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        loop {
            let Some(page) = self.pages.get_next_page()? else { return Ok(None) };
            self.check(&page)?;
            // An empty page is the end to the crate.
            if !page.is_data_page() || page.num_values() > 0 {
                return Ok(Some(page));
            }
        }
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.pages.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.pages.skip_next_page()
    }
}

impl<P: PageReader> Iterator for Checked<P> {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use bytes::Bytes;

    use super::*;

    pub struct Made(std::vec::IntoIter<Page>);

    /// One page of values that lie one after the other.
    pub fn plain(num_values: u32, values: &[u8]) -> Made {
        Made(vec![page(num_values, Encoding::PLAIN, Bytes::copy_from_slice(values))].into_iter())
    }

    impl PageReader for Made {
        fn get_next_page(&mut self) -> Result<Option<Page>> {
            Ok(self.0.next())
        }

        fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
            Ok(self.0.as_slice().first().map(|page| PageMetadata {
                num_rows: None,
                num_levels: Some(page.num_values() as usize),
                is_dict: page.is_dictionary_page(),
            }))
        }

        fn skip_next_page(&mut self) -> Result<()> {
            self.0.next();
            Ok(())
        }
    }

    impl Iterator for Made {
        type Item = Result<Page>;

        fn next(&mut self) -> Option<Self::Item> {
            self.0.next().map(Ok)
        }
    }

    fn dictionary(num_values: u32) -> Page {
        let buf = Bytes::from_static(&[0; 8]);
        Page::DictionaryPage { buf, num_values, encoding: Encoding::PLAIN, is_sorted: false }
    }

    fn data(num_values: u32, encoding: Encoding) -> Page {
        page(num_values, encoding, Bytes::new())
    }

    fn page(num_values: u32, encoding: Encoding, buf: Bytes) -> Page {
        let level = Encoding::RLE;
        Page::DataPage {
            buf,
            num_values,
            encoding,
            def_level_encoding: level,
            rep_level_encoding: level,
            statistics: None,
        }
    }

    fn through(kind: Type, pages: Vec<Page>) -> std::result::Result<Vec<u32>, String> {
        let checked = Checked::new(Made(pages.into_iter()), kind);
        checked.map(|page| page.map(|page| page.num_values()).map_err(|error| error.to_string())).collect()
    }

    #[test]
    fn pages_that_ask_for_more_than_they_have_are_refused() {
        assert_eq!(through(Type::BYTE_ARRAY, vec![dictionary(2), data(9, Encoding::RLE_DICTIONARY)]), Ok(vec![2, 9]));
        let why = through(Type::INT64, vec![dictionary(2)]).unwrap_err();
        assert!(why.contains("a dictionary of 2 values in 8 bytes"), "{why}");
        assert!(through(Type::INT32, vec![dictionary(u32::MAX)]).is_err());
        let why = through(Type::INT32, vec![data(1, Encoding::PLAIN_DICTIONARY)]).unwrap_err();
        assert!(why.contains("a dictionary that is not there"), "{why}");
        let why = through(Type::INT32, vec![data(1, Encoding::DELTA_BINARY_PACKED)]).unwrap_err();
        assert!(why.contains("DELTA_BINARY_PACKED, which is not supported"), "{why}");
    }

    #[test]
    fn empty_pages_are_passed_over() {
        let pages = vec![data(0, Encoding::PLAIN), data(3, Encoding::PLAIN), data(0, Encoding::PLAIN)];
        assert_eq!(through(Type::INT32, pages), Ok(vec![3]));
    }
}
