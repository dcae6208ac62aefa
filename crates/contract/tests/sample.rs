//! The sample term sheet loads.
#[test]
fn the_sample_term_sheet_loads() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/reference/contracts/termsheet.toml");
    let Ok(text) = std::fs::read_to_string(path) else {
        println!("skipped: no sample");
        return;
    };
    let deal = contract::Deal::parse(&text)
        .map_err(|error| (error.to_string(), error.place(&text).map(|place| place.line)))
        .unwrap();
    assert_eq!(deal.tranches.len(), 3);
}
