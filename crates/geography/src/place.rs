//! Places: ISO 3166 countries and their parts, and what is known of where something happens.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// A country by its ISO 3166-1 alpha-2 code, or a part of one: `CA-QC`, `AE-DIFC`. `EU` is a member state that is not named.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    country: [u8; 2],
    /// Zeros where it is the country itself.
    part: [u8; 4],
}

/// The text is no place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// Not the shape of a code, or no country has it.
    #[error("`{0}` is not an ISO 3166 code such as `DE` or `CA-QC`")]
    Unknown(String),
    /// The usual slip.
    #[error("the code of the United Kingdom is `GB`, not `UK`")]
    UnitedKingdom,
}

/// Every ISO 3166-1 alpha-2 code, and `EU`.
const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV \
BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET EU FI FJ FK FM FO \
FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE \
KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW \
MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE \
SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE \
VG VI VN VU WF WS YE YT ZA ZM ZW";

impl Place {
    /// Every country, and `EU`.
    pub fn countries() -> impl Iterator<Item = Self> {
        COUNTRIES.split(' ').filter_map(|code| code.parse().ok())
    }

    /// Whether all of this place lies in `other`.
    pub fn is_in(self, other: Self) -> bool {
        self.country == other.country && (other.part == [0; 4] || self.part == other.part)
    }

    /// The country that it is, or is a part of.
    #[must_use]
    pub const fn country(self) -> Self {
        Self { country: self.country, part: [0; 4] }
    }
}

impl FromStr for Place {
    type Err = PlaceError;

    /// Reads a code in either case.
    fn from_str(text: &str) -> Result<Self, PlaceError> {
        let wrong = || PlaceError::Unknown(text.chars().take(40).collect());
        let code = text.to_ascii_uppercase();
        let (country, part) =
            code.split_once('-').map_or((code.as_str(), None), |(one, two)| (one, Some(two)));
        if country == "UK" {
            return Err(PlaceError::UnitedKingdom);
        }
        if !COUNTRIES.split(' ').any(|known| known == country) {
            return Err(wrong());
        }
        let mut place = Self { country: [0; 2], part: [0; 4] };
        place.country.copy_from_slice(country.as_bytes());
        if let Some(part) = part {
            let plain =
                (1..=4).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
            let into = place.part.get_mut(..part.len()).filter(|_| plain).ok_or_else(wrong)?;
            into.copy_from_slice(part.as_bytes());
        }
        Ok(place)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letters = |out: &mut fmt::Formatter<'_>, bytes: &[u8]| {
            bytes.iter().filter(|byte| **byte != 0).try_for_each(|byte| write!(out, "{}", char::from(*byte)))
        };
        letters(out, &self.country)?;
        if self.part != [0; 4] {
            out.write_str("-")?;
            letters(out, &self.part)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

impl Serialize for Place {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

/// What is known of where something happens.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Places {
    /// Nobody knows for certain: it counts as everywhere it may be.
    Unknown,
    /// Anywhere, by design.
    Everywhere,
    /// In one of these, and nowhere else.
    Known(BTreeSet<Place>),
}

impl Places {
    /// One place.
    pub fn one(place: Place) -> Self {
        Self::Known(BTreeSet::from([place]))
    }

    /// Where both may be.
    #[must_use]
    pub fn and(self, other: &Self) -> Self {
        match (self, other) {
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            (Self::Everywhere, _) | (_, Self::Everywhere) => Self::Everywhere,
            (Self::Known(mut these), Self::Known(those)) => {
                these.extend(those);
                Self::Known(these)
            }
        }
    }

    /// The places, where they are known.
    pub fn known(&self) -> impl Iterator<Item = Place> + '_ {
        let places = if let Self::Known(places) = self { Some(places) } else { None };
        places.into_iter().flatten().copied()
    }
}

impl fmt::Display for Places {
    /// `DE,FR`, `anywhere` or `unknown`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => out.write_str("unknown"),
            Self::Everywhere => out.write_str("anywhere"),
            Self::Known(places) => out.write_str(&listed(places, ",")),
        }
    }
}

/// Whether what a vendor says of where a call ran (`us`, `eu`, a country, `global`) contradicts what is claimed of it, as
/// [`Places`] writes that. What says nothing of a place contradicts nothing.
pub fn is_elsewhere(claimed: &str, observed: &str) -> bool {
    let claims: Vec<Place> = claimed.split(',').filter_map(|place| place.parse().ok()).collect();
    if claims.is_empty() {
        return false;
    }
    match observed.to_ascii_uppercase().parse::<Place>() {
        _ if observed.eq_ignore_ascii_case("global") => true,
        Ok(place) if place.to_string() == "EU" => !claims.iter().any(|claim| is_in_the_union(*claim)),
        Ok(place) => !claims.iter().any(|claim| claim.is_in(place) || place.is_in(*claim)),
        Err(_) => false,
    }
}

/// A vendor's `eu` is read without a catalogue.
fn is_in_the_union(place: Place) -> bool {
    const MEMBERS: &str =
        "AT BE BG CY CZ DE DK EE ES EU FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK";
    MEMBERS.split(' ').any(|code| place.country().to_string() == code)
}

/// The texts of these, separated.
pub(crate) fn listed<T: fmt::Display>(these: impl IntoIterator<Item = T>, separator: &str) -> String {
    these.into_iter().map(|one| one.to_string()).collect::<Vec<_>>().join(separator)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_checked_and_nest() {
        let place = |text: &str| text.parse::<Place>().unwrap();
        assert!(place("ca-qc").is_in(place("CA")) && !place("CA").is_in(place("CA-QC")));
        assert_eq!(place("AE-DIFC").to_string(), "AE-DIFC");
        assert_eq!(place("AE-DIFC").country(), place("AE"));
        assert_eq!("UK".parse::<Place>(), Err(PlaceError::UnitedKingdom));
        for wrong in ["", "X", "XX", "USA", "CA-", "CA-QCQCQ", "CA-Q C", "日本"] {
            assert!(wrong.parse::<Place>().is_err(), "{wrong}");
        }
        assert_eq!(Place::countries().count(), 250);
    }

    #[test]
    fn what_a_vendor_observes_is_held_against_the_claim() {
        for (claimed, observed, elsewhere) in [
            ("US", "us", false),
            ("US", "global", true),
            ("DE,FR", "us", true),
            ("DE,FR", "eu", false),
            ("US", "eu", true),
            ("CA-QC,US", "ca", false),
            ("anywhere", "us", false),
            ("unknown", "us", false),
            ("", "us", false),
            ("US", "not_available", false),
            ("US", "", false),
        ] {
            assert_eq!(is_elsewhere(claimed, observed), elsewhere, "{claimed} {observed}");
        }
    }
}
