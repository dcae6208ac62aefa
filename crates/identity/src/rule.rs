//! Rules over what a proof says: what its claims have to be, and the names that are made of them.
//!
//! A name made of several claims can be taken apart again in one way only, so that no two callers share one: claims
//! stand apart in a template, and a claim that holds the text after it is refused.

use crate::claims;
use crate::failure::Failure;
use serde_json::Value;
use std::borrow::Cow;
use std::fmt;

/// Where a name comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// Always this.
    Fixed(String),
    /// The text of this claim; a name that begins with `/` is a JSON pointer.
    Claim(String),
    /// Text with claims in it.
    Template(Template),
}

impl Rule {
    /// Reads a name that may have claims in it, each in braces: `{repository_owner}` or `ci-{/environment/name}`. Two
    /// braces stand for one.
    ///
    /// # Errors
    /// In words, when a brace is not closed, or two claims touch.
    pub fn parse(text: &str) -> Result<Self, String> {
        let template = Template::parse(text)?;
        match template.0.as_slice() {
            [] => Ok(Self::Fixed(String::new())),
            [Part::Text(only)] => Ok(Self::Fixed(only.clone())),
            [Part::Claim(only)] => Ok(Self::Claim(only.clone())),
            _ => Ok(Self::Template(template)),
        }
    }

    /// Whether this claim is part of the name.
    pub(crate) fn uses(&self, claim: &str) -> bool {
        match self {
            Self::Fixed(_) => false,
            Self::Claim(used) => used == claim,
            Self::Template(Template(parts)) => {
                parts.iter().any(|part| matches!(part, Part::Claim(used) if used == claim))
            }
        }
    }

    /// The name that these claims give.
    ///
    /// # Errors
    /// The claim that is missing, or does not fit.
    pub(crate) fn name<'a>(&'a self, said: &'a Value) -> Result<Cow<'a, str>, &'a str> {
        match self {
            Self::Fixed(name) => Ok(Cow::Borrowed(name)),
            Self::Claim(claim) => claims::text(said, claim).map(Cow::Borrowed).ok_or(claim),
            Self::Template(template) => template.fill(said).map(Cow::Owned),
        }
    }
}

/// Text with claims in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Claim(String),
}

/// The claim that ends at the next closing brace.
fn claim(letters: &mut impl Iterator<Item = char>) -> Option<String> {
    let mut claim = String::new();
    loop {
        match letters.next()? {
            '}' => return Some(claim).filter(|claim| !claim.is_empty()),
            '{' => return None,
            letter => claim.push(letter),
        }
    }
}

fn open(text: &str) -> String {
    format!("`{text}` has a brace without a claim and its end")
}

impl fmt::Display for Rule {
    /// As [`Rule::parse`] reads it.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |text: &str| text.replace('{', "{{").replace('}', "}}");
        match self {
            Self::Fixed(name) => out.write_str(&text(name)),
            Self::Claim(claim) => write!(out, "{{{claim}}}"),
            Self::Template(Template(parts)) => parts.iter().try_for_each(|part| match part {
                Part::Text(part) => out.write_str(&text(part)),
                Part::Claim(claim) => write!(out, "{{{claim}}}"),
            }),
        }
    }
}

impl Template {
    fn parse(text: &str) -> Result<Self, String> {
        let mut parts: Vec<Part> = Vec::new();
        let mut letters = text.chars().peekable();
        while let Some(letter) = letters.next() {
            let doubled = letters.peek() == Some(&letter);
            match letter {
                '{' if !doubled => {
                    if matches!(parts.last(), Some(Part::Claim(_))) {
                        return Err(format!("two claims touch in `{text}`; put text between them"));
                    }
                    parts.push(Part::Claim(claim(&mut letters).ok_or_else(|| open(text))?));
                }
                '}' if !doubled => return Err(format!("`{text}` ends a claim that it does not begin")),
                _ => {
                    if matches!(letter, '{' | '}') {
                        letters.next();
                    }
                    match parts.last_mut() {
                        Some(Part::Text(text)) => text.push(letter),
                        _ => parts.push(Part::Text(letter.into())),
                    }
                }
            }
        }
        Ok(Self(parts))
    }

    fn fill<'a>(&'a self, said: &'a Value) -> Result<String, &'a str> {
        let mut name = String::new();
        for (place, part) in self.0.iter().enumerate() {
            let claim = match part {
                Part::Text(text) => {
                    name.push_str(text);
                    continue;
                }
                Part::Claim(claim) => claim,
            };
            let value = claims::text(said, claim).filter(|value| !value.is_empty()).ok_or(claim.as_str())?;
            if let Some(Part::Text(after)) = self.0.get(place + 1)
                && format!("{value}{after}").find(after.as_str()) != Some(value.len())
            {
                return Err(claim);
            }
            name.push_str(value);
        }
        Ok(name)
    }
}

/// A text with `*` for any run of letters but `/` and `:`, and `**` for any run at all.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Pattern(String);

impl Pattern {
    /// The pattern.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Whether all of `text` fits. Takes time by the product of both lengths, at most.
    pub fn fits(&self, text: &str) -> bool {
        let text = text.as_bytes();
        // For each place in the text: whether the pattern so far can end there.
        let mut ends = vec![false; text.len() + 1];
        ends[0] = true;
        let mut rest = self.0.as_bytes();
        while let Some((first, after)) = rest.split_first() {
            let (star, any) = (*first == b'*', after.first() == Some(&b'*'));
            rest = if star && any { &after[1..] } else { after };
            if star {
                for (place, letter) in text.iter().enumerate() {
                    ends[place + 1] |= ends[place] && (any || !matches!(letter, b'/' | b':'));
                }
            } else {
                for place in (0..text.len()).rev() {
                    ends[place + 1] = ends[place] && text[place] == *first;
                }
                ends[0] = false;
            }
        }
        ends[text.len()]
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// The first claim that is not exactly what is required, or fits none of the patterns that are allowed. A list has to
/// contain one that does.
pub(crate) fn unmet<'a>(
    required: &'a [(String, String)],
    allowed: &'a [(String, Vec<Pattern>)],
    said: &Value,
) -> Option<&'a str> {
    let differs = |(claim, value): &&(String, String)| !claims::holds(said, claim, |one| one == value);
    let unfit = |(claim, patterns): &&(String, Vec<Pattern>)| {
        !claims::holds(said, claim, |one| patterns.iter().any(|pattern| pattern.fits(one)))
    };
    let required = required.iter().find(differs).map(|(claim, _)| claim);
    required.or_else(|| allowed.iter().find(unfit).map(|(claim, _)| claim)).map(String::as_str)
}

/// The name that `rule` makes of the claims that are said.
pub fn apply<'a>(rule: &'a Rule, said: &'a Value, issuer: &str) -> Result<Cow<'a, str>, Failure> {
    // An address that nobody has verified is anybody's.
    let unverified = said.get("email_verified").is_some()
        && !claims::holds(said, "email_verified", |value| value == "true");
    if unverified && rule.uses("email") {
        return Err(claims::misfit("email_verified", issuer));
    }
    rule.name(said).map_err(|claim| claims::misfit(claim, issuer))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn patterns() {
        for (pattern, fit, not) in [
            (
                "acme/*",
                &["acme/web", "acme/"][..],
                &["acme", "acme/web/x", "acmes/web", "x/acme/web", ""][..],
            ),
            ("acme/**", &["acme/web/x", "acme/"], &["acme", "evil-acme/web"]),
            ("*", &["", "a", "a.b"], &["a/b", "a:b"]),
            ("**", &["", "a/b:c"], &[]),
            (
                "repo:acme/*:ref:refs/heads/main",
                &["repo:acme/web:ref:refs/heads/main"],
                &[
                    "repo:acme/web:ref:refs/heads/main2",
                    "repo:acme/a/b:ref:refs/heads/main",
                    "repo:acme/x:y:ref:refs/heads/main",
                ],
            ),
            (
                "system:serviceaccount:ml-*:*",
                &["system:serviceaccount:ml-a:b"],
                &["system:serviceaccount:web:ml-a:b"],
            ),
            ("a*b*c", &["abc", "axbxc", "abbcc"], &["acb", "ab"]),
            ("exact", &["exact"], &["exactly", "inexact", ""]),
            ("", &[""], &["a"]),
            ("***", &["a"], &["/"]),
        ] {
            for text in fit {
                // Three stars are two and one: any run, then one without a slash.
                assert!(Pattern::new(pattern).fits(text), "{pattern} {text}");
            }
            for text in not.iter().filter(|_| pattern != "***") {
                assert!(!Pattern::new(pattern).fits(text), "{pattern} {text}");
            }
        }
        let slow = Pattern::new("**a".repeat(200));
        assert!(!slow.fits(&"b".repeat(16_000)));
    }

    #[test]
    fn templates() {
        let said =
            json!({"repository": "acme/web", "a": "x-y", "b": "z", "empty": "", "n": 7, "k8s": {"ns": "ml"}});
        let name = |text: &str| {
            Rule::parse(text).and_then(|rule| rule.name(&said).map(Cow::into_owned).map_err(str::to_owned))
        };
        for (template, made) in [
            ("acme", "acme"),
            ("{b}", "z"),
            ("ci-{b}", "ci-z"),
            ("{b}-{a}", "z-x-y"),
            ("{/k8s/ns}.{b}", "ml.z"),
            ("{{{b}}}", "{z}"),
            ("", ""),
        ] {
            assert_eq!(name(template), Ok(made.to_owned()), "{template}");
        }
        for (template, reason) in [
            ("{a}-{b}", "a"), // `x-y-z` might be `x` and `y-z`
            ("{absent}", "absent"),
            ("x{empty}", "empty"),
            ("x{n}", "n"),
            ("{b", "has a brace without a claim and its end"),
            ("x{}", "has a brace without a claim and its end"),
            ("b}", "ends a claim that it does not begin"),
            ("{a}{b}", "two claims touch"),
        ] {
            assert!(name(template).unwrap_err().contains(reason), "{template}");
        }
    }

    proptest! {
        /// Two callers that differ in any claim differ in their name.
        #[test]
        fn a_name_says_which_claims_it_is_made_of(
            one in ("[ab-]{1,4}", "[ab-]{1,4}"), other in ("[ab-]{1,4}", "[ab-]{1,4}"), between in "[ab-]{1,2}",
        ) {
            let rule = Rule::parse(&format!("{{x}}{between}{{y}}")).unwrap();
            let [first, second] = [&one, &other].map(|(x, y)| json!({"x": x, "y": y}));
            if let (Ok(first), Ok(second)) = (rule.name(&first), rule.name(&second)) {
                prop_assert_eq!(first == second, one == other);
            }
        }

        /// Against the plainest matcher there is.
        #[test]
        fn patterns_match_as_spelled_out(pattern in "[ab/*]{0,6}", text in "[ab/]{0,6}") {
            fn plain(pattern: &[u8], text: &[u8]) -> bool {
                match (pattern, text) {
                    ([], _) => text.is_empty(),
                    ([b'*', b'*', rest @ ..], _) => (0..=text.len()).any(|n| plain(rest, &text[n..])),
                    ([b'*', rest @ ..], _) => (0..=text.len())
                        .take_while(|n| !text[..*n].contains(&b'/'))
                        .any(|n| plain(rest, &text[n..])),
                    ([first, rest @ ..], [letter, after @ ..]) => first == letter && plain(rest, after),
                    _ => false,
                }
            }
            prop_assert_eq!(Pattern::new(&*pattern).fits(&text), plain(pattern.as_bytes(), text.as_bytes()));
        }
    }
}
