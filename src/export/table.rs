//! Rows of JSON values as tables: Parquet, comma-separated values, JSON lines.

use std::{io, sync::Arc};

use parquet::{
    basic::Compression,
    data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int64Type},
    errors::ParquetError,
    file::{properties::WriterProperties, writer::SerializedFileWriter},
    schema::parser::parse_message_type,
};
use serde_json::Value;

use crate::report::grid::csv;

/// The values of a row under their names, in order.
pub type Row = Vec<(String, Value)>;

/// The names of the columns, each where it is met first.
fn columns(rows: &[Row]) -> Vec<&String> {
    let mut columns = Vec::new();
    for (name, _) in rows.iter().flatten() {
        if !columns.contains(&name) {
            columns.push(name);
        }
    }
    columns
}

/// What a row has under a name; what is not there is as good as null.
fn value<'a>(row: &'a Row, name: &str) -> Option<&'a Value> {
    row.iter().find(|(own, value)| own == name && !value.is_null()).map(|(_, value)| value)
}

/// One JSON object a line.
pub fn jsonl(rows: &[Row]) -> Vec<u8> {
    let object = |row: &Row| Value::Object(row.iter().cloned().collect()).to_string() + "\n";
    rows.iter().map(object).collect::<String>().into_bytes()
}

/// Comma-separated values with a line of names; what is not there is empty.
pub fn csv(rows: &[Row]) -> Vec<u8> {
    let columns = columns(rows);
    let mut text = csv::line(columns.iter().map(|name| name.as_str()));
    for row in rows {
        let field = |name: &&String| match value(row, name) {
            None => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        };
        let fields: Vec<String> = columns.iter().map(field).collect();
        text += &csv::line(fields.iter().map(String::as_str));
    }
    text.into_bytes()
}

/// What the values of a column are.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Whole,
    Real,
    Text,
}

impl Kind {
    fn of<'a>(values: impl Iterator<Item = &'a Value>) -> Self {
        values
            .fold(None, |kind, value| {
                let own = if value.is_i64() || value.is_u64() {
                    Self::Whole
                } else if value.is_f64() {
                    Self::Real
                } else {
                    Self::Text
                };
                Some(match kind {
                    None => own,
                    Some(kind) if kind == own => own,
                    Some(Self::Text) => Self::Text,
                    Some(_) if own == Self::Text => Self::Text,
                    Some(_) => Self::Real,
                })
            })
            .unwrap_or(Self::Text)
    }

    fn schema(self, name: &str) -> String {
        let (kind, mark) = match self {
            Self::Whole => ("int64", ""),
            Self::Real => ("double", ""),
            Self::Text => ("binary", " (UTF8)"),
        };
        format!("optional {kind} {name}{mark};")
    }
}

/// One table of Parquet: every column whole numbers, fractions or text, by what its values are.
pub fn parquet(rows: &[Row]) -> io::Result<Vec<u8>> {
    write(rows).map_err(io::Error::other)
}

fn write(rows: &[Row]) -> Result<Vec<u8>, ParquetError> {
    let columns: Vec<(&String, Kind)> = columns(rows)
        .into_iter()
        .map(|name| (name, Kind::of(rows.iter().filter_map(|row| value(row, name)))))
        .collect();
    let fields: String = columns.iter().map(|(name, kind)| kind.schema(name)).collect::<Vec<_>>().join(" ");
    let schema = Arc::new(parse_message_type(&format!("message schema {{ {fields} }}"))?);
    let properties =
        WriterProperties::builder().set_compression(Compression::SNAPPY).set_created_by("compdd".to_owned()).build();
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties))?;
    let mut group = writer.next_row_group()?;
    for (name, kind) in columns {
        let Some(mut column) = group.next_column()? else { continue };
        let values = rows.iter().map(|row| value(row, name));
        match kind {
            Kind::Whole => put::<Int64Type>(column.typed(), values.map(|value| value?.as_i64()))?,
            Kind::Real => put::<DoubleType>(column.typed(), values.map(|value| value?.as_f64()))?,
            Kind::Text => put::<ByteArrayType>(
                column.typed(),
                values.map(|value| {
                    Some(match value? {
                        Value::String(text) => ByteArray::from(text.as_str()),
                        other => ByteArray::from(other.to_string().as_str()),
                    })
                }),
            )?,
        }
        column.close()?;
    }
    group.close()?;
    writer.into_inner()
}

fn put<T: DataType>(
    column: &mut parquet::column::writer::ColumnWriterImpl<'_, T>,
    values: impl Iterator<Item = Option<T::T>>,
) -> Result<(), ParquetError> {
    let values: Vec<Option<T::T>> = values.collect();
    let levels: Vec<i16> = values.iter().map(|value| i16::from(value.is_some())).collect();
    let there: Vec<T::T> = values.into_iter().flatten().collect();
    column.write_batch(&there, Some(&levels), None).map(drop)
}
