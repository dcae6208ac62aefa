//! Signals to watch: the last reading known, and whether it is on track.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

const DEAL: &str = r#"
schema = "offtake.contract/1"
id = "watched"
version = 1
known_from = 2026-01-01
effective = { from = 2026-01-01, to = 2028-01-01 }
currency = "USD"
[[party]]
id = "labco"
[metric.growth]
kind = "ratio"
source = "metered"
[[watch]]
id = "growth"
metric = "growth"
on_track = "growth >= 0.5"
"#;

fn fact(value: &str, effective: &str, recorded: &str) -> String {
    format!(
        r#"{{"metric":"growth","value":"{value}","unit":"ratio","effective_at":"{effective}","recorded_at":"{recorded}","source":"report"}}"#
    )
}

#[test]
fn the_last_reading_known_decides() {
    let facts = [fact("0.7", "2026-03-31", "2026-04-20"), fact("0.4", "2026-06-30", "2026-07-20")];
    for (known_at, reading, on_track) in [
        ("2026-04-01", None, None),
        ("2026-05-01", Some("0.7"), Some(true)),
        ("2026-08-01", Some("0.4"), Some(false)),
    ] {
        let evaluation = support::at(DEAL, &facts, known_at, known_at);
        let watch = &evaluation.watch[0];
        let value = watch.reading.map(|(_, value)| value.to_decimal(6, 0).unwrap());
        assert_eq!((value.as_deref(), watch.on_track), (reading, on_track), "{known_at}");
    }
}

#[test]
fn a_reading_restated_is_the_new_one() {
    let facts = [fact("0.7", "2026-03-31", "2026-04-20"), fact("0.3", "2026-03-31", "2026-05-20")];
    let evaluation = support::at(DEAL, &facts, "2026-06-01", "2026-06-01");
    assert_eq!(evaluation.watch[0].on_track, Some(false));
    let md = contract::render::evaluation::markdown(&evaluation);
    assert!(md.contains("0.3 on 2026-03-31; off track"), "{md}");
}

#[test]
fn a_signal_names_a_metric_that_there_is() {
    let error =
        contract::Deal::parse(&DEAL.replace("metric = \"growth\"", "metric = \"grwth\"")).unwrap_err();
    assert_eq!(error.to_string(), "there is no metric `grwth`");
    assert_eq!(error.mend, "did you mean `growth`?");
}
