//! Scores that pruning goes by: Parquet, a row for each training image, in the order of the training set.
//!
//! Columns: `class` (synset or name), then one column of doubles a criterion, under its name. The key `compdd` of the metadata holds the
//! [`ScoreCard`] as JSON. Equal scores give equal bytes.

use std::{collections::BTreeMap, fs::File, io, path::Path, sync::Arc};

use parquet::{
    basic::{Compression, LogicalType, Repetition, Type as Physical},
    data_type::{ByteArray, ByteArrayType, DoubleType},
    errors::ParquetError,
    file::{
        metadata::KeyValue,
        properties::{EnabledStatistics, WriterProperties},
        writer::SerializedFileWriter,
    },
    schema::types::{ColumnPath, Type, TypePtr},
};
use serde::{Deserialize, Serialize};

use super::{
    ScoresError,
    table::{KEY, column, other},
};
use crate::data::parse::parquet::{Table, TableValue};
use compdd_core::{
    files::{IoError, atomic},
    pruning::{Criterion, Share},
};

/// Everything that determines the scores.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScoreCard {
    /// Version of the format, [`ScoreCard::FORMAT`].
    pub format: u32,
    /// Id of the subset.
    pub subset: String,
    /// Side of the images in pixels.
    pub resolution: usize,
    /// Hash of the training images and their pixel space.
    pub images: String,
    /// What was asked for beyond what every training gives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub criterion: Option<Criterion>,
    /// Share of every class that is removed, for the criteria whose order depends on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed: Option<Share>,
    /// How the networks were trained; none where there were none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub training: Option<ScoreTraining>,
    /// BLAKE3 of the file that the scores were taken from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_from: Option<String>,
}

impl ScoreCard {
    /// The format that is written.
    pub const FORMAT: u32 = 1;
}

/// How the networks were trained whose losses are the scores.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScoreTraining {
    /// Slug of the network.
    pub network: String,
    /// Networks that are trained; scores are means over them.
    pub trials: usize,
    /// Epochs of each.
    pub epochs: usize,
    /// Constant learning rate of Adam.
    pub learning_rate: f32,
    /// Images of a minibatch.
    pub batch: usize,
    /// In which pass losses are taken.
    pub pass: LossPass,
    /// Root of every draw.
    pub seed: u64,
}

/// In which pass the losses of an epoch are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LossPass {
    /// In training, at no cost: the loss of a minibatch before its step.
    #[default]
    Train,
    /// In a pass of its own after every epoch.
    Eval,
}

/// The scores of the training images of a subset.
#[derive(Clone, Debug, PartialEq)]
pub struct ImageScores {
    /// How they were made.
    pub card: ScoreCard,
    /// The class of every image, by synset or name.
    pub classes: Vec<String>,
    /// One or several criteria, each with a score for every image.
    pub columns: Vec<(Criterion, Vec<f64>)>,
}

impl ImageScores {
    /// The scores by one criterion.
    ///
    /// # Errors
    /// [`ScoresError::NoCriterion`] with those there are.
    pub fn by(&self, criterion: Criterion) -> Result<&[f64], ScoresError> {
        let found = self.columns.iter().find(|(own, _)| *own == criterion);
        found.map(|(_, values)| &values[..]).ok_or_else(|| ScoresError::NoCriterion {
            criterion: criterion.word(),
            known: self.columns.iter().map(|(own, _)| own.word()).collect::<Vec<_>>().join(", "),
        })
    }

    /// A number for the class of every image, and the names of the classes by number, in the order of their first images.
    pub fn labels(&self) -> (Vec<u32>, Vec<String>) {
        let (mut numbers, mut names) = (BTreeMap::new(), Vec::new());
        let mut number = |name: &String| {
            *numbers.entry(name.clone()).or_insert_with(|| {
                names.push(name.clone());
                names.len() as u32 - 1
            })
        };
        (self.classes.iter().map(&mut number).collect(), names)
    }

    /// Number of images.
    pub fn len(&self) -> usize {
        self.classes.len()
    }

    /// Whether there is no image.
    pub fn is_empty(&self) -> bool {
        self.classes.is_empty()
    }

    /// Writes the file, whole or not at all.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), ScoresError> {
        let written = atomic::write_pieces(path, |file| self.encode(file));
        Ok(written.map_err(IoError::at("write", path))?)
    }

    fn encode(&self, file: &mut (dyn io::Write + Send)) -> io::Result<()> {
        let card = serde_json::to_string(&self.card)?;
        let properties = WriterProperties::builder()
            .set_created_by("compdd".into())
            .set_compression(Compression::ZSTD(parquet::basic::ZstdLevel::default()))
            .set_dictionary_enabled(false)
            .set_column_dictionary_enabled(ColumnPath::from("class"), true)
            .set_statistics_enabled(EnabledStatistics::None)
            .set_offset_index_disabled(true)
            .set_key_value_metadata(Some(vec![KeyValue::new(KEY.to_owned(), card)]))
            .build();
        let schema = self.schema().map_err(other)?;
        let mut writer = SerializedFileWriter::new(file, schema, Arc::new(properties)).map_err(other)?;
        let mut group = writer.next_row_group().map_err(other)?;
        let classes: Vec<ByteArray> = self.classes.iter().map(|class| ByteArray::from(class.as_str())).collect();
        column::<ByteArrayType>(&mut group, &classes)?;
        for (_, values) in &self.columns {
            column::<DoubleType>(&mut group, values)?;
        }
        group.close().map_err(other)?;
        writer.close().map(drop).map_err(other)
    }

    fn schema(&self) -> Result<TypePtr, ParquetError> {
        let field = |name: &str, kind: Physical| {
            let text = (kind == Physical::BYTE_ARRAY).then_some(LogicalType::String);
            let builder = Type::primitive_type_builder(name, kind).with_repetition(Repetition::REQUIRED);
            builder.with_logical_type(text).build().map(Arc::new)
        };
        let scores = self.columns.iter().map(|(criterion, _)| field(criterion.word(), Physical::DOUBLE));
        let fields =
            std::iter::once(field("class", Physical::BYTE_ARRAY)).chain(scores).collect::<Result<Vec<_>, _>>()?;
        Ok(Arc::new(Type::group_type_builder("scores").with_fields(fields).build()?))
    }

    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, or is no file of such scores.
    pub fn read(path: &Path) -> Result<Self, ScoresError> {
        let malformed = |why: String| ScoresError::Malformed { path: path.into(), what: "scores of images", why };
        let table = Table::open(File::open(path).map_err(IoError::at("read", path))?);
        let table = table.map_err(|error| malformed(error.to_string()))?;
        let text = table.metadata(KEY).ok_or_else(|| malformed("it does not say how it was made".into()))?;
        let card: ScoreCard = serde_json::from_str(text).map_err(|error| malformed(error.to_string()))?;
        if card.format != ScoreCard::FORMAT {
            return Err(malformed(format!(
                "format {}, but this is compdd for format {}",
                card.format,
                ScoreCard::FORMAT
            )));
        }
        let trained = card.training.iter().flat_map(|_| Criterion::OF_TRAINING);
        let mut columns: Vec<(Criterion, Vec<f64>)> =
            trained.chain(card.criterion).map(|one| (one, Vec::new())).collect();
        let names: Vec<&str> = std::iter::once("class").chain(columns.iter().map(|(one, _)| one.word())).collect();
        let mut classes = Vec::new();
        let read = table.rows(&names, &mut |values: &[TableValue]| {
            classes.push(values[0].text()?);
            for ((_, column), value) in columns.iter_mut().zip(&values[1..]) {
                column.push(value.number()?);
            }
            Ok(())
        });
        read.map_err(|error| malformed(error.to_string()))?;
        Ok(Self { card, classes, columns })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores() -> ImageScores {
        let training = ScoreTraining {
            network: "convnet-d3".into(),
            trials: 3,
            epochs: 20,
            learning_rate: 3e-3,
            batch: 512,
            pass: LossPass::Train,
            seed: 0,
        };
        let card = ScoreCard {
            format: ScoreCard::FORMAT,
            subset: "cifar10@1".into(),
            resolution: 32,
            images: "ab".repeat(32),
            criterion: Some(Criterion::GradMatch),
            removed: Some("0.95".parse().unwrap()),
            training: Some(training),
            taken_from: None,
        };
        let column = |criterion| (criterion, vec![0.5, f64::INFINITY, -1.25e-300]);
        let columns = Criterion::OF_TRAINING.into_iter().chain([Criterion::GradMatch]).map(column).collect();
        ImageScores { card, classes: ["cat", "dog", "cat"].map(str::to_owned).to_vec(), columns }
    }

    #[test]
    fn a_file_is_read_back_and_equal_scores_give_equal_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (folder.path().join("one.parquet"), folder.path().join("two.parquet"));
        scores().write(&one).unwrap();
        scores().write(&two).unwrap();
        assert_eq!(ImageScores::read(&one).unwrap(), scores());
        assert_eq!(std::fs::read(&one).unwrap(), std::fs::read(two).unwrap());
        let error = scores().by(Criterion::Grand).unwrap_err().to_string();
        assert!(error.contains("grand"), "{error}");
        std::fs::write(&one, b"no parquet").unwrap();
        assert!(ImageScores::read(&one).unwrap_err().to_string().contains("one.parquet"));
    }
}
