//! From what is written to what is meant: names looked up, kinds held together.

mod question;
mod term;

pub(crate) use term::speaks_of_deal;

use crate::error::nearest;
use crate::predicate::fault::{Fault, Problem};
use crate::predicate::kind::Kind;
use crate::predicate::state::State;
use crate::predicate::syntax::{Arithmetic, Comparison, Form, Node, Operator};
use crate::predicate::tree::{Logic, Sense, Test, Truth};
use crate::predicate::vocabulary::{Metric, Vocabulary};
use crate::predicate::written::Written;
use crate::ratio::Ratio;
use std::ops::Range;
use std::sync::Arc;

/// What stands between the words of logic.
pub(crate) trait Leaves {
    type Leaf;

    fn leaf(&mut self, node: &Node) -> Result<Self::Leaf, Fault>;
}

/// A truth over leaves of one kind.
pub(crate) fn logic<L: Leaves>(leaves: &mut L, node: &Node) -> Result<Truth<L::Leaf>, Fault> {
    let form = match &node.form {
        Form::Not(inner) => Logic::Not(Box::new(logic(leaves, inner)?)),
        Form::Binary(Operator::Join(joint), sides) => {
            Logic::Join(*joint, Box::new([logic(leaves, &sides[0])?, logic(leaves, &sides[1])?]))
        }
        _ => Logic::Leaf(leaves.leaf(node)?),
    };
    Ok(Truth { range: node.range.clone(), form })
}

/// Checks one expression, and keeps what it speaks of.
pub(crate) struct Checker<'a> {
    text: &'a str,
    vocabulary: &'a Vocabulary,
    metrics: Vec<Metric>,
    states: Vec<State>,
    lasting: bool,
}

/// What may stand where, as far as its form tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Truth,
    Number,
    Date,
    Text,
    Set,
}

impl<'a> Checker<'a> {
    pub(crate) const fn new(text: &'a str, vocabulary: &'a Vocabulary) -> Self {
        Self { text, vocabulary, metrics: Vec::new(), states: Vec::new(), lasting: false }
    }

    /// What was checked, but for its tree.
    pub(crate) fn written(self, syntax: Node) -> Arc<Written> {
        let (text, term) = (self.text.to_owned(), self.vocabulary.period);
        Arc::new(Written { text, syntax, term, metrics: self.metrics, states: self.states })
    }

    /// What a part belongs to; a name must lead somewhere.
    fn class(&self, node: &Node) -> Result<Class, Fault> {
        Ok(match &node.form {
            Form::Number(_) | Form::Percent(_) | Form::Amount(..) | Form::Power(_) | Form::Length(_) => {
                Class::Number
            }
            Form::Minus(_) => Class::Number,
            Form::Date(_) => Class::Date,
            Form::Text(_) => Class::Text,
            Form::List(_) => Class::Set,
            Form::Bool(_) | Form::Not(_) | Form::For(..) => Class::Truth,
            Form::Binary(operator, sides) => match operator {
                Operator::At => Class::Number,
                Operator::Compute(Arithmetic::Plus | Arithmetic::Minus)
                    if self.class(&sides[0])? == Class::Date =>
                {
                    Class::Date
                }
                Operator::Compute(_) => Class::Number,
                _ => Class::Truth,
            },
            Form::Name(_) | Form::Call(..) => match self.kind_of_named(node)? {
                Kind::Bool => Class::Truth,
                Kind::Date => Class::Date,
                _ => Class::Number,
            },
        })
    }

    fn comparison(&mut self, node: &Node, how: Comparison, sides: &[Node; 2]) -> Result<Test<Ratio>, Fault> {
        let classes = [self.class(&sides[0])?, self.class(&sides[1])?];
        match classes {
            [Class::Number, Class::Number] => {
                let (left, right) = (self.term(&sides[0])?, self.term(&sides[1])?);
                if left.kind.joined(right.kind).is_none() {
                    return Err(misfit(node, Operator::Compare(how), left.kind, right.kind));
                }
                Ok(Test::Compare(how, Box::new([left, right])))
            }
            [Class::Date, Class::Date] => {
                Ok(Test::Dates(how, self.moment(&sides[0])?, self.moment(&sides[1])?))
            }
            [Class::Truth, _] | [_, Class::Truth] => {
                let problem = Problem::Use("what is true or false is not compared".to_owned());
                Err(Fault::new(node.range.clone(), problem, "write it alone, or after `not`"))
            }
            [left, right] => {
                let (left, right) = (self.kind(left, &sides[0])?, self.kind(right, &sides[1])?);
                Err(misfit(node, Operator::Compare(how), left, right))
            }
        }
    }

    fn among(&mut self, node: &Node, sense: Sense, sides: &[Node; 2]) -> Result<Test<Ratio>, Fault> {
        let Form::List(items) = &sides[1].form else { return Err(no_list(&sides[1], self.text)) };
        let found = self.term(&sides[0])?;
        let mut values = Vec::new();
        for item in items {
            let (value, kind) = match self.class(item)? {
                Class::Number => (self.constant(item)?, self.term(item)?.kind),
                class => (Ratio::NONE, self.kind(class, item)?),
            };
            if found.kind.joined(kind).is_none() {
                let operator = if sense == Sense::Plain { Operator::In } else { Operator::NotIn };
                return Err(Fault { range: item.range.clone(), ..misfit(node, operator, found.kind, kind) });
            }
            values.push(value);
        }
        Ok(Test::Among(Box::new(found), values, sense))
    }

    /// The kind of a part, for a message.
    fn kind(&mut self, class: Class, node: &Node) -> Result<Kind, Fault> {
        Ok(match class {
            Class::Truth => Kind::Bool,
            Class::Number => self.term(node)?.kind,
            Class::Date => Kind::Date,
            Class::Text => Kind::Text,
            Class::Set => Kind::Set,
        })
    }

    fn slice(&self, range: &Range<usize>) -> String {
        self.text.get(range.clone()).unwrap_or_default().to_owned()
    }

    /// A part of the wrong kind.
    fn wrong(&self, node: &Node, found: Kind, wanted: &'static str, mend: impl Into<String>) -> Fault {
        let problem = Problem::Kind { text: self.slice(&node.range), found, wanted };
        Fault::new(node.range.clone(), problem, mend)
    }
}

impl Leaves for Checker<'_> {
    type Leaf = Test<Ratio>;

    fn leaf(&mut self, node: &Node) -> Result<Test<Ratio>, Fault> {
        match &node.form {
            Form::Bool(value) => Ok(Test::Constant(*value)),
            Form::Binary(Operator::Compare(how), sides) => self.comparison(node, *how, sides),
            Form::Binary(Operator::In, sides) => self.among(node, Sense::Plain, sides),
            Form::Binary(Operator::NotIn, sides) => self.among(node, Sense::Negated, sides),
            Form::For(inner, length) => {
                if std::mem::replace(&mut self.lasting, true) {
                    let problem = Problem::Use("one `for` cannot stand inside another".to_owned());
                    return Err(Fault::new(node.range.clone(), problem, "keep the longer one"));
                }
                let inner = logic(self, inner)?;
                self.lasting = false;
                Ok(Test::For(Box::new(inner), *length))
            }
            Form::Name(_) | Form::Call(..) if self.class(node)? == Class::Truth => {
                self.named(node).map(Test::Flag)
            }
            _ => {
                let class = self.class(node)?;
                let found = self.kind(class, node)?;
                let mend = format!(
                    "compare it with something, such as `{} {}`",
                    self.slice(&node.range),
                    example(found)
                );
                Err(self.wrong(node, found, "a condition", mend))
            }
        }
    }
}

/// What a comparison with a kind looks like.
const fn example(kind: Kind) -> &'static str {
    match kind {
        Kind::Money => ">= 40e9",
        Kind::Power => ">= 3 GW",
        Kind::Duration => "> 60 days",
        Kind::Date => ">= 2027-01-01",
        Kind::Ratio => ">= 0.60",
        Kind::Text | Kind::Set => "== \"…\"",
        Kind::Count | Kind::Number | Kind::Bool => ">= 1000",
    }
}

/// Two kinds that do not fit an operator.
fn misfit(node: &Node, operator: Operator, left: Kind, right: Kind) -> Fault {
    let sign = operator.sign();
    let mend = match (left, right) {
        (Kind::Duration, Kind::Number) | (Kind::Number, Kind::Duration) => {
            "say of what it is a number, such as `30 days`".to_owned()
        }
        (Kind::Text, _) | (_, Kind::Text) => "write the number without quotes".to_owned(),
        _ if matches!(operator, Operator::Compute(Arithmetic::Times | Arithmetic::Over)) => {
            format!("`{sign}` takes a number, a count or a ratio on its right")
        }
        _ => format!("put {left} on both sides, such as `{}`", literal(left)),
    };
    Fault::new(node.range.clone(), Problem::Units { operator: sign.to_owned(), left, right }, mend)
}

/// What a value of a kind looks like.
const fn literal(kind: Kind) -> &'static str {
    match kind {
        Kind::Money => "40e9",
        Kind::Power => "3 GW",
        Kind::Duration => "30 days",
        Kind::Date => "2027-01-01",
        Kind::Ratio => "60%",
        Kind::Count | Kind::Number => "1000",
        Kind::Bool => "true",
        Kind::Text => "\"…\"",
        Kind::Set => "[\"…\"]",
    }
}

/// The mend for a name that leads nowhere.
fn near<'n>(name: &str, known: impl Iterator<Item = &'n str>, none: String) -> String {
    match nearest(name, known) {
        Some(near) => format!("did you mean `{near}`?"),
        None => none,
    }
}

/// What stands after `in` and is no list.
pub(crate) fn no_list(node: &Node, text: &str) -> Fault {
    let found = text.get(node.range.clone()).unwrap_or_default();
    let problem = Problem::Expected { wanted: "a list".to_owned(), found: format!("`{found}`") };
    Fault::new(node.range.clone(), problem, "put the values in square brackets, with commas between")
}
