//! Parquet exports: every type that writers choose, with and without nulls.

use crate::support::*;
use focus::{Import, Known, Place};
use parquet::basic::Compression;
use parquet::data_type::{
    ByteArray, ByteArrayType, DataType, DoubleType, FixedLenByteArray, FixedLenByteArrayType, Int32Type,
    Int64Type, Int96, Int96Type,
};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use std::sync::Arc;

/// A column as values.
enum Values {
    Text(Vec<Option<&'static str>>),
    Doubles(Vec<Option<f64>>),
    Longs(Vec<i64>),
    Ints(Vec<i32>),
    Fixed(Vec<Vec<u8>>),
    Old(Vec<i64>),
}

fn text(all: &'static str) -> Values {
    Values::Text(vec![Some(all); 2])
}

/// Writes columns, each with its declaration.
fn write(columns: &[(&str, Values)], compression: Compression) -> Vec<u8> {
    let declared: Vec<&str> = columns.iter().map(|(declaration, _)| *declaration).collect();
    let schema = parse_message_type(&format!("message bill {{ {}; }}", declared.join("; "))).unwrap();
    let properties = WriterProperties::builder().set_compression(compression).build();
    let mut out = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut out, Arc::new(schema), Arc::new(properties)).unwrap();
    let mut group = writer.next_row_group().unwrap();
    for (declaration, values) in columns {
        let optional = declaration.trim_start().starts_with("OPTIONAL");
        let mut column = group.next_column().unwrap().unwrap();
        match values {
            Values::Text(all) => {
                put::<ByteArrayType>(&mut column, all.iter().map(|one| one.map(ByteArray::from)), optional);
            }
            Values::Doubles(all) => put::<DoubleType>(&mut column, all.iter().copied(), optional),
            Values::Longs(all) => put::<Int64Type>(&mut column, all.iter().copied().map(Some), optional),
            Values::Ints(all) => put::<Int32Type>(&mut column, all.iter().copied().map(Some), optional),
            Values::Fixed(all) => {
                let all = all.iter().map(|one| Some(FixedLenByteArray::from(ByteArray::from(one.clone()))));
                put::<FixedLenByteArrayType>(&mut column, all, optional);
            }
            Values::Old(all) => {
                // Nanoseconds of the day in two words, then the Julian day.
                let old = |seconds: &i64| {
                    let (day, nanos) =
                        (seconds.div_euclid(86_400) + 2_440_588, seconds.rem_euclid(86_400) * 1_000_000_000);
                    let word = |value: i64| u32::try_from(value & 0xffff_ffff).unwrap();
                    let mut moment = Int96::new();
                    moment.set_data(word(nanos), word(nanos >> 32), word(day));
                    Some(moment)
                };
                put::<Int96Type>(&mut column, all.iter().map(old), optional);
            }
        }
        column.close().unwrap();
    }
    group.close().unwrap();
    writer.close().unwrap();
    out
}

fn put<T: DataType>(
    column: &mut parquet::file::writer::SerializedColumnWriter<'_>,
    values: impl Iterator<Item = Option<T::T>>,
    optional: bool,
) {
    let values: Vec<Option<T::T>> = values.collect();
    let levels: Vec<i16> = values.iter().map(|value| i16::from(value.is_some())).collect();
    let there: Vec<T::T> = values.into_iter().flatten().collect();
    column.typed::<T>().write_batch(&there, optional.then_some(&levels), None).unwrap();
}

/// Two charges, with the columns whose types differ put in.
fn bill(more: Vec<(&'static str, Values)>) -> Vec<(&'static str, Values)> {
    let mut columns = vec![
        ("OPTIONAL BYTE_ARRAY BillingCurrency (UTF8)", text("USD")),
        ("OPTIONAL BYTE_ARRAY ChargeCategory (UTF8)", text("Usage")),
        ("REQUIRED BYTE_ARRAY ProviderName (UTF8)", text("AWS")),
        ("OPTIONAL BYTE_ARRAY ServiceName (STRING)", Values::Text(vec![None, Some("S3")])),
        ("OPTIONAL BYTE_ARRAY InvoiceIssuerName (UTF8)", text("AWS")),
        ("OPTIONAL BYTE_ARRAY ServiceCategory (UTF8)", text("Storage")),
    ];
    let has = |columns: &[(&str, Values)], name: &str| columns.iter().any(|(known, _)| known.contains(name));
    columns.extend(more);
    let rest = [
        ("OPTIONAL DOUBLE BilledCost", "BilledCost", Values::Doubles(vec![Some(1.0), Some(2.0)])),
        ("OPTIONAL DOUBLE EffectiveCost", "EffectiveCost", Values::Doubles(vec![Some(1.0), Some(2.0)])),
        ("OPTIONAL DOUBLE ListCost", "ListCost", Values::Doubles(vec![Some(0.1), Some(0.2)])),
        ("OPTIONAL INT64 BillingAccountId", "BillingAccountId", Values::Longs(vec![123_456_789_012; 2])),
        (
            "OPTIONAL INT64 BillingPeriodStart (TIMESTAMP_MILLIS)",
            "BillingPeriodStart",
            Values::Longs(vec![1_790_812_800_000; 2]),
        ),
        (
            "OPTIONAL INT64 ChargePeriodStart (TIMESTAMP_MICROS)",
            "ChargePeriodStart",
            Values::Longs(vec![1_791_158_400_000_000; 2]),
        ),
    ];
    for (declaration, name, values) in rest {
        if !has(&columns, name) {
            columns.push((declaration, values));
        }
    }
    columns
}

fn read(bytes: Vec<u8>) -> Result<Outcome, focus::Fault> {
    let mut import = Import::new(options(), Known::default());
    import.parquet(named("bill.parquet", &bytes), bytes::Bytes::from(bytes), |_, _| {})?;
    import.finish(None).map(Outcome::from)
}

fn values(outcome: &Outcome) -> Vec<String> {
    let mut values: Vec<String> = outcome.facts.iter().map(|fact| fact.value.to_string()).collect();
    values.sort();
    values
}

#[test]
fn doubles_are_their_shortest_decimals() {
    for compression in [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(Default::default()),
        Compression::ZSTD(Default::default()),
    ] {
        let outcome = read(write(&bill(vec![]), compression)).unwrap();
        assert_eq!(values(&outcome), ["0.1", "0.2"], "{compression:?}");
        let fact = outcome.facts.iter().find(|fact| !fact.attributes.contains_key("service")).unwrap();
        assert_eq!(fact.attributes["billing_account"], "123456789012");
        assert_eq!(fact.attributes["billing_period"], "2026-10-01");
        assert_eq!(fact.effective_at, "2026-10-05".parse().unwrap());
        assert!(fact.source.starts_with("bill.parquet, row 1; bill "), "{}", fact.source);
        assert!(outcome.summary.notes.iter().any(|note| note.contains("doubles")));
    }
}

#[test]
fn decimals_are_exact_in_every_width() {
    let wide = |value: i128, width: usize| value.to_be_bytes()[16 - width..].to_vec();
    for (declaration, list) in [
        ("OPTIONAL INT32 ListCost (DECIMAL(9,4))", Values::Ints(vec![123_456, -1])),
        ("OPTIONAL INT64 ListCost (DECIMAL(18,4))", Values::Longs(vec![123_456, -1])),
        (
            "OPTIONAL FIXED_LEN_BYTE_ARRAY (16) ListCost (DECIMAL(38,18))",
            Values::Fixed(vec![wide(12_345_600_000_000_000_000, 16), wide(-100_000_000_000_000, 16)]),
        ),
        (
            "REQUIRED FIXED_LEN_BYTE_ARRAY (5) ListCost (DECIMAL(11,4))",
            Values::Fixed(vec![wide(123_456, 5), wide(-1, 5)]),
        ),
        ("OPTIONAL BYTE_ARRAY ListCost (UTF8)", Values::Text(vec![Some("12.3456"), Some("-1E-4")])),
    ] {
        let outcome = read(write(&bill(vec![(declaration, list)]), Compression::SNAPPY)).unwrap();
        assert_eq!(values(&outcome), ["-0.0001", "12.3456"], "{declaration}");
        assert!(!outcome.summary.notes.iter().any(|note| note.contains("doubles")), "{declaration}");
    }
}

#[test]
fn times_are_read_in_every_form() {
    for (declaration, period) in [
        (
            "OPTIONAL INT64 ChargePeriodStart (TIMESTAMP(NANOS,true))",
            Values::Longs(vec![1_791_158_400_000_000_000; 2]),
        ),
        (
            "OPTIONAL INT64 ChargePeriodStart (TIMESTAMP(MICROS,false))",
            Values::Longs(vec![1_791_158_400_000_000; 2]),
        ),
        ("OPTIONAL INT32 ChargePeriodStart (DATE)", Values::Ints(vec![20_731; 2])),
        ("OPTIONAL INT96 ChargePeriodStart", Values::Old(vec![1_791_158_400; 2])),
        ("OPTIONAL BYTE_ARRAY ChargePeriodStart (UTF8)", text("2026-10-05T00:00:00Z")),
    ] {
        let outcome = read(write(&bill(vec![(declaration, period)]), Compression::SNAPPY)).unwrap();
        for fact in &outcome.facts {
            assert_eq!(fact.effective_at, "2026-10-05".parse().unwrap(), "{declaration}");
        }
    }
}

#[test]
fn the_same_bill_is_the_same_facts_in_either_format() {
    let outcome = read(write(&bill(vec![]), Compression::SNAPPY)).unwrap();
    let sheet = Sheet::new(
        &["BilledCost,EffectiveCost,ListCost,BillingAccountId,BillingPeriodStart,ChargePeriodStart,BillingCurrency,ChargeCategory,ProviderName,ServiceName,InvoiceIssuerName,ServiceCategory"],
        "BillingAccountId=123456789012;BillingPeriodStart=2026-10-01;ChargePeriodStart=2026-10-05;BillingCurrency=USD;ChargeCategory=Usage;ProviderName=AWS;InvoiceIssuerName=AWS;ServiceCategory=Storage",
    )
    .row("BilledCost=1;EffectiveCost=1;ListCost=0.1")
    .row("BilledCost=2;EffectiveCost=2;ListCost=0.2;ServiceName=S3");
    let mut book = String::new();
    let same = import(&mut book, &[&sheet.csv()]);
    let ids = |outcome: &Outcome| outcome.facts.iter().map(|fact| fact.id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(&outcome), ids(&same));
}

#[test]
fn nested_columns_are_passed_over() {
    let with_tags = bill(vec![]);
    let schema = "OPTIONAL group Tags (MAP) { REPEATED group key_value { REQUIRED BYTE_ARRAY key (UTF8); OPTIONAL BYTE_ARRAY value (UTF8); } }";
    let declared: Vec<&str> = with_tags.iter().map(|(declaration, _)| *declaration).collect();
    let schema =
        parse_message_type(&format!("message bill {{ {}; {schema} }}", declared.join("; "))).unwrap();
    // The map itself has no rows of its own to write here: no tags at all.
    let mut out = Vec::new();
    let properties = Arc::new(WriterProperties::builder().build());
    let mut writer = SerializedFileWriter::new(&mut out, Arc::new(schema), properties).unwrap();
    let mut group = writer.next_row_group().unwrap();
    for (_, values) in &with_tags {
        let mut column = group.next_column().unwrap().unwrap();
        match values {
            Values::Text(all) => {
                let optional = matches!(column.untyped(), parquet::column::writer::ColumnWriter::ByteArrayColumnWriter(writer) if writer.get_descriptor().max_def_level() == 1);
                put::<ByteArrayType>(&mut column, all.iter().map(|one| one.map(ByteArray::from)), optional);
            }
            Values::Doubles(all) => put::<DoubleType>(&mut column, all.iter().copied(), true),
            Values::Longs(all) => put::<Int64Type>(&mut column, all.iter().copied().map(Some), true),
            _ => unreachable!(),
        }
        column.close().unwrap();
    }
    for _ in 0..2 {
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<ByteArrayType>().write_batch(&[], Some(&[0, 0]), Some(&[0, 0])).unwrap();
        column.close().unwrap();
    }
    group.close().unwrap();
    writer.close().unwrap();
    assert_eq!(values(&read(out).unwrap()), ["0.1", "0.2"]);
}

#[test]
fn what_cannot_be_used_is_refused_at_its_row() {
    let fault = read(write(
        &bill(vec![("OPTIONAL DOUBLE ListCost", Values::Doubles(vec![Some(1.0), Some(f64::NAN)]))]),
        Compression::SNAPPY,
    ));
    let fault = fault.unwrap_err();
    assert_eq!(fault.place, Place::Row(2), "{fault}");
    assert!(fault.to_string().contains("`ListCost`"), "{fault}");

    let mut missing = bill(vec![]);
    missing.retain(|(declaration, _)| !declaration.contains("BillingCurrency"));
    let fault = read(write(&missing, Compression::SNAPPY)).unwrap_err();
    assert!(fault.to_string().contains("`BillingCurrency` is missing"), "{fault}");

    let whole = write(&bill(vec![]), Compression::SNAPPY);
    for cut in [0, 3, 8, whole.len() / 2, whole.len() - 1] {
        let fault = read(whole[..cut].to_vec()).unwrap_err();
        assert!(fault.to_string().contains("damaged or cut off"), "{cut}: {fault}");
    }
    // Bytes turned over are refused or read; they never bring the reader down.
    for at in 0..whole.len() {
        let mut turned = whole.clone();
        turned[at] ^= 0x55;
        let _ = read(turned);
    }
}
