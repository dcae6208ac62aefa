//! `[retention]`: whose prompts and answers are kept, how long, and where.

use super::Compiler;
use crate::file;
use crate::snapshot::{Keep, Retention};
use geography::{Catalogue, Declared};
use std::collections::BTreeMap;
use toml::Spanned;
use units::BackendName;

/// When nothing is said.
const DAYS: i64 = 30;
const DAYS_MAX: u64 = 3650;
/// A shorter secret could be guessed.
const KEY_BYTES_MIN: usize = 32;

impl Compiler<'_> {
    #[expect(clippy::option_option, reason = "a mistake, and no section, are two things")]
    pub(super) fn retention(
        &mut self,
        catalogue: &Catalogue,
        policy: Option<&policy::Policy>,
    ) -> Option<Option<Retention>> {
        let policies = self.retained_by(policy);
        let Some(raw) = &self.file.raw.retention else {
            if let (Some(id), Some(raw)) = (policies.keys().next(), &self.file.raw.policy) {
                let message = format!("policy `{id}` wants calls kept, and there is no `[retention]`");
                self.problems.push(crate::Problem::at(raw.files.span(), message));
            }
            return Some(None);
        };
        let country = self.parsed(&raw.country);
        let days = self.days(raw.days.as_ref()).unwrap_or(DAYS);
        let key = self.secret(&raw.key);
        if key.as_ref().is_some_and(|key| self.secrets.are_read() && key.expose().len() < KEY_BYTES_MIN) {
            let message = format!("the key is shorter than {KEY_BYTES_MIN} bytes");
            self.problem(&raw.key, message).hint = Some("make one with `openssl rand -hex 32`".to_owned());
        }
        if raw.keep.is_empty() && policies.is_empty() {
            self.problem(&raw.key, "nobody's calls are kept").hint =
                Some("say whose in `[[retention.keep]]`, or in a policy by `@retain(\"30\")`, or leave the section out".to_owned());
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
        Some(Some(Retention { key: key?, place, required: raw.required, keep: keep?, policies }))
    }

    /// For how many days policies want what they permit kept: their annotation `@retain("30")`.
    fn retained_by(&mut self, policy: Option<&policy::Policy>) -> BTreeMap<String, i64> {
        let mut policies = BTreeMap::new();
        for (id, text) in policy.map(|policy| policy.annotated("retain")).unwrap_or_default() {
            match text.parse::<u64>().ok().filter(|days| (1..=DAYS_MAX).contains(days)).map(i64::try_from) {
                Some(Ok(days)) => drop(policies.insert(id, days)),
                _ => {
                    let span = self.file.raw.policy.as_ref().map_or(0..0, |raw| raw.files.span());
                    let message = format!(
                        "policy `{id}`: `@retain(\"{text}\")` is no number of days from 1 to {DAYS_MAX}"
                    );
                    self.problems.push(crate::Problem::at(span, message));
                }
            }
        }
        policies
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
