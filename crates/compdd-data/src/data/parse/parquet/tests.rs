//! Shards of pyarrow and of the crate's own writer.

use bytes::Bytes;

use super::*;

const SNAPPY: &[u8] = include_bytes!("../../../../../../tests/fixtures/arrays/snappy.parquet");
const ZSTD: &[u8] = include_bytes!("../../../../../../tests/fixtures/arrays/zstd.parquet");
const SCORES: &[u8] = include_bytes!("../../../../../../tests/fixtures/arrays/scores.parquet");

fn open(bytes: &[u8]) -> Result<(Shard, Arc<Bytes>), ParseError> {
    let file = Bytes::copy_from_slice(bytes);
    Ok((Shard::open(&file)?, Arc::new(file)))
}

fn labels(shard: &Shard, file: &Arc<Bytes>) -> Result<Vec<(Label, Option<String>)>, ParseError> {
    let mut rows = Vec::new();
    shard.labels(file, &mut |label, name| {
        rows.push((label, name.map(str::to_owned)));
        Ok(())
    })?;
    Ok(rows)
}

type Found = Vec<(usize, Option<Vec<u8>>)>;

fn images(shard: &Shard, file: &Arc<Bytes>, group: usize, rows: &[u64]) -> Result<Found, ParseError> {
    let mut images = Vec::new();
    let mut keep = |portion: &[(usize, Option<&[u8]>)]| {
        images.extend(portion.iter().map(|(i, image)| (*i, image.map(<[u8]>::to_vec))));
    };
    shard.images(file, group, rows, &mut keep)?;
    Ok(images)
}

fn everything(bytes: &[u8]) -> Result<(), ParseError> {
    let (shard, file) = open(bytes)?;
    shard.names()?;
    labels(&shard, &file)?;
    shard.scores(&file)?;
    for (group, rows) in shard.groups().enumerate() {
        images(&shard, &file, group, &(0..rows).collect::<Vec<_>>())?;
    }
    Ok(())
}

#[test]
fn shards_of_pyarrow_are_read() {
    let (shard, file) = open(SNAPPY).unwrap();
    assert_eq!(shard.groups().collect::<Vec<_>>(), [2, 2, 1]);
    assert_eq!(shard.names().unwrap().unwrap(), ["tench", "ship", "cat"]);
    let rows = labels(&shard, &file).unwrap();
    let numbers: Vec<&Label> = rows.iter().map(|row| &row.0).collect();
    assert_eq!(numbers, [0, 1, 2, 1, -1].map(Label::Number).iter().collect::<Vec<_>>());
    let names: Vec<Option<&str>> = rows.iter().map(|row| row.1.as_deref()).collect();
    assert_eq!(names, [Some("0.png"), Some("1.png"), Some("2.png"), None, Some("4.png")]);
    let image = |i: usize| Some(format!("image {i}").into_bytes());
    assert_eq!(images(&shard, &file, 0, &[1]).unwrap(), [(0, image(1))]);
    assert_eq!(images(&shard, &file, 1, &[0, 1]).unwrap(), [(0, image(2)), (1, image(3))]);
    assert_eq!(images(&shard, &file, 2, &[0]).unwrap(), [(0, None)]);
    assert!(
        images(&shard, &file, 2, &[1]).unwrap_err().to_string().contains("row group 2, column image.bytes: fewer rows")
    );

    let (shard, file) = open(ZSTD).unwrap();
    assert_eq!(shard.names().unwrap(), None);
    let names = ["cat", "ship", "cat"].map(|name| (Label::Name(name.to_owned()), None));
    assert_eq!(labels(&shard, &file).unwrap(), names);
    assert_eq!(images(&shard, &file, 0, &[0, 2]).unwrap(), [(0, image(0)), (1, image(2))]);
}

#[test]
fn lists_of_numbers_are_scores() {
    let (shard, file) = open(SCORES).unwrap();
    let scores = shard.scores(&file).unwrap().unwrap();
    assert_eq!((scores.name, scores.classes), ("logits", 3));
    assert_eq!(scores.values, [0.5, -1.0, 2.0, 0.25, 3.0, -1.0, 1.5, 0.5, 0.5]);
    let (shard, file) = open(SNAPPY).unwrap();
    assert_eq!(shard.scores(&file).unwrap(), None);
}

#[test]
fn rows_are_picked_out_of_large_groups() {
    let rows: Vec<made::Row> = (0..500).map(|i| (vec![i as u8; 3000], Some(format!("{i}")), i)).collect();
    let bytes = made::shard(&rows, 400, &[]);
    let (shard, file) = open(&bytes).unwrap();
    let wanted: Vec<u64> = (0..400).filter(|i| i % 7 == 0 || (100..300).contains(i)).collect();
    let found = images(&shard, &file, 0, &wanted).unwrap();
    assert_eq!(found.len(), wanted.len());
    for ((i, image), (place, row)) in found.iter().zip(wanted.iter().enumerate()) {
        assert_eq!((*i, image.as_ref().unwrap()), (place, &vec![*row as u8; 3000]));
    }
    assert_eq!(labels(&shard, &file).unwrap()[450], (Label::Number(450), Some("450".into())));
}

#[test]
fn what_is_no_shard_is_refused() {
    assert!(open(b"").unwrap_err().to_string().contains("EOF"));
    assert!(open(b"no parquet file").unwrap_err().to_string().contains("Parquet"));
    for length in 0..SNAPPY.len() {
        assert!(open(&SNAPPY[..length]).is_err(), "{length}");
    }
    let mut bytes = SNAPPY.to_vec();
    let at = bytes.windows(5).rposition(|window| window == b"label").unwrap();
    for place in 0..at {
        if bytes[place..].starts_with(b"label") {
            bytes[place] = b'L';
        }
    }
    bytes[at] = b'L';
    assert_eq!(open(&bytes).unwrap_err().to_string(), "no column of labels among: image.bytes, image.path, Label");
}

#[test]
fn a_flipped_bit_is_never_worse_than_an_error() {
    for bytes in [SNAPPY, ZSTD, SCORES] {
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.to_vec();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let _ = everything(&flipped);
        }
    }
}
