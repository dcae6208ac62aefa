//! Numbers and days: literals, metrics and how they are read, arithmetic, functions.

use super::{Checker, Class, literal, misfit, near, question};
use crate::predicate::calendar::{Window, day_of};
use crate::predicate::fault::{Fault, Problem};
use crate::predicate::kind::Kind;
use crate::predicate::state::{State, Stream};
use crate::predicate::syntax::{Argument, Arithmetic, Form, Node, Operator};
use crate::predicate::tree::{Direction, Moment, Reading, Reckoning, Term};
use crate::predicate::vocabulary::Metric;
use crate::ratio::Ratio;

/// A way to read a metric over a window.
type Aggregate = fn(Window) -> Reading;

/// What reads the facts of a metric over a window.
const AGGREGATES: [(&str, Aggregate); 5] = [
    ("sum", Reading::Sum),
    ("avg", Reading::Average),
    ("min", Reading::Least),
    ("max", Reading::Most),
    ("last", Reading::Last),
];
/// What names the last day of the period that a day lies in, by its months.
const PERIOD_ENDS: [(&str, i64); 3] = [("month_end", 1), ("quarter_end", 3), ("year_end", 12)];
const PRESENT_VALUE: &str = "pv";
const AS_OF: &str = "as_of";

fn aggregate(name: &str) -> Option<Aggregate> {
    AGGREGATES.iter().find(|(known, _)| *known == name).map(|(_, reading)| *reading)
}

fn period_months(name: &str) -> Option<i64> {
    PERIOD_ENDS.iter().find(|(known, _)| *known == name).map(|(_, months)| *months)
}

impl Checker<'_> {
    /// The kind of a name or a call; each must lead somewhere.
    pub(super) fn kind_of_named(&self, node: &Node) -> Result<Kind, Fault> {
        match &node.form {
            Form::Name(name) if name == AS_OF => Ok(Kind::Date),
            Form::Name(name) => match (self.vocabulary.metric(name), question::question(name)) {
                (Some(metric), _) => Ok(metric.kind),
                (None, Some(question)) => Ok(question.kind),
                (None, None) => Err(self.unknown_name(node, name)),
            },
            Form::Call(name, _) if period_months(name).is_some() => Ok(Kind::Date),
            Form::Call(name, _) if name == PRESENT_VALUE => Ok(Kind::Money),
            Form::Call(name, arguments) if aggregate(name).is_some() => match arguments.first() {
                Some(first) => self.measured(&first.value).map(|metric| metric.kind),
                None => Ok(Kind::Number),
            },
            Form::Call(name, _) => match question::question(name) {
                Some(question) => Ok(question.kind),
                None => Err(self.unknown_function(node, name)),
            },
            _ => Ok(Kind::Number),
        }
    }

    fn unknown_name(&self, node: &Node, name: &str) -> Fault {
        let mut known: Vec<&str> = vec![AS_OF];
        known.extend(question::names().map(|name| -> &str { name }));
        known.extend(self.vocabulary.metrics.iter().map(|metric| &*metric.name));
        let none = if name.contains('-') {
            "declare it as a `[metric]`; to subtract, put spaces around `-`".to_owned()
        } else {
            format!("declare it as `[metric.{name}]`; text stands in quotes")
        };
        let mend = near(name, known.into_iter(), none);
        Fault::new(node.range.clone(), Problem::Unknown { what: "metric", name: name.to_owned() }, mend)
    }

    fn unknown_function(&self, node: &Node, name: &str) -> Fault {
        let known = || {
            let own =
                AGGREGATES.iter().map(|(name, _)| *name).chain(PERIOD_ENDS.iter().map(|(name, _)| *name));
            own.chain([PRESENT_VALUE]).chain(question::names())
        };
        let all: Vec<&str> = known().collect();
        let mend = near(name, known(), format!("there is `{}`", all.join("`, `")));
        let range = node.range.start..node.range.start + name.len();
        Fault::new(range, Problem::Unknown { what: "function", name: name.to_owned() }, mend)
    }

    /// A number.
    pub(super) fn term(&mut self, node: &Node) -> Result<Term<Ratio>, Fault> {
        let constant = |kind, value| Ok((kind, Reckoning::Constant(value)));
        let (kind, form) = match &node.form {
            Form::Number(number) => constant(Kind::Number, number.ratio()),
            Form::Percent(number) => constant(Kind::Ratio, number.ratio() / Ratio::whole(100)),
            Form::Power(number) => constant(Kind::Power, number.ratio()),
            Form::Amount(number, currency) if *currency == self.vocabulary.currency => {
                constant(Kind::Money, number.ratio())
            }
            Form::Amount(_, currency) => {
                let own = self.vocabulary.currency;
                let problem = Problem::Use(format!("the deal is in {own}, not in {currency}"));
                Err(Fault::new(node.range.clone(), problem, format!("write the amount in {own}")))
            }
            Form::Length(length) => Ok((Kind::Duration, Reckoning::Length(*length))),
            Form::Minus(inner) => {
                let inner = self.term(inner)?;
                Ok((inner.kind, Reckoning::Minus(Box::new(inner))))
            }
            Form::Binary(Operator::At, sides) => self.at(sides),
            Form::Binary(operator @ Operator::Compute(how), sides) => {
                let sides = [self.term(&sides[0])?, self.term(&sides[1])?];
                self.computed(node, *operator, *how, sides)
            }
            Form::Name(_) | Form::Call(..) => {
                return self.named(node).and_then(|term| self.no_flag(node, term));
            }
            Form::Date(_) => Err(self.wrong(node, Kind::Date, "a number", "compare days with days")),
            Form::Text(_) => Err(self.wrong(node, Kind::Text, "a number", "write the number without quotes")),
            Form::List(_) => Err(self.wrong(node, Kind::Set, "a number", "a list stands after `in`")),
            _ => Err(self.wrong(node, Kind::Bool, "a number", "only numbers are computed with")),
        }?;
        Ok(Term { range: node.range.clone(), kind, form })
    }

    fn no_flag(&self, node: &Node, term: Term<Ratio>) -> Result<Term<Ratio>, Fault> {
        match term.kind {
            Kind::Bool => Err(self.wrong(node, Kind::Bool, "a number", "only numbers are computed with")),
            _ => Ok(term),
        }
    }

    /// A metric or a state by its name, or what a function gives.
    pub(super) fn named(&mut self, node: &Node) -> Result<Term<Ratio>, Fault> {
        let kind = self.kind_of_named(node)?;
        let form = match &node.form {
            Form::Name(name) => match self.vocabulary.metric(name) {
                Some(metric) => {
                    let metric = metric.clone();
                    self.level(node, &metric)?;
                    Reckoning::Read(self.keep(metric), Reading::Now)
                }
                None => self.state(node, name, &[])?,
            },
            Form::Call(name, arguments) => match aggregate(name) {
                Some(reading) => self.aggregate(node, name, reading, arguments)?,
                None if name == PRESENT_VALUE => self.present_value(node, arguments)?,
                None => self.state(node, name, arguments)?,
            },
            _ => return Err(self.wrong(node, kind, "a name", "")),
        };
        Ok(Term { range: node.range.clone(), kind, form })
    }

    fn state(&mut self, node: &Node, name: &str, arguments: &[Argument]) -> Result<Reckoning<Ratio>, Fault> {
        match question::question(name) {
            Some(question) => self.ask(question, &node.range, arguments).map(Reckoning::State),
            None => Err(self.wrong(node, Kind::Date, "a number", "compare days with days")),
        }
    }

    fn keep(&mut self, metric: Metric) -> Metric {
        if !self.metrics.contains(&metric) {
            self.metrics.push(metric.clone());
        }
        metric
    }

    /// Refuses to read a flow as if it were a level.
    fn level(&self, node: &Node, metric: &Metric) -> Result<(), Fault> {
        if !metric.flow {
            return Ok(());
        }
        let problem = Problem::Use(format!("`{}` is a flow: its facts only add up", metric.name));
        let mend = format!("say over which time, such as `sum({}, contract_year)`", metric.name);
        Err(Fault::new(node.range.clone(), problem, mend))
    }

    /// The metric that a part names.
    fn measured(&self, node: &Node) -> Result<Metric, Fault> {
        let Form::Name(name) = &node.form else {
            let problem = Problem::Expected {
                wanted: "a metric".to_owned(),
                found: format!("`{}`", self.slice(&node.range)),
            };
            return Err(Fault::new(node.range.clone(), problem, "name one metric here, and compute outside"));
        };
        match self.vocabulary.metric(name) {
            Some(metric) => Ok(metric.clone()),
            None => Err(self.unknown_name(node, name)),
        }
    }

    /// `metric @ day`.
    fn at(&mut self, sides: &[Node; 2]) -> Result<(Kind, Reckoning<Ratio>), Fault> {
        let metric = self.measured(&sides[0])?;
        self.level(&sides[0], &metric)?;
        if self.class(&sides[1])? != Class::Date {
            let found = self.class(&sides[1])?;
            let found = self.kind(found, &sides[1])?;
            return Err(self.wrong(&sides[1], found, "a date", "write a day, such as `2026-06-30`"));
        }
        let day = self.moment(&sides[1])?;
        Ok((metric.kind, Reckoning::Read(self.keep(metric), Reading::On(day))))
    }

    fn aggregate(
        &mut self,
        node: &Node,
        name: &str,
        reading: Aggregate,
        arguments: &[Argument],
    ) -> Result<Reckoning<Ratio>, Fault> {
        let [Argument { name: None, value: first }, Argument { name: None, value: window }] = arguments
        else {
            let problem = Problem::Use(format!("`{name}` reads one metric over one window"));
            let mend = format!("write `{name}(METRIC, 30 days)`, `contract_year`, `quarter` or `month`");
            return Err(Fault::new(node.range.clone(), problem, mend));
        };
        let metric = self.measured(first)?;
        if name != "sum" {
            self.level(first, &metric)?;
        }
        if metric.kind == Kind::Bool {
            return Err(self.wrong(first, Kind::Bool, "a number", "use it alone, or with `for`"));
        }
        let window = self.window(window)?;
        Ok(Reckoning::Read(self.keep(metric), reading(window)))
    }

    /// A time up to the moment of evaluation.
    pub(super) fn window(&self, node: &Node) -> Result<Window, Fault> {
        match &node.form {
            Form::Length(length) => Ok(Window::Last(*length)),
            Form::Name(name) if name == "month" => Ok(Window::Month),
            Form::Name(name) if name == "quarter" => Ok(Window::Quarter),
            Form::Name(name) if name == "year" => Ok(Window::Year),
            Form::Name(name) if name == "contract_year" => Ok(Window::ContractYear),
            _ => {
                let problem = Problem::Expected {
                    wanted: "a window".to_owned(),
                    found: format!("`{}`", self.slice(&node.range)),
                };
                let mend =
                    "write a duration such as `30 days`, or `month`, `quarter`, `year`, `contract_year`";
                Err(Fault::new(node.range.clone(), problem, mend))
            }
        }
    }

    fn present_value(&mut self, node: &Node, arguments: &[Argument]) -> Result<Reckoning<Ratio>, Fault> {
        let usage = "write `pv(remaining_minimums, rate=0.08)`";
        let (stream, rate) = match arguments {
            [Argument { name: None, value: stream }, Argument { name, value: rate }]
                if name.as_ref().is_none_or(|name| name == "rate") =>
            {
                (stream, rate)
            }
            _ => {
                let problem = Problem::Use("`pv` takes a stream of amounts and an annual rate".to_owned());
                return Err(Fault::new(node.range.clone(), problem, usage));
            }
        };
        let Form::Name(name) = &stream.form else { return Err(self.unknown_stream(stream)) };
        let stream = match question::question(name).map(|question| question.name) {
            Some("remaining_minimums") => Stream::RemainingMinimums,
            _ => return Err(self.unknown_stream(stream)),
        };
        let value = self.constant(rate)?;
        if value + Ratio::ONE <= Ratio::ZERO || !value.is_some() {
            let problem =
                Problem::Use(format!("a rate of `{}` leaves nothing to discount", self.slice(&rate.range)));
            return Err(Fault::new(rate.range.clone(), problem, "a rate lies above −100 %"));
        }
        self.asks(State::Remaining(stream));
        Ok(Reckoning::Present(stream, value))
    }

    fn unknown_stream(&self, node: &Node) -> Fault {
        let problem = Problem::Unknown { what: "stream of amounts", name: self.slice(&node.range) };
        Fault::new(node.range.clone(), problem, "`remaining_minimums` is the one there is")
    }

    /// A number that stands in the text.
    pub(super) fn constant(&self, node: &Node) -> Result<Ratio, Fault> {
        match &node.form {
            Form::Number(number) | Form::Amount(number, _) | Form::Power(number) => Ok(number.ratio()),
            Form::Percent(number) => Ok(number.ratio() / Ratio::whole(100)),
            Form::Minus(inner) => Ok(Ratio::ZERO - self.constant(inner)?),
            _ => {
                let problem = Problem::Expected {
                    wanted: "a number".to_owned(),
                    found: format!("`{}`", self.slice(&node.range)),
                };
                Err(Fault::new(node.range.clone(), problem, "write it in digits"))
            }
        }
    }

    fn computed(
        &self,
        node: &Node,
        operator: Operator,
        how: Arithmetic,
        sides: [Term<Ratio>; 2],
    ) -> Result<(Kind, Reckoning<Ratio>), Fault> {
        let (left, right) = (sides[0].kind, sides[1].kind);
        let kind = match how {
            Arithmetic::Plus | Arithmetic::Minus => left.joined(right),
            Arithmetic::Times if right.is_scalar() => Some(scaled(left, right)),
            Arithmetic::Times if left.is_scalar() => Some(right),
            Arithmetic::Over if left == right && left != Kind::Number => Some(Kind::Ratio),
            Arithmetic::Over if right.is_scalar() => Some(left),
            Arithmetic::Times | Arithmetic::Over => None,
        };
        let Some(kind) = kind else { return Err(misfit(node, operator, left, right)) };
        let by_nothing = matches!(&sides[1].form, Reckoning::Constant(value) if *value == Ratio::ZERO);
        if how == Arithmetic::Over && by_nothing {
            let problem = Problem::Use("nothing is divided by zero".to_owned());
            return Err(Fault::new(
                sides[1].range.clone(),
                problem,
                format!("write {}", literal(Kind::Number)),
            ));
        }
        Ok((kind, Reckoning::Compute(how, Box::new(sides))))
    }

    /// A day.
    pub(super) fn moment(&self, node: &Node) -> Result<Moment, Fault> {
        let moment = match &node.form {
            Form::Date(day) => Moment::Day(day_of(day.start())),
            Form::Name(name) if name == AS_OF => Moment::AsOf,
            Form::Call(name, arguments) if period_months(name).is_some() => {
                let [Argument { name: None, value }] = arguments.as_slice() else {
                    let problem = Problem::Use(format!("`{name}` takes one day"));
                    return Err(Fault::new(
                        node.range.clone(),
                        problem,
                        format!("write `{name}(2026-06-30)`"),
                    ));
                };
                Moment::PeriodEnd(Box::new(self.moment(value)?), period_months(name).unwrap_or(1))
            }
            Form::Binary(Operator::Compute(how @ (Arithmetic::Plus | Arithmetic::Minus)), sides) => {
                let Form::Length(length) = &sides[1].form else {
                    let problem = Problem::Expected {
                        wanted: "a duration".to_owned(),
                        found: format!("`{}`", self.slice(&sides[1].range)),
                    };
                    let mend = "add days, weeks, months, quarters or years to a day";
                    return Err(Fault::new(sides[1].range.clone(), problem, mend));
                };
                let direction = if *how == Arithmetic::Plus { Direction::On } else { Direction::Back };
                Moment::Shift(Box::new(self.moment(&sides[0])?), *length, direction)
            }
            _ => {
                let problem = Problem::Expected {
                    wanted: "a day".to_owned(),
                    found: format!("`{}`", self.slice(&node.range)),
                };
                return Err(Fault::new(node.range.clone(), problem, "write one, such as `2026-06-30`"));
            }
        };
        let fixed = (!moment.moves()).then(|| moment.day(units::Timestamp::from_micros(0)));
        Ok(fixed.map_or(moment, Moment::Day))
    }

    /// An amount of money.
    pub(crate) fn amount(&mut self, node: &Node) -> Result<Term<Ratio>, Fault> {
        let class = self.class(node)?;
        let term = match class {
            Class::Number => self.term(node)?,
            _ => {
                let found = self.kind(class, node)?;
                return Err(self.wrong(node, found, "an amount of money", "compute an amount here"));
            }
        };
        match term.kind {
            Kind::Money | Kind::Number => Ok(term),
            found => Err(self.wrong(node, found, "an amount of money", "compute an amount here")),
        }
    }
}

/// The kind of something multiplied by a scalar.
const fn scaled(kind: Kind, by: Kind) -> Kind {
    match kind {
        Kind::Number => by,
        Kind::Ratio if matches!(by, Kind::Count) => by,
        _ => kind,
    }
}

/// Whether a name or a function speaks of the deal and never of a call.
pub(crate) fn speaks_of_deal(node: &Node, is_metric: &impl Fn(&str) -> bool) -> bool {
    let of_deal = |name: &str| is_metric(name) || name == AS_OF || question::question(name).is_some();
    let inner = |node: &Node| speaks_of_deal(node, is_metric);
    match &node.form {
        Form::Name(name) => of_deal(name),
        Form::Call(..) | Form::For(..) => true,
        Form::Not(node) | Form::Minus(node) => inner(node),
        Form::Binary(_, sides) => sides.iter().any(inner),
        Form::List(items) => items.iter().any(inner),
        _ => false,
    }
}
