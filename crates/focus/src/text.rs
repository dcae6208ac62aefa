//! CSV exports, plain or gzipped: RFC 4180 with commas, quoted line breaks, either line end, and a byte order mark
//! if need be. A row is read, counted and forgotten.

use crate::cell::{Cell, Row};
use crate::column::{Column, Layout};
use crate::fault::{Fault, Problem};
use crate::gather::{Import, Named, Source};
use csv::{ByteRecord, ErrorKind, ReaderBuilder};
use flate2::read::MultiGzDecoder;
use std::cell::Cell as Counter;
use std::io::{self, BufReader, Read};
use std::rc::Rc;

/// More than any row has: past it a quote was left open.
const ROW_BYTES_MAX: u64 = 8 << 20;

impl Import {
    /// Takes a CSV export, plain or gzipped.
    ///
    /// # Errors
    /// At the first line that cannot be used; the import is then of no use either.
    pub fn csv(&mut self, named: Named, from: impl Read) -> Result<(), Fault> {
        let mut from = BufReader::with_capacity(1 << 16, from);
        let mut start = [0; 2];
        let length = fill(&mut from, &mut start).map_err(|error| damaged(&error))?;
        let whole = io::Cursor::new(start).take(u64::try_from(length).unwrap_or(0)).chain(from);
        if start == [0x1f, 0x8b] {
            return self.lines(named, MultiGzDecoder::new(whole));
        }
        if matches!(start, [0xff, 0xfe] | [0xfe, 0xff]) {
            return Err(Fault::of(Problem::Encoding).mend("save the export as UTF-8, not as UTF-16"));
        }
        self.lines(named, whole)
    }

    fn lines(&mut self, named: Named, from: impl Read) -> Result<(), Fault> {
        let left = Rc::new(Counter::new(ROW_BYTES_MAX));
        let bounded = Bounded { from, left: Rc::clone(&left) };
        let mut reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .buffer_capacity(1 << 16)
            .from_reader(bounded);
        let mut record = ByteRecord::new();
        let header = match reader.read_byte_record(&mut record) {
            Ok(true) => record.clone(),
            Ok(false) => return Err(Fault::of(Problem::Text("the file is empty".to_owned()))),
            Err(error) => return Err(unreadable(&error)),
        };
        let layout = layout(&header)?;
        let wanting = layout.wanting().collect();
        let (version, text) = (layout.version, true);
        // Where lines end in two characters, the reader counts a line when it goes on to the next.
        let late = u64::from(reader.position().line() == 1);
        self.begin(Source { named, version, rows: 0, text, wanting, bill: String::new(), doubles: false });
        loop {
            left.set(ROW_BYTES_MAX);
            match reader.read_byte_record(&mut record) {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                Err(error) => return Err(unreadable(&error)),
            }
            let number = record.position().map_or(0, csv::Position::line) + late;
            if record.len() != layout.width {
                return Err(uneven(&record, &layout, number));
            }
            let line = Line { layout: &layout, record: &record };
            self.row(&line, number).map_err(|fault| line.fault(fault, number))?;
        }
    }
}

/// As many bytes as there are, up to the buffer's length.
fn fill(from: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    while length < buffer.len() {
        match from.read(&mut buffer[length..])? {
            0 => break,
            more => length += more,
        }
    }
    Ok(length)
}

/// The columns of a header, or what is wrong with it at its line.
fn layout(header: &ByteRecord) -> Result<Layout, Fault> {
    let here = |fault: Fault| {
        let text = shown(header.iter());
        let length = text.len();
        fault.at_line(1, text, 0..length)
    };
    let names: Option<Vec<&str>> = header.iter().map(|name| std::str::from_utf8(name).ok()).collect();
    let Some(names) = names else {
        return Err(here(
            Fault::of(Problem::Encoding).mend("give a FOCUS export as CSV in UTF-8, or as Parquet"),
        ));
    };
    Layout::of(&names).map_err(here)
}

/// A row with more or fewer fields than the header has names.
fn uneven(record: &ByteRecord, layout: &Layout, number: u64) -> Fault {
    let text = shown(record.iter());
    let length = text.len();
    let problem = format!("{} fields, and the header has {}", record.len(), layout.width);
    Fault::of(Problem::Text(problem))
        .mend("put quotes around a field that has a comma or a line break in it; fetch the export again if it was cut")
        .at_line(number, text, 0..length)
}

/// Counts what is read since it was last set, and refuses to go on past that.
struct Bounded<R> {
    from: R,
    left: Rc<Counter<u64>>,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left.get() == 0 {
            return Err(io::Error::other(OPEN_QUOTE));
        }
        let length = self.from.read(buffer)?;
        self.left.set(self.left.get().saturating_sub(u64::try_from(length).unwrap_or(u64::MAX)));
        Ok(length)
    }
}

const OPEN_QUOTE: &str = "a row does not end within 8 MiB: a quote was left open";

/// Why the reader could not go on.
fn unreadable(error: &csv::Error) -> Fault {
    match error.kind() {
        ErrorKind::Io(error) => damaged(error),
        _ => Fault::of(Problem::Text(error.to_string())),
    }
}

fn damaged(error: &io::Error) -> Fault {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => Fault::of(Problem::Text("the file ends before its end".to_owned()))
            .mend("fetch the export again: it was cut off"),
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
            Fault::of(Problem::Text(format!("the gzip data is damaged: {error}")))
                .mend("fetch the export again")
        }
        _ => Fault::of(Problem::Text(error.to_string())),
    }
}

/// A record as a row.
struct Line<'a> {
    layout: &'a Layout,
    record: &'a ByteRecord,
}

impl Row for Line<'_> {
    fn cell(&self, column: Column) -> Cell<'_> {
        let field = self.layout.place(column).and_then(|place| self.record.get(place));
        match field {
            None | Some([]) => Cell::Null,
            Some(bytes) => Cell::Text(bytes),
        }
    }
}

impl Line<'_> {
    /// The fault at the field it is about.
    fn fault(&self, fault: Fault, number: u64) -> Fault {
        let column = match &fault.problem {
            Problem::Value { column, .. } | Problem::Empty(column) => Some(*column),
            Problem::Mixed { .. } | Problem::NotTheDeals { .. } => Some(Column::BillingCurrency.name()),
            Problem::Early { .. } => Some(Column::ChargePeriodStart.name()),
            _ => None,
        };
        let column = column.and_then(|name| Column::ALL.into_iter().find(|column| column.name() == name));
        let field = column.and_then(|column| self.layout.place(column));
        let before = shown(self.record.iter().take(field.unwrap_or(0)));
        let from = before.len() + usize::from(field.is_some_and(|field| field > 0));
        let length = field
            .and_then(|field| self.record.get(field))
            .map_or(0, |field| shown([field].into_iter()).len());
        let mut text = shown(self.record.iter());
        let span = if field.is_some() { from..from + length } else { 0..text.len() };
        // What follows the fault need not be shown whole.
        if let Some((cut, _)) = text.char_indices().find(|(at, _)| *at > span.end + 40) {
            text.truncate(cut);
            text.push('…');
        }
        fault.at_line(number, text, span)
    }
}

/// Fields as one line.
fn shown<'a>(fields: impl Iterator<Item = &'a [u8]>) -> String {
    let one = |field: &[u8]| {
        let text = String::from_utf8_lossy(field).replace(['\n', '\r'], " ");
        if text.contains([',', '"']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
    };
    fields.map(one).collect::<Vec<_>>().join(",")
}
