//! Scope: what a credential may be used for at most, of all that its holder may do. It only ever narrows.

use crate::rule::Pattern;
use std::fmt;

/// What can be done with a model, as policies call it.
pub const ACTIONS: [&str; 4] = ["InvokeModel", "CountTokens", "RunBatch", "ListModels"];

/// Some actions and some models; where none is named, all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    actions: Vec<&'static str>,
    models: Vec<Pattern>,
}

impl Scope {
    /// Reads words with spaces between them (RFC 6749, 3.3): an action, or `model:` and a pattern. Nothing where there
    /// is no word.
    ///
    /// # Errors
    /// The word that is neither.
    pub fn parse(text: &str) -> Result<Option<Self>, String> {
        let (mut actions, mut models) = (Vec::new(), Vec::new());
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            let model = word.strip_prefix("model:").filter(|model| !model.is_empty());
            match (ACTIONS.iter().find(|action| **action == word), model) {
                (Some(action), _) => actions.push(*action),
                (None, Some(model)) => models.push(Pattern::new(model)),
                (None, None) => return Err(crate::failure::clean(word)),
            }
        }
        Ok((!actions.is_empty() || !models.is_empty()).then_some(Self { actions, models }))
    }

    /// Whether this action on this model is within it.
    pub fn covers(&self, action: &str, model: &str) -> bool {
        let acts = self.actions.is_empty() || self.actions.contains(&action);
        acts && (self.models.is_empty() || self.models.iter().any(|pattern| pattern.fits(model)))
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let models = self.models.iter().map(|model| format!("model:{model}"));
        let words: Vec<String> =
            self.actions.iter().map(|action| (*action).to_owned()).chain(models).collect();
        out.write_str(&words.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_what_it_names() {
        let scope = Scope::parse("InvokeModel model:claude-* model:gpt").unwrap().unwrap();
        assert_eq!(scope.to_string(), "InvokeModel model:claude-* model:gpt");
        assert!(scope.covers("InvokeModel", "claude-x") && scope.covers("InvokeModel", "gpt"));
        assert!(!scope.covers("CountTokens", "gpt") && !scope.covers("InvokeModel", "gpt-2"));
        let actions = Scope::parse("CountTokens").unwrap().unwrap();
        assert!(actions.covers("CountTokens", "any/model") && !actions.covers("InvokeModel", "any/model"));
        assert_eq!(Scope::parse("  "), Ok(None));
        for wrong in ["admin", "model:", "invokemodel", "InvokeModel *", "model:a admin"] {
            assert!(Scope::parse(wrong).is_err(), "{wrong}");
        }
    }
}
