//! Shards made by the crate's own writer.

use std::sync::Arc;

use parquet::{
    basic::Compression,
    data_type::{ByteArray, ByteArrayType, Int64Type},
    file::{metadata::KeyValue, properties::WriterProperties, writer::SerializedFileWriter},
    schema::parser::parse_message_type,
};

/// A row: the bytes of an image, its path, its label.
pub type Row = (Vec<u8>, Option<String>, i64);

/// A shard as Hugging Face writes it, with `per_group` rows in a group.
pub fn shard(rows: &[Row], per_group: usize, names: &[String]) -> Vec<u8> {
    let schema = "message schema { optional group image { optional binary bytes; optional binary path (UTF8); } optional int64 label; }";
    let features = serde_json::json!({"info": {"features": {"label": {"names": names}}}});
    let told = KeyValue::new("huggingface".to_owned(), features.to_string());
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_key_value_metadata((!names.is_empty()).then(|| vec![told]))
        .build();
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties)).unwrap();
    for rows in rows.chunks(per_group) {
        let mut group = writer.next_row_group().unwrap();
        let mut write = |values: Vec<ByteArray>, levels: Vec<i16>| {
            let mut column = group.next_column().unwrap().unwrap();
            column.typed::<ByteArrayType>().write_batch(&values, Some(&levels), None).unwrap();
            column.close().unwrap();
        };
        write(rows.iter().map(|row| row.0.clone().into()).collect(), vec![2; rows.len()]);
        let paths = rows.iter().filter_map(|row| row.1.as_deref()).map(ByteArray::from).collect();
        write(paths, rows.iter().map(|row| if row.1.is_some() { 2 } else { 1 }).collect());
        let mut column = group.next_column().unwrap().unwrap();
        let labels: Vec<i64> = rows.iter().map(|row| row.2).collect();
        column.typed::<Int64Type>().write_batch(&labels, Some(&vec![1; rows.len()]), None).unwrap();
        column.close().unwrap();
        group.close().unwrap();
    }
    writer.into_inner().unwrap()
}
