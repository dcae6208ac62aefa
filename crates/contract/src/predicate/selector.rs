//! Selectors: expressions over the attributes of one spend or one call; and covenants, which are either.

use crate::predicate::check::{Leaves, logic, no_list, speaks_of_deal};
use crate::predicate::condition::Condition;
use crate::predicate::fault::{Fault, Problem};
use crate::predicate::kleene::Kleene;
use crate::predicate::parse::parse;
use crate::predicate::syntax::{Comparison, Form, Node, Operator};
use crate::predicate::tree::{Sense, Truth};
use crate::predicate::vocabulary::Vocabulary;
use std::collections::BTreeMap;
use std::fmt;

/// What is known of one spend or one call, by name.
pub type Attributes = BTreeMap<String, String>;

/// A choice among spends or calls by their attributes. Any name may be an attribute's. Two are the same when
/// they read the same.
#[derive(Debug, Clone)]
pub struct Selector {
    text: String,
    syntax: Node,
    tree: Truth<Choice>,
}

/// A test of one attribute.
#[derive(Debug, Clone)]
enum Choice {
    Constant(bool),
    /// Whether it is `true`.
    Flag(String),
    Same(Side, Side, Sense),
    Among(String, Vec<String>, Sense),
}

/// What is compared.
#[derive(Debug, Clone)]
enum Side {
    Attribute(String),
    Text(String),
}

impl Selector {
    /// Reads a selector.
    ///
    /// # Errors
    /// The first fault, at its bytes of `text`.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        Self::of(text, parse(text)?)
    }

    fn of(text: &str, syntax: Node) -> Result<Self, Fault> {
        let tree = logic(&mut Reader { text }, &syntax)?;
        Ok(Self { text: text.to_owned(), syntax, tree })
    }

    /// Whether it chooses what has these attributes; a missing one makes it unknown, which is not chosen.
    pub fn admits(&self, attributes: &Attributes) -> Kleene<bool> {
        self.tree.truth(&mut |choice| choice.of(attributes))
    }

    /// The attributes it looks at, in the order written.
    pub fn attributes(&self) -> Vec<&str> {
        let mut names = Vec::new();
        self.tree.leaves(&mut |choice| choice.attributes(&mut names));
        names
    }

    /// The text it was read from.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl PartialEq for Selector {
    fn eq(&self, other: &Self) -> bool {
        self.syntax == other.syntax
    }
}

impl Eq for Selector {}

impl fmt::Display for Selector {
    /// In its canonical form, which reads as the same selector.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.syntax.fmt(out)
    }
}

impl Choice {
    fn of(&self, attributes: &Attributes) -> Kleene<bool> {
        match self {
            Self::Constant(value) => Kleene::certain(*value),
            Self::Flag(name) => match attributes.get(name).map(String::as_str) {
                Some("true") => Kleene::YES,
                Some("false") => Kleene::NO,
                _ => Kleene::UNKNOWN,
            },
            Self::Same(left, right, sense) => {
                let same = left.value(attributes).zip(right.value(attributes)).map(|(a, b)| a == b);
                sense.of(same)
            }
            Self::Among(name, values, sense) => {
                sense.of(attributes.get(name).map(|value| values.contains(value)))
            }
        }
    }

    fn attributes<'a>(&'a self, names: &mut Vec<&'a str>) {
        let found: [Option<&str>; 2] = match self {
            Self::Constant(_) => [None, None],
            Self::Flag(name) | Self::Among(name, ..) => [Some(name), None],
            Self::Same(left, right, _) => [left.attribute(), right.attribute()],
        };
        for name in found.into_iter().flatten() {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
}

impl Sense {
    fn of(self, known: Option<bool>) -> Kleene<bool> {
        let truth = Kleene::from(known);
        if self == Self::Plain { truth } else { truth.negated() }
    }
}

impl Side {
    fn value<'a>(&'a self, attributes: &'a Attributes) -> Option<&'a str> {
        match self {
            Self::Attribute(name) => attributes.get(name).map(String::as_str),
            Self::Text(text) => Some(text),
        }
    }

    fn attribute(&self) -> Option<&str> {
        match self {
            Self::Attribute(name) => Some(name),
            Self::Text(_) => None,
        }
    }
}

/// Reads what stands between the words of logic.
struct Reader<'a> {
    text: &'a str,
}

impl Reader<'_> {
    fn written(&self, node: &Node) -> String {
        self.text.get(node.range.clone()).unwrap_or_default().to_owned()
    }

    fn expected(&self, node: &Node, wanted: &str, mend: impl Into<String>) -> Fault {
        let problem =
            Problem::Expected { wanted: wanted.to_owned(), found: format!("`{}`", self.written(node)) };
        Fault::new(node.range.clone(), problem, mend)
    }

    fn side(&self, node: &Node) -> Result<Side, Fault> {
        match &node.form {
            Form::Name(name) => Ok(Side::Attribute(name.clone())),
            Form::Text(text) => Ok(Side::Text(text.clone())),
            Form::Call(name, _) => {
                let problem = Problem::Use("attributes have no functions".to_owned());
                Err(Fault::new(
                    node.range.clone(),
                    problem,
                    format!("compare an attribute; `{name}` speaks of the deal"),
                ))
            }
            _ => {
                let mend = format!("attributes are text: write \"{}\"", self.written(node));
                Err(self.expected(node, "an attribute, or text in quotes", mend))
            }
        }
    }

    fn same(&self, node: &Node, sense: Sense, sides: &[Node; 2]) -> Result<Choice, Fault> {
        let (left, right) = (self.side(&sides[0])?, self.side(&sides[1])?);
        if left.attribute().or(right.attribute()).is_none() {
            return Err(self.expected(node, "an attribute on one side", "take the quotes off its name"));
        }
        Ok(Choice::Same(left, right, sense))
    }

    fn among(&self, sense: Sense, sides: &[Node; 2]) -> Result<Choice, Fault> {
        let Form::Name(name) = &sides[0].form else {
            return Err(self.expected(&sides[0], "an attribute", "write its name without quotes"));
        };
        let Form::List(items) = &sides[1].form else { return Err(no_list(&sides[1], self.text)) };
        let text = |item: &Node| match &item.form {
            Form::Text(text) => Ok(text.clone()),
            _ => Err(self.expected(item, "text in quotes", format!("write \"{}\"", self.written(item)))),
        };
        let values = items.iter().map(text).collect::<Result<_, _>>()?;
        Ok(Choice::Among(name.clone(), values, sense))
    }
}

impl Leaves for Reader<'_> {
    type Leaf = Choice;

    fn leaf(&mut self, node: &Node) -> Result<Choice, Fault> {
        match &node.form {
            Form::Bool(value) => Ok(Choice::Constant(*value)),
            Form::Name(name) => Ok(Choice::Flag(name.clone())),
            Form::Binary(Operator::Compare(Comparison::Equal), sides) => self.same(node, Sense::Plain, sides),
            Form::Binary(Operator::Compare(Comparison::Unequal), sides) => {
                self.same(node, Sense::Negated, sides)
            }
            Form::Binary(Operator::In, sides) => self.among(Sense::Plain, sides),
            Form::Binary(Operator::NotIn, sides) => self.among(Sense::Negated, sides),
            Form::Binary(Operator::Compare(how), _) => {
                let sign = Operator::Compare(*how).sign();
                let problem = Problem::Use(format!("attributes are text, and `{sign}` orders numbers"));
                Err(Fault::new(node.range.clone(), problem, "use `==`, `!=` or `in`"))
            }
            _ => Err(self.expected(
                node,
                "a test of an attribute",
                "write one such as `channel == \"marketplace\"`",
            )),
        }
    }
}

/// A rule that must hold: of every call, or of the deal as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Covenant {
    /// Of every call, by its attributes.
    Calls(Selector),
    /// Of the deal, by its metrics and its own state.
    Deal(Condition),
}

impl Covenant {
    /// Reads a rule: one that names a metric or asks for a state speaks of the deal, any other of calls.
    ///
    /// # Errors
    /// The first fault, at its bytes of `text`.
    pub fn parse(text: &str, vocabulary: &Vocabulary) -> Result<Self, Fault> {
        let syntax = parse(text)?;
        if speaks_of_deal(&syntax, &|name| vocabulary.metric(name).is_some()) {
            Condition::of(text, syntax, vocabulary).map(Self::Deal)
        } else {
            Selector::of(text, syntax).map(Self::Calls)
        }
    }
}
