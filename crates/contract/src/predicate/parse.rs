//! Tokens to a tree, by binding strength. Written by hand: the grammar is small, and every fault is to name its
//! bytes and its mend. Bounded: a text, its depth and its size have limits, so that no file can make reading or
//! evaluating it expensive.

use crate::decimal::Decimal;
use crate::error::nearest;
use crate::predicate::calendar::{Length, Span};
use crate::predicate::fault::{Fault, Problem};
use crate::predicate::lexer::{RESERVED, Token, tokens};
use crate::predicate::syntax::{Argument, Form, Node, Operator, level};
use std::ops::Range;

/// The longest text, in bytes.
const LENGTH_MAX: usize = 4_000;
/// The deepest nesting.
const DEPTH_MAX: u32 = 40;
/// The most parts.
const NODES_MAX: u32 = 250;
/// The most of a unit of time: a century's days fit.
const COUNT_MAX: u16 = 36_525;

/// Reads an expression.
pub(crate) fn parse(text: &str) -> Result<Node, Fault> {
    if text.len() > LENGTH_MAX {
        let problem = Problem::Limit("an expression has at most 4,000 bytes");
        return Err(Fault::new(0..text.len(), problem, "split it"));
    }
    let mut parser = Parser { text, tokens: tokens(text)?, at: 0, depth: 0, nodes: 0 };
    let node = parser.expression(0)?;
    match parser.peek() {
        Token::End => Ok(node),
        Token::Sign("=") => Err(parser.unexpected("an operator", "write `==` to compare")),
        Token::Sign(")" | "]") => {
            Err(parser.unexpected("an operator or the end", "remove it, or open a bracket before"))
        }
        _ => {
            let mend = "join two conditions with `and` or `or`, and put text in quotes";
            Err(parser.unexpected("an operator or the end", mend))
        }
    }
}

/// What joins a part to what comes after it.
#[derive(Clone, Copy)]
enum Next {
    For,
    Operator(Operator),
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<(Token, Range<usize>)>,
    at: usize,
    depth: u32,
    nodes: u32,
}

impl Parser<'_> {
    fn peek(&self) -> &Token {
        // INVARIANT: the last token is the end, which is never passed.
        self.tokens.get(self.at).map_or(&Token::End, |(token, _)| token)
    }

    fn range(&self) -> Range<usize> {
        self.tokens.get(self.at).map_or(self.text.len()..self.text.len(), |(_, range)| range.clone())
    }

    fn next(&mut self) -> (Token, Range<usize>) {
        let next = (self.peek().clone(), self.range());
        if next.0 != Token::End {
            self.at += 1;
        }
        next
    }

    fn take(&mut self, sign: &str) -> bool {
        let found = matches!(self.peek(), Token::Sign(found) if *found == sign);
        self.at += usize::from(found);
        found
    }

    fn unexpected(&self, wanted: &str, mend: impl Into<String>) -> Fault {
        let range = self.range();
        let found = match self.text.get(range.clone()) {
            Some(text) if !text.is_empty() => format!("`{text}`"),
            _ => "the end".to_owned(),
        };
        Fault::new(range, Problem::Expected { wanted: wanted.to_owned(), found }, mend)
    }

    fn node(&mut self, range: Range<usize>, form: Form) -> Result<Node, Fault> {
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            let problem = Problem::Limit("an expression has at most 250 parts");
            return Err(Fault::new(range, problem, "split it"));
        }
        Ok(Node { range, form })
    }

    fn expression(&mut self, least: u8) -> Result<Node, Fault> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            let problem = Problem::Limit("brackets and operators nest at most 40 deep");
            return Err(Fault::new(self.range(), problem, "take a level out"));
        }
        let mut left = self.prefix()?;
        while let Some(next) = self.follows(&left, least)? {
            left = self.join(left, next)?;
        }
        self.depth -= 1;
        Ok(left)
    }

    /// What stands before anything it could be joined to.
    fn prefix(&mut self) -> Result<Node, Fault> {
        let start = self.range().start;
        if self.take("not") {
            let inner = self.expression(level::NOT)?;
            return self.node(start..inner.range.end, Form::Not(Box::new(inner)));
        }
        if self.take("-") {
            let inner = self.expression(level::MINUS)?;
            return self.node(start..inner.range.end, Form::Minus(Box::new(inner)));
        }
        self.value()
    }

    /// The operator after `left`, taken, when it binds at least this tightly; `for` is one without a sign.
    fn follows(&mut self, left: &Node, least: u8) -> Result<Option<Next>, Fault> {
        if *self.peek() == Token::Name("for".to_owned()) {
            self.at += usize::from(level::FOR >= least);
            return Ok((level::FOR >= least).then_some(Next::For));
        }
        let Some((operator, words)) = self.operator() else { return Ok(None) };
        let binds = operator.levels().0;
        if binds < least {
            return Ok(None);
        }
        // Brackets are not part of a node's bytes: they tell a chain from a bracketed side.
        let bracketed = self.text[left.range.end..self.range().start].contains(')');
        if binds == level::COMPARE && left.level() == level::COMPARE && !bracketed {
            return Err(self.unexpected("`and`, `or` or the end", "compare each pair, joined with `and`"));
        }
        self.at += words;
        Ok(Some(Next::Operator(operator)))
    }

    fn join(&mut self, left: Node, next: Next) -> Result<Node, Fault> {
        let start = left.range.start;
        match next {
            Next::For => {
                let (length, end) = self.length()?;
                self.node(start..end, Form::For(Box::new(left), length))
            }
            Next::Operator(operator) => {
                let right = self.expression(operator.levels().2)?;
                let range = start..right.range.end;
                self.node(range, Form::Binary(operator, Box::new([left, right])))
            }
        }
    }

    /// The operator that comes next, and how many words it is.
    fn operator(&self) -> Option<(Operator, usize)> {
        let is_in = |at: usize| matches!(self.tokens.get(at), Some((Token::Name(word), _)) if word == "in");
        match self.peek() {
            Token::Name(_) if is_in(self.at) => Some((Operator::In, 1)),
            Token::Sign("not") if is_in(self.at + 1) => Some((Operator::NotIn, 2)),
            Token::Sign(sign) => Operator::of(sign).map(|operator| (operator, 1)),
            _ => None,
        }
    }

    fn value(&mut self) -> Result<Node, Fault> {
        let wanted = "a value";
        match self.peek().clone() {
            Token::Number(_) => self.number(),
            Token::Sign("$") => self.dollars(),
            Token::Sign("(") => {
                let opened = self.next().1;
                let inner = self.expression(0)?;
                self.close(")", opened)?;
                Ok(inner)
            }
            Token::Sign("[") => {
                let opened = self.next().1;
                let items = self.separated("]", &opened, |parser| parser.expression(0))?;
                let range = opened.start..self.end();
                self.node(range, Form::List(items))
            }
            Token::Sign("and" | "or") => Err(self.unexpected(wanted, "write a condition on both sides")),
            Token::Sign(_) => Err(self.unexpected(wanted, "write a number, a name or a bracket here")),
            Token::End => Err(self.unexpected(wanted, "go on, or take the last word away")),
            Token::Date(day) => self.simple(Form::Date(day)),
            Token::Text(text) => self.simple(Form::Text(text)),
            Token::Quoted(name) => self.simple(Form::Name(name)),
            Token::Name(name) if name == "true" || name == "false" => self.simple(Form::Bool(name == "true")),
            Token::Name(name) if RESERVED.contains(&name.as_str()) => {
                Err(self.unexpected(wanted, format!("put a name that is also a word in backticks: `{name}`")))
            }
            Token::Name(name) => self.named(name),
        }
    }

    fn simple(&mut self, form: Form) -> Result<Node, Fault> {
        let range = self.next().1;
        self.node(range, form)
    }

    fn named(&mut self, name: String) -> Result<Node, Fault> {
        let range = self.next().1;
        let opened = self.range();
        if !self.take("(") {
            return self.node(range, Form::Name(name));
        }
        let arguments = self.separated(")", &opened, Self::argument)?;
        let range = range.start..self.end();
        self.node(range, Form::Call(name, arguments))
    }

    fn argument(&mut self) -> Result<Argument, Fault> {
        let named = match (self.peek(), self.tokens.get(self.at + 1)) {
            (Token::Name(name), Some((Token::Sign("="), _))) => Some(name.clone()),
            _ => None,
        };
        self.at += if named.is_some() { 2 } else { 0 };
        Ok(Argument { name: named, value: self.expression(0)? })
    }

    fn separated<T>(
        &mut self,
        close: &'static str,
        opened: &Range<usize>,
        mut one: impl FnMut(&mut Self) -> Result<T, Fault>,
    ) -> Result<Vec<T>, Fault> {
        let mut items = Vec::new();
        while !self.take(close) {
            if !items.is_empty() && !self.take(",") {
                self.close(close, opened.clone())?;
                break;
            }
            items.push(one(self)?);
        }
        Ok(items)
    }

    fn close(&mut self, close: &'static str, opened: Range<usize>) -> Result<(), Fault> {
        if self.take(close) {
            return Ok(());
        }
        let mut fault = self.unexpected(&format!("`{close}`"), "close this bracket");
        if *self.peek() == Token::End {
            fault.range = opened;
        } else {
            fault.mend = format!("write an operator before it, or `{close}`");
        }
        Err(fault)
    }

    /// Where the last token taken ends.
    fn end(&self) -> usize {
        self.tokens[..self.at].last().map_or(0, |(_, range)| range.end)
    }

    /// A number with its unit, if it has one.
    fn number(&mut self) -> Result<Node, Fault> {
        let (token, range) = self.next();
        let Token::Number(digits) = token else { return Err(self.unexpected("a number", "")) };
        let start = range.start;
        let scale = self.scale();
        let number = |shift: i32| decimal(&digits, scale + shift, start..range.end);
        if self.take("%") {
            let form = Form::Percent(number(0)?);
            return self.node(start..self.end(), form);
        }
        let unit = match self.peek() {
            Token::Name(unit) if !RESERVED.contains(&unit.as_str()) => unit.clone(),
            _ => {
                let form = Form::Number(number(0)?);
                return self.node(start..self.end(), form);
            }
        };
        let form = match unit.as_str() {
            "GW" => Form::Power(number(0)?),
            "MW" => Form::Power(number(-3)?),
            "kW" => Form::Power(number(-6)?),
            _ if span(&unit).is_some() => {
                self.at -= 1;
                let (length, end) = self.length()?;
                return self.node(start..end, Form::Length(length));
            }
            _ => match unit.parse() {
                Ok(currency) => Form::Amount(number(0)?, currency),
                Err(_) => return Err(self.unknown_unit(&unit)),
            },
        };
        self.next();
        self.node(start..self.end(), form)
    }

    /// `$40bn`.
    fn dollars(&mut self) -> Result<Node, Fault> {
        let start = self.next().1.start;
        let Token::Number(digits) = self.peek().clone() else {
            return Err(self.unexpected("an amount", "write it after the sign, such as `$40bn`"));
        };
        self.next();
        let scale = self.scale();
        let form = Form::Amount(decimal(&digits, scale, start..self.end())?, units::Currency::USD);
        self.node(start..self.end(), form)
    }

    /// The power of ten a word after a number stands for.
    fn scale(&mut self) -> i32 {
        let scale = match self.peek() {
            Token::Name(word) => match word.as_str() {
                "k" => 3,
                "mn" => 6,
                "bn" => 9,
                "tn" => 12,
                _ => 0,
            },
            _ => 0,
        };
        self.at += usize::from(scale > 0);
        scale
    }

    fn unknown_unit(&self, unit: &str) -> Fault {
        const UNITS: [&str; 12] =
            ["days", "weeks", "months", "quarters", "years", "GW", "MW", "kW", "k", "mn", "bn", "tn"];
        let mend = match nearest(unit, UNITS.into_iter().chain(["and", "or"])) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "units are `days`, `weeks`, `months`, `quarters`, `years`, `GW`, `MW`, `kW`, `k`, `mn`, \
                     `bn`, `tn` and a currency's three letters"
                .to_owned(),
        };
        self.unexpected("an operator or a unit", mend)
    }

    /// `30 days`, and where it ends.
    fn length(&mut self) -> Result<(Length, usize), Fault> {
        const WANTED: &str = "a duration";
        const MEND: &str = "say how long, such as `30 days`";
        let start = self.range().start;
        let Token::Number(digits) = self.peek().clone() else { return Err(self.unexpected(WANTED, MEND)) };
        self.next();
        let unit = match self.peek() {
            Token::Name(unit) => span(unit),
            _ => None,
        };
        let Some(span) = unit else {
            return Err(self.unexpected("`days`, `weeks`, `months`, `quarters` or `years`", MEND));
        };
        let end = self.next().1.end;
        match digits.parse() {
            Ok(count @ 1..=COUNT_MAX) => Ok((Length { count, span }, end)),
            _ => {
                let problem = Problem::Use(format!("`{digits}` is no length of time"));
                Err(Fault::new(start..end, problem, "write a whole number from 1 to 36525"))
            }
        }
    }
}

fn span(unit: &str) -> Option<Span> {
    Some(match unit {
        "day" | "days" => Span::Days,
        "week" | "weeks" => Span::Weeks,
        "month" | "months" => Span::Months,
        "quarter" | "quarters" => Span::Quarters,
        "year" | "years" => Span::Years,
        _ => return None,
    })
}

/// The number that `digits` are, moved by so many places.
fn decimal(digits: &str, shift: i32, range: Range<usize>) -> Result<Decimal, Fault> {
    let (mantissa, exponent) = digits.split_once(['e', 'E']).unwrap_or((digits, "0"));
    // An exponent that is no number, or out of all bounds, is refused below for what it is.
    let number = match exponent.parse::<i32>() {
        Ok(exponent) => format!("{mantissa}e{}", exponent.saturating_add(shift)).parse(),
        Err(_) => digits.parse::<Decimal>(),
    };
    number.map_err(|error| Fault::new(range, error.into(), "write digits, with a point or an exponent"))
}
