//! Parquet exports: the columns that matter are read side by side, some hundred rows at a time. Tags and other
//! nested columns are not opened. Decimals are exact; doubles count as their shortest decimal.

use crate::cell::{Cell, Row};
use crate::column::{Column, Layout};
use crate::fault::{Fault, Problem};
use crate::gather::{Import, Named, Source, at_row};
use crate::number::Number;
use parquet::basic::{ConvertedType, LogicalType, TimeUnit};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, DataType, FixedLenByteArray, Int96};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};
use parquet::file::reader::{ChunkReader, FileReader, SerializedFileReader};
use parquet::schema::types::{ColumnDescriptor, SchemaDescriptor};
use units::Timestamp;

/// Few enough that the values of all columns stay in the processor's cache.
const BATCH: usize = 512;

impl Import {
    /// Takes a Parquet export; `progress` is told the rows read so far and how many there are.
    ///
    /// # Errors
    /// At the first row that cannot be used; the import is then of no use either.
    pub fn parquet(
        &mut self,
        named: Named,
        from: impl ChunkReader + 'static,
        mut progress: impl FnMut(u64, u64),
    ) -> Result<(), Fault> {
        let reader = SerializedFileReader::new(from).map_err(|error| damaged(&error))?;
        let metadata = reader.metadata();
        sound(metadata).map_err(|error| damaged(&error))?;
        let schema = metadata.file_metadata().schema_descr();
        let names: Vec<&str> = schema.root_schema().get_fields().iter().map(|field| field.name()).collect();
        let layout = Layout::of(&names)?;
        let total = u64::try_from(metadata.file_metadata().num_rows()).unwrap_or(0);
        let (leaves, doubles) = leaves(schema, &layout, &names);
        let (version, wanting) = (layout.version, layout.wanting().collect());
        self.begin(Source { named, version, rows: 0, text: false, wanting, bill: String::new(), doubles });
        let mut number = 0;
        for at in 0..metadata.num_row_groups() {
            let group = reader.get_row_group(at).map_err(|error| damaged(&error))?;
            let opened = leaves.iter().map(|leaf| {
                let Some(leaf) = leaf else { return Ok(None) };
                let reader = group.get_column_reader(leaf.at)?;
                Ok(Some(Chunk { reader, leaf: *leaf, slots: Vec::new(), values: Values::None }))
            });
            let opened: Result<Vec<_>, ParquetError> = opened.collect();
            let mut batch = Batch { chunks: opened.map_err(|error| damaged(&error))?, at: 0 };
            let mut left = usize::try_from(group.metadata().num_rows()).unwrap_or(0);
            while left > 0 {
                let rows = left.min(BATCH);
                batch.fill(rows).map_err(|error| damaged(&error))?;
                for place in 0..rows {
                    batch.at = place;
                    number += 1;
                    self.row(&batch, number).map_err(|fault| at_row(fault, number))?;
                }
                left -= rows;
                progress(number, total);
            }
        }
        Ok(())
    }
}

/// Whether what the file says of itself can be true: the library takes it at its word.
fn sound(metadata: &ParquetMetaData) -> Result<(), ParquetError> {
    let columns = metadata.row_groups().iter().flat_map(|group| group.columns());
    let positive = |column: &ColumnChunkMetaData| {
        let start = column.dictionary_page_offset().unwrap_or(0).min(column.data_page_offset());
        start >= 0 && column.compressed_size() >= 0 && column.num_values() >= 0
    };
    if columns.into_iter().all(positive) {
        return Ok(());
    }
    Err(ParquetError::General("a column lies before the file's beginning".to_owned()))
}

/// A column that is read: where it is and what its values mean.
#[derive(Debug, Clone, Copy)]
struct Leaf {
    at: usize,
    optional: bool,
    meaning: Meaning,
}

#[derive(Debug, Clone, Copy)]
enum Meaning {
    Plain,
    Decimal(i32),
    Date,
    /// How many of its units make a second.
    Time(i64),
}

/// Each column's leaf, where it is one value a row, and whether the list cost is a double.
fn leaves(
    schema: &SchemaDescriptor,
    layout: &Layout,
    names: &[&str],
) -> ([Option<Leaf>; Column::ALL.len()], bool) {
    let mut doubles = false;
    let leaves = Column::ALL.map(|column| {
        let name = names.get(layout.place(column)?)?;
        let is_it = |leaf: &ColumnDescriptor| {
            leaf.path().parts() == [(*name).to_owned()]
                && leaf.max_rep_level() == 0
                && leaf.max_def_level() < 2
        };
        let at = schema.columns().iter().position(|leaf| is_it(leaf))?;
        let found = schema.column(at);
        let floating =
            matches!(found.physical_type(), parquet::basic::Type::DOUBLE | parquet::basic::Type::FLOAT);
        doubles |= column == Column::ListCost && floating;
        Some(Leaf { at, optional: found.max_def_level() == 1, meaning: meaning(&found) })
    });
    (leaves, doubles)
}

fn meaning(column: &ColumnDescriptor) -> Meaning {
    match (column.logical_type_ref(), column.converted_type()) {
        (Some(LogicalType::Decimal(decimal)), _) => Meaning::Decimal(decimal.scale),
        (_, ConvertedType::DECIMAL) => Meaning::Decimal(column.type_scale()),
        (Some(LogicalType::Date), _) | (_, ConvertedType::DATE) => Meaning::Date,
        (Some(LogicalType::Timestamp(time)), _) => Meaning::Time(match time.unit {
            TimeUnit::MILLIS => 1_000,
            TimeUnit::MICROS => 1_000_000,
            TimeUnit::NANOS => 1_000_000_000,
        }),
        (_, ConvertedType::TIMESTAMP_MILLIS) => Meaning::Time(1_000),
        (_, ConvertedType::TIMESTAMP_MICROS) => Meaning::Time(1_000_000),
        _ => Meaning::Plain,
    }
}

/// Some hundred rows, of which one is looked at.
struct Batch {
    chunks: Vec<Option<Chunk>>,
    at: usize,
}

/// A column of a row group, with the values of the rows at hand.
struct Chunk {
    reader: ColumnReader,
    leaf: Leaf,
    /// For each row the place of its value.
    slots: Vec<Option<usize>>,
    values: Values,
}

enum Values {
    None,
    Ints(Vec<i32>),
    Longs(Vec<i64>),
    Old(Vec<Int96>),
    Singles(Vec<f32>),
    Doubles(Vec<f64>),
    Bytes(Vec<ByteArray>),
    Fixed(Vec<FixedLenByteArray>),
}

impl Batch {
    fn fill(&mut self, rows: usize) -> Result<(), ParquetError> {
        self.chunks.iter_mut().flatten().try_for_each(|chunk| chunk.fill(rows))
    }
}

impl Chunk {
    fn fill(&mut self, rows: usize) -> Result<(), ParquetError> {
        let optional = self.leaf.optional;
        let slots = &mut self.slots;
        self.values = match &mut self.reader {
            ColumnReader::Int32ColumnReader(reader) => Values::Ints(take(reader, rows, optional, slots)?),
            ColumnReader::Int64ColumnReader(reader) => Values::Longs(take(reader, rows, optional, slots)?),
            ColumnReader::Int96ColumnReader(reader) => Values::Old(take(reader, rows, optional, slots)?),
            ColumnReader::FloatColumnReader(reader) => Values::Singles(take(reader, rows, optional, slots)?),
            ColumnReader::DoubleColumnReader(reader) => Values::Doubles(take(reader, rows, optional, slots)?),
            ColumnReader::ByteArrayColumnReader(reader) => {
                Values::Bytes(take(reader, rows, optional, slots)?)
            }
            ColumnReader::FixedLenByteArrayColumnReader(reader) => {
                Values::Fixed(take(reader, rows, optional, slots)?)
            }
            ColumnReader::BoolColumnReader(_) => Values::None,
        };
        Ok(())
    }
}

/// Reads `rows` rows of a column; `slots` gets the place of each row's value.
fn take<T: DataType>(
    reader: &mut ColumnReaderImpl<T>,
    rows: usize,
    optional: bool,
    slots: &mut Vec<Option<usize>>,
) -> Result<Vec<T::T>, ParquetError> {
    let (mut values, mut levels) =
        (Vec::with_capacity(rows), Vec::with_capacity(if optional { rows } else { 0 }));
    let (read, _, _) = reader.read_records(rows, optional.then_some(&mut levels), None, &mut values)?;
    if read != rows {
        return Err(ParquetError::EOF("a column has fewer rows than the others".to_owned()));
    }
    slots.clear();
    let mut next = 0;
    for row in 0..rows {
        let there = levels.get(row).is_none_or(|level| *level > 0);
        slots.push(there.then_some(next));
        next += usize::from(there);
    }
    Ok(values)
}

impl Row for Batch {
    fn cell(&self, column: Column) -> Cell<'_> {
        let Some(chunk) = self.chunks.get(column as usize).and_then(Option::as_ref) else {
            return Cell::Null;
        };
        let Some(at) = chunk.slots.get(self.at).copied().flatten() else { return Cell::Null };
        chunk.cell(at).unwrap_or(Cell::Other)
    }
}

impl Chunk {
    fn cell(&self, at: usize) -> Option<Cell<'_>> {
        let meaning = self.leaf.meaning;
        Some(match &self.values {
            Values::None => Cell::Other,
            Values::Ints(values) => whole(i64::from(*values.get(at)?), meaning),
            Values::Longs(values) => whole(*values.get(at)?, meaning),
            Values::Old(values) => Cell::Moment(Timestamp::from_micros(values.get(at)?.to_micros())),
            Values::Singles(values) => {
                Number::from_single(*values.get(at)?).map_or(Cell::Other, Cell::Number)
            }
            Values::Doubles(values) => {
                Number::from_double(*values.get(at)?).map_or(Cell::Other, Cell::Number)
            }
            Values::Bytes(values) => bytes(values.get(at)?.data(), meaning),
            Values::Fixed(values) => bytes(values.get(at)?.data(), meaning),
        })
    }
}

fn whole(value: i64, meaning: Meaning) -> Cell<'static> {
    match meaning {
        Meaning::Plain => Cell::Number(Number::new(i128::from(value), 0)),
        Meaning::Decimal(scale) => Cell::Number(Number::new(i128::from(value), scale)),
        Meaning::Date => Cell::Moment(Timestamp::from_seconds(value.saturating_mul(86_400))),
        Meaning::Time(unit) => {
            let micros = i128::from(value) * 1_000_000;
            i64::try_from(micros.div_euclid(i128::from(unit)))
                .map_or(Cell::Other, |micros| Cell::Moment(Timestamp::from_micros(micros)))
        }
    }
}

/// Text, or a decimal in two's complement, the highest byte first.
fn bytes(value: &[u8], meaning: Meaning) -> Cell<'_> {
    let Meaning::Decimal(scale) = meaning else {
        return if value.is_empty() { Cell::Null } else { Cell::Text(value) };
    };
    if value.is_empty() || value.len() > 16 {
        return Cell::Other;
    }
    let sign = if value[0] & 0x80 == 0 { 0 } else { 0xff };
    let mut wide = [sign; 16];
    wide[16 - value.len()..].copy_from_slice(value);
    Cell::Number(Number::new(i128::from_be_bytes(wide), scale))
}

fn damaged(error: &ParquetError) -> Fault {
    let (text, mend) = match error {
        ParquetError::General(text) | ParquetError::NYI(text) if text.contains("feature") => (
            format!("it is compressed in a way that is not read here: {text}"),
            "write it with Snappy, gzip or Zstandard",
        ),
        other => (format!("the Parquet data is damaged or cut off: {other}"), "fetch the export again"),
    };
    Fault::of(Problem::Text(text)).mend(mend)
}
