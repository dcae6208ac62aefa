//! `[retention]`: whose prompts and answers are kept, how long, and where.

use super::Compiler;
use crate::file;
use crate::snapshot::{Keep, Retention};
use geography::{Catalogue, Declared};
use toml::Spanned;
use units::BackendName;

/// When nothing is said.
const DAYS: i64 = 30;
const DAYS_MAX: u64 = 3650;
/// A shorter secret could be guessed.
const KEY_BYTES_MIN: usize = 32;

impl Compiler<'_> {
    pub(super) fn retention(&mut self, catalogue: &Catalogue) -> Option<Option<Retention>> {
        let Some(raw) = &self.file.raw.retention else { return Some(None) };
        let country = self.parsed(&raw.country);
        let days = self.days(raw.days.as_ref()).unwrap_or(DAYS);
        let key = self.secret(&raw.key);
        if key.as_ref().is_some_and(|key| self.secrets.are_read() && key.expose().len() < KEY_BYTES_MIN) {
            let message = format!("the key is shorter than {KEY_BYTES_MIN} bytes");
            self.problem(&raw.key, message).hint = Some("make one with `openssl rand -hex 32`".to_owned());
        }
        if raw.keep.is_empty() {
            self.problem(&raw.key, "nobody's calls are kept").hint =
                Some("say whose in `[[retention.keep]]`, or leave the section out".to_owned());
        }
        let keep: Option<Vec<Keep>> = raw.keep.iter().map(|keep| self.keep(keep, days)).collect();
        let country = country?;
        let declared = Declared {
            country: vec![country],
            storage: vec![raw.country.get_ref().clone()],
            own: true,
            home: Some(country),
            hardware: Some("own".to_owned()),
            ..Declared::default()
        };
        let name = BackendName::new("retention").ok()?;
        let place = catalogue.route(name, &declared, "");
        Some(Some(Retention { key: key?, place, required: raw.required, keep: keep? }))
    }

    fn keep(&mut self, raw: &file::Keep, days: i64) -> Option<Keep> {
        let organisation = self.name(&raw.organisation);
        let team = match &raw.team {
            Some(team) => Some(self.name(team)?),
            None => None,
        };
        let days = self.days(raw.days.as_ref()).unwrap_or(days);
        Some(Keep { organisation: organisation?, team, days })
    }

    fn days(&mut self, days: Option<&Spanned<u64>>) -> Option<i64> {
        let days = days?;
        if !(1..=DAYS_MAX).contains(days.get_ref()) {
            let message = format!("`{}` is outside 1 to {DAYS_MAX}", days.get_ref());
            self.problems.push(crate::Problem::at(days.span(), message));
        }
        i64::try_from(*days.get_ref()).ok()
    }
}
