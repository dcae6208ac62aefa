//! An expression as it is written: its form, before names and kinds are looked at. Two are the same when they
//! read the same, wherever they stand.

use crate::day::Day;
use crate::decimal::Decimal;
use crate::predicate::calendar::Length;
use crate::predicate::lexer::is_name;
use std::fmt;
use std::ops::Range;
use units::Currency;

/// A part of an expression.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// Its bytes.
    pub range: Range<usize>,
    pub form: Form,
}

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.form == other.form
    }
}

impl Eq for Node {}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Form {
    Number(Decimal),
    Percent(Decimal),
    Amount(Decimal, Currency),
    /// In gigawatts.
    Power(Decimal),
    Length(Length),
    Date(Day),
    Text(String),
    Bool(bool),
    List(Vec<Node>),
    Name(String),
    Call(String, Vec<Argument>),
    Not(Box<Node>),
    Minus(Box<Node>),
    Binary(Operator, Box<[Node; 2]>),
    For(Box<Node>, Length),
}

/// What a function is given, by place or by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Argument {
    pub name: Option<String>,
    pub value: Node,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Join(Joint),
    Compare(Comparison),
    In,
    NotIn,
    Compute(Arithmetic),
    At,
}

/// What joins two truths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Joint {
    Implies,
    Or,
    And,
}

/// What compares two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    Unequal,
    Less,
    AtMost,
    More,
    AtLeast,
}

/// What computes with two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arithmetic {
    Plus,
    Minus,
    Times,
    Over,
}

/// How tightly operators bind, from the loosest.
pub(crate) mod level {
    pub(crate) const IMPLIES: u8 = 1;
    pub(crate) const OR: u8 = 2;
    pub(crate) const AND: u8 = 3;
    pub(crate) const NOT: u8 = 4;
    pub(crate) const FOR: u8 = 5;
    pub(crate) const COMPARE: u8 = 6;
    pub(crate) const SUM: u8 = 7;
    pub(crate) const PRODUCT: u8 = 8;
    pub(crate) const MINUS: u8 = 9;
    pub(crate) const AT: u8 = 10;
    pub(crate) const VALUE: u8 = 11;
}

impl Operator {
    /// The operator a sign stands for; `in` and `not in` are two words.
    pub(crate) fn of(sign: &str) -> Option<Self> {
        Some(match sign {
            "=>" => Self::Join(Joint::Implies),
            "or" => Self::Join(Joint::Or),
            "and" => Self::Join(Joint::And),
            "==" => Self::Compare(Comparison::Equal),
            "!=" => Self::Compare(Comparison::Unequal),
            "<" => Self::Compare(Comparison::Less),
            "<=" => Self::Compare(Comparison::AtMost),
            ">" => Self::Compare(Comparison::More),
            ">=" => Self::Compare(Comparison::AtLeast),
            "+" => Self::Compute(Arithmetic::Plus),
            "-" => Self::Compute(Arithmetic::Minus),
            "*" => Self::Compute(Arithmetic::Times),
            "/" => Self::Compute(Arithmetic::Over),
            "@" => Self::At,
            _ => return None,
        })
    }

    pub(crate) const fn sign(self) -> &'static str {
        match self {
            Self::Join(Joint::Implies) => "=>",
            Self::Join(Joint::Or) => "or",
            Self::Join(Joint::And) => "and",
            Self::Compare(Comparison::Equal) => "==",
            Self::Compare(Comparison::Unequal) => "!=",
            Self::Compare(Comparison::Less) => "<",
            Self::Compare(Comparison::AtMost) => "<=",
            Self::Compare(Comparison::More) => ">",
            Self::Compare(Comparison::AtLeast) => ">=",
            Self::In => "in",
            Self::NotIn => "not in",
            Self::Compute(Arithmetic::Plus) => "+",
            Self::Compute(Arithmetic::Minus) => "-",
            Self::Compute(Arithmetic::Times) => "*",
            Self::Compute(Arithmetic::Over) => "/",
            Self::At => "@",
        }
    }

    /// How tightly it binds, and what may stand on its left and on its right.
    pub(crate) const fn levels(self) -> (u8, u8, u8) {
        match self {
            Self::Join(Joint::Implies) => (level::IMPLIES, level::OR, level::IMPLIES),
            Self::Join(Joint::Or) => (level::OR, level::OR, level::AND),
            Self::Join(Joint::And) => (level::AND, level::AND, level::NOT),
            Self::Compare(_) | Self::In | Self::NotIn => (level::COMPARE, level::SUM, level::SUM),
            Self::Compute(Arithmetic::Plus | Arithmetic::Minus) => (level::SUM, level::SUM, level::PRODUCT),
            Self::Compute(_) => (level::PRODUCT, level::PRODUCT, level::MINUS),
            Self::At => (level::AT, level::VALUE, level::VALUE),
        }
    }
}

impl Node {
    /// How tightly its operator binds.
    pub(crate) fn level(&self) -> u8 {
        match &self.form {
            Form::Not(_) => level::NOT,
            Form::For(..) => level::FOR,
            Form::Minus(_) => level::MINUS,
            Form::Binary(operator, _) => operator.levels().0,
            _ => level::VALUE,
        }
    }

    fn write(&self, out: &mut fmt::Formatter<'_>, least: u8) -> fmt::Result {
        if self.level() < least {
            return write!(out, "({self})");
        }
        match &self.form {
            Form::Number(number) => write!(out, "{}", short(*number)),
            Form::Percent(number) => write!(out, "{number}%"),
            Form::Amount(number, currency) => write!(out, "{} {currency}", short(*number)),
            Form::Power(number) => write!(out, "{number} GW"),
            Form::Length(length) => write!(out, "{length}"),
            Form::Date(day) => write!(out, "{day}"),
            Form::Text(text) => out.write_str(&quote(text)),
            Form::Bool(value) => write!(out, "{value}"),
            Form::List(items) => {
                out.write_str("[")?;
                separated(out, items, |out, item| item.write(out, 0))?;
                out.write_str("]")
            }
            Form::Name(name) => out.write_str(&bare(name)),
            Form::Call(name, arguments) => {
                write!(out, "{}(", bare(name))?;
                separated(out, arguments, |out, argument| {
                    if let Some(name) = &argument.name {
                        write!(out, "{name}=")?;
                    }
                    argument.value.write(out, 0)
                })?;
                out.write_str(")")
            }
            Form::Not(inner) => {
                out.write_str("not ")?;
                inner.write(out, level::NOT)
            }
            Form::Minus(inner) => {
                out.write_str("-")?;
                inner.write(out, level::MINUS)
            }
            Form::Binary(operator, sides) => {
                let (_, left, right) = operator.levels();
                sides[0].write(out, left)?;
                write!(out, " {} ", operator.sign())?;
                sides[1].write(out, right)
            }
            Form::For(inner, length) => {
                inner.write(out, level::FOR)?;
                write!(out, " for {length}")
            }
        }
    }
}

impl fmt::Display for Node {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(out, 0)
    }
}

fn separated<T>(
    out: &mut fmt::Formatter<'_>,
    items: &[T],
    mut one: impl FnMut(&mut fmt::Formatter<'_>, &T) -> fmt::Result,
) -> fmt::Result {
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.write_str(", ")?;
        }
        one(out, item)?;
    }
    Ok(())
}

/// A number people can read: `40e9` rather than `40000000000`.
fn short(number: Decimal) -> String {
    let plain = number.to_string();
    match plain.strip_suffix("000000000") {
        Some(billions) if !plain.contains('.') && !billions.is_empty() => format!("{billions}e9"),
        _ => plain,
    }
}

/// A name, in backticks where it needs them.
fn bare(name: &str) -> String {
    if is_name(name) { name.to_owned() } else { format!("`{name}`") }
}

/// An id as an expression names it: bare where it can be, in quotes elsewhere.
pub(crate) fn id(name: &str) -> String {
    if is_name(name) { name.to_owned() } else { quote(name) }
}

fn quote(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
