//! The questions an expression may ask about the deal itself: one table, one line each.

use super::{Checker, near};
use crate::predicate::calendar::Window;
use crate::predicate::fault::{Fault, Problem};
use crate::predicate::kind::Kind;
use crate::predicate::state::{State, Stream};
use crate::predicate::syntax::{Argument, Form, Node};
use crate::predicate::vocabulary::Named;
use std::ops::Range;

/// A question by its name.
pub(super) struct Question {
    pub name: &'static str,
    parameters: &'static [Parameter],
    pub kind: Kind,
    make: fn(Given) -> State,
}

/// What a question is given.
enum Parameter {
    /// The id of a clause.
    Id(Named),
    /// The same, or nothing for all of them.
    OptionalId(Named),
    /// One of these words.
    Word(&'static [&'static str]),
    /// Any name.
    Name(&'static str),
    Window,
}

/// What a question was given.
#[derive(Default)]
struct Given {
    name: Option<String>,
    window: Option<Window>,
}

impl Given {
    fn name(self) -> String {
        self.name.unwrap_or_default()
    }

    fn share(self, make: fn(String, Window) -> State) -> State {
        let window = self.window.unwrap_or(Window::ContractYear);
        make(self.name.unwrap_or_default(), window)
    }
}

const QUESTIONS: [Question; 17] = [
    ask("in_default", &[Parameter::Id(Named::Party)], Kind::Bool, |given| State::InDefault(given.name())),
    ask("sanctions", &[], Kind::Bool, |_| State::Sanctions),
    ask("force_majeure", &[], Kind::Bool, |_| State::ForceMajeure),
    ask("export_control", &[], Kind::Bool, |_| State::ExportControl),
    ask("change_of_control", &[Parameter::Id(Named::Party)], Kind::Bool, |given| {
        State::ChangeOfControl(given.name())
    }),
    ask("released", &[Parameter::Id(Named::Tranche)], Kind::Bool, |given| State::Released(given.name())),
    ask("met", &[Parameter::Id(Named::Tranche)], Kind::Bool, |given| State::Met(given.name())),
    ask("payment_default", &[], Kind::Duration, |_| State::PaymentDefault),
    ask("capacity_late", &[Parameter::OptionalId(Named::Capacity)], Kind::Duration, |given| {
        State::CapacityLate(given.name)
    }),
    ask("residency_breach", &[], Kind::Duration, |_| State::ResidencyBreach),
    ask("covenant_breach", &[Parameter::Id(Named::Covenant)], Kind::Duration, |given| {
        State::CovenantBreach(given.name())
    }),
    ask("remaining_minimums", &[], Kind::Money, |_| State::Remaining(Stream::RemainingMinimums)),
    ask("clawback", &[Parameter::Word(&["discounts", "credits"])], Kind::Money, |given| {
        if given.name() == "credits" { State::ClawbackCredits } else { State::ClawbackDiscounts }
    }),
    ask("drawn", &[Parameter::OptionalId(Named::Commitment)], Kind::Money, |given| State::Drawn(given.name)),
    ask("portability_tested_share", &[Parameter::Window], Kind::Ratio, |given| {
        given.share(|_, window| State::PortabilityTestedShare(window))
    }),
    ask("silicon_share", &[Parameter::Name("a silicon"), Parameter::Window], Kind::Ratio, |given| {
        given.share(State::SiliconShare)
    }),
    ask("provider_share", &[Parameter::Name("a provider"), Parameter::Window], Kind::Ratio, |given| {
        given.share(State::ProviderShare)
    }),
];

const fn ask(
    name: &'static str,
    parameters: &'static [Parameter],
    kind: Kind,
    make: fn(Given) -> State,
) -> Question {
    Question { name, parameters, kind, make }
}

/// The question of that name.
pub(super) fn question(name: &str) -> Option<&'static Question> {
    QUESTIONS.iter().find(|question| question.name == name)
}

/// The names of all questions.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    QUESTIONS.iter().map(|question| question.name)
}

impl Question {
    fn usage(&self) -> String {
        let each: Vec<String> = self.parameters.iter().map(Parameter::sample).collect();
        if each.is_empty() {
            format!("`{}`", self.name)
        } else {
            format!("`{}({})`", self.name, each.join(", "))
        }
    }
}

impl Parameter {
    fn sample(&self) -> String {
        match self {
            Self::Id(named) | Self::OptionalId(named) => named.word().to_uppercase().replace(' ', "_"),
            Self::Word(words) => words.join(" or "),
            Self::Name(what) => what.trim_start_matches("a ").to_uppercase(),
            Self::Window => "30 days".to_owned(),
        }
    }
}

impl Checker<'_> {
    /// The state that a question with these arguments asks for.
    pub(super) fn ask(
        &mut self,
        question: &Question,
        range: &Range<usize>,
        arguments: &[Argument],
    ) -> Result<State, Fault> {
        let fewest = question
            .parameters
            .iter()
            .filter(|parameter| !matches!(parameter, Parameter::OptionalId(_)))
            .count();
        let named = arguments.iter().find(|argument| argument.name.is_some());
        if named.is_some() || !(fewest..=question.parameters.len()).contains(&arguments.len()) {
            let problem = Problem::Use(format!("`{}` is not asked like this", question.name));
            return Err(Fault::new(range.clone(), problem, format!("write {}", question.usage())));
        }
        let mut given = Given::default();
        for (parameter, argument) in question.parameters.iter().zip(arguments) {
            match parameter {
                Parameter::Id(what) | Parameter::OptionalId(what) => {
                    given.name = Some(self.id(*what, &argument.value)?);
                }
                Parameter::Word(words) => given.name = Some(self.word(words, &argument.value)?),
                Parameter::Name(_) => given.name = Some(self.label(&argument.value)?),
                Parameter::Window => given.window = Some(self.window(&argument.value)?),
            }
        }
        let state = (question.make)(given);
        self.asks(state.clone());
        Ok(state)
    }

    /// Remembers a question that is asked.
    pub(super) fn asks(&mut self, state: State) {
        if !self.states.contains(&state) {
            self.states.push(state);
        }
    }

    /// A name, bare or in quotes.
    fn label(&self, node: &Node) -> Result<String, Fault> {
        match &node.form {
            Form::Name(name) | Form::Text(name) => Ok(name.clone()),
            _ => {
                let problem = Problem::Expected {
                    wanted: "a name".to_owned(),
                    found: format!("`{}`", self.slice(&node.range)),
                };
                Err(Fault::new(node.range.clone(), problem, "put it in quotes if it has other signs in it"))
            }
        }
    }

    fn id(&self, what: Named, node: &Node) -> Result<String, Fault> {
        let name = self.label(node)?;
        let known = || self.vocabulary.ids(what);
        if known().any(|id| id == name) {
            return Ok(name);
        }
        let all: Vec<&str> = known().collect();
        let none = match all.as_slice() {
            [] => format!("the deal has no {} with an `id`", what.word()),
            _ => format!("there is `{}`", all.join("`, `")),
        };
        let mend = near(&name, all.iter().copied(), none);
        Err(Fault::new(node.range.clone(), Problem::Unknown { what: what.word(), name }, mend))
    }

    fn word(&self, words: &'static [&'static str], node: &Node) -> Result<String, Fault> {
        let name = self.label(node)?;
        if words.contains(&name.as_str()) {
            return Ok(name);
        }
        let mend = near(&name, words.iter().copied(), format!("write `{}`", words.join("` or `")));
        Err(Fault::new(node.range.clone(), Problem::Unknown { what: "kind of claw-back", name }, mend))
    }
}
