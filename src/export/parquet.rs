//! Tables of pictures as Hugging Face's `datasets` writes them: columns `image` (bytes and path) and `label`, with the names of the classes.

use std::{io, sync::Arc};

use parquet::{
    basic::Compression,
    data_type::{ByteArray, ByteArrayType, FloatType, Int64Type},
    errors::ParquetError,
    file::{metadata::KeyValue, properties::WriterProperties, writer::SerializedFileWriter},
    schema::parser::parse_message_type,
};
use serde_json::{Value, json};

/// Rows that are written at once.
const GROUP: usize = 1000;

/// A picture with its label.
pub struct Row {
    /// The file.
    pub png: Vec<u8>,
    /// Its name.
    pub path: String,
    /// Position of its class.
    pub label: u32,
}

/// Rows of scores of the classes beside the pictures.
pub struct Scores<'a> {
    /// Name of the column: `logits` or `probabilities`.
    pub name: &'static str,
    /// `[rows, classes]`.
    pub values: &'a [f32],
    /// Width of a row.
    pub classes: usize,
}

/// The bytes of a table.
pub fn file(rows: &[Row], classes: &[String], scores: Option<&Scores<'_>>) -> io::Result<Vec<u8>> {
    write(rows, classes, scores).map_err(io::Error::other)
}

fn write(rows: &[Row], classes: &[String], scores: Option<&Scores<'_>>) -> Result<Vec<u8>, ParquetError> {
    let list = scores.map_or_else(String::new, |scores| {
        format!("optional group {} (LIST) {{ repeated group list {{ optional float element; }} }}", scores.name)
    });
    let schema = format!(
        "message schema {{ optional group image {{ optional binary bytes; optional binary path (UTF8); }} optional int64 label; {list} }}"
    );
    let told =
        KeyValue::new("huggingface".to_owned(), json!({"info": {"features": features(classes, scores)}}).to_string());
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_created_by("compdd".to_owned())
        .set_key_value_metadata(Some(vec![told]))
        .build();
    let schema = Arc::new(parse_message_type(&schema)?);
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties))?;
    for (number, rows) in rows.chunks(GROUP).enumerate() {
        let mut group = writer.next_row_group()?;
        // What is there is as deep as the schema goes.
        let mut texts = |values: Vec<ByteArray>| -> Result<(), ParquetError> {
            let Some(mut column) = group.next_column()? else { return Ok(()) };
            column.typed::<ByteArrayType>().write_batch(&values, Some(&vec![2; values.len()]), None)?;
            column.close()
        };
        texts(rows.iter().map(|row| row.png.clone().into()).collect())?;
        texts(rows.iter().map(|row| row.path.as_str().into()).collect())?;
        if let Some(mut column) = group.next_column()? {
            let labels: Vec<i64> = rows.iter().map(|row| i64::from(row.label)).collect();
            column.typed::<Int64Type>().write_batch(&labels, Some(&vec![1; rows.len()]), None)?;
            column.close()?;
        }
        if let (Some(scores), Some(mut column)) = (scores, group.next_column()?) {
            let from = number * GROUP * scores.classes;
            let values = &scores.values[from..from + rows.len() * scores.classes];
            let begins: Vec<i16> = (0..values.len()).map(|i| i16::from(i % scores.classes > 0)).collect();
            column.typed::<FloatType>().write_batch(values, Some(&vec![3; values.len()]), Some(&begins))?;
            column.close()?;
        }
        group.close()?;
    }
    writer.into_inner()
}

/// The columns as `datasets` describes them.
fn features(classes: &[String], scores: Option<&Scores<'_>>) -> Value {
    let mut features = json!({
        "image": {"_type": "Image"},
        "label": {"names": classes, "_type": "ClassLabel"},
    });
    if let Some(scores) = scores {
        features[scores.name] = json!({"feature": {"dtype": "float32", "_type": "Value"}, "_type": "Sequence"});
    }
    features
}
