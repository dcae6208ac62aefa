//! The price book: all prices ever known, by model and date.

use crate::PriceError;
use aws_lc_rs::digest::{SHA256, digest};
use std::collections::{BTreeMap, HashMap};
use units::{Currency, ModelName, PriceId, Timestamp, TokenRates};

/// One dated entry of the price book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Price {
    /// Names it by all that it says.
    pub id: PriceId,
    /// For which model.
    pub model: ModelName,
    /// In which currency.
    pub currency: Currency,
    /// From when it holds; without, from the beginning.
    pub from: Option<Timestamp>,
    /// What one token of each kind costs.
    pub rates: TokenRates,
}

impl Price {
    /// A price named by the first 8 bytes of the SHA-256 of its canonical text.
    pub fn new(model: ModelName, currency: Currency, from: Option<Timestamp>, rates: TokenRates) -> Self {
        let text = canonical(&model, currency, from, &rates);
        let hash = digest(&SHA256, text.as_bytes());
        let first = hash.as_ref().first_chunk::<8>().copied().unwrap_or_default();
        Self { id: PriceId(u64::from_be_bytes(first)), model, currency, from, rates }
    }

    /// Whether it holds at `time`.
    fn holds_at(&self, time: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= time)
    }
}

/// A name has no line break, so the lines cannot be confused.
fn canonical(model: &ModelName, currency: Currency, from: Option<Timestamp>, rates: &TokenRates) -> String {
    let from = from.map_or_else(|| "beginning".to_owned(), |from| from.micros().to_string());
    let TokenRates { input, cache_read, cache_write_5m, cache_write_1h, output } = rates;
    format!(
        "offtake price 1\nmodel {model}\ncurrency {currency}\nfrom {from}\ninput {input}\n\
         cache_read {cache_read}\ncache_write_5m {cache_write_5m}\ncache_write_1h {cache_write_1h}\n\
         output {output}\n"
    )
}

/// Whether the book learnt something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// It did.
    Added,
    /// It had this very price.
    AlreadyKnown,
}

/// All prices ever known. The order they were added in makes no difference.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PriceBook {
    /// By date; the undated first.
    of_model: BTreeMap<ModelName, Vec<Price>>,
    by_id: HashMap<PriceId, (ModelName, Option<Timestamp>)>,
}

impl PriceBook {
    /// Adds a price.
    ///
    /// # Errors
    /// When the model has another price of the same date, or is priced in another currency.
    pub fn add(&mut self, price: Price) -> Result<Added, PriceError> {
        let prices = self.of_model.entry(price.model.clone()).or_default();
        if let Some(other) = prices.iter().find(|other| other.currency != price.currency) {
            let (known, given) = (other.currency, price.currency);
            return Err(PriceError::Currency { model: price.model, known, given });
        }
        // `None`, from the beginning, sorts before every date.
        match prices.binary_search_by_key(&price.from, |other| other.from) {
            Ok(at) if prices.get(at) == Some(&price) => Ok(Added::AlreadyKnown),
            Ok(_) => Err(PriceError::Edited { model: price.model, from: price.from }),
            Err(at) => {
                self.by_id.insert(price.id, (price.model.clone(), price.from));
                prices.insert(at, price);
                Ok(Added::Added)
            }
        }
    }

    /// The price that holds for `model` at `time`, or none, which is never zero and never another's.
    pub fn at(&self, model: &ModelName, time: Timestamp) -> Option<&Price> {
        self.of_model.get(model)?.iter().rev().find(|price| price.holds_at(time))
    }

    /// The price with this id.
    pub fn get(&self, id: PriceId) -> Option<&Price> {
        let (model, from) = self.by_id.get(&id)?;
        self.of_model.get(model)?.iter().find(|price| price.from == *from)
    }

    /// All prices, by model and date.
    pub fn prices(&self) -> impl Iterator<Item = &Price> {
        self.of_model.values().flatten()
    }
}
