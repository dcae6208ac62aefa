//! Signals: the last reading of each, and whether it is on track.

use super::Context;
use super::trace::{self, Step};
use super::world::Sight;
use crate::deal::{MetricKind, Watch};
use crate::ratio::Ratio;
use units::Timestamp;

/// A signal at a moment.
#[derive(Debug, Clone)]
pub struct WatchStatus {
    /// Its name.
    pub id: String,
    /// What people call it.
    pub title: Option<String>,
    /// The metric that is read.
    pub metric: String,
    /// What that is a number of; nothing for list spend.
    pub kind: Option<MetricKind>,
    /// Its last reading and since when it holds; nothing when no fact says.
    pub reading: Option<(Timestamp, Ratio)>,
    /// The condition under which the deal is on track, as written.
    pub condition: String,
    /// Whether it is; nothing when no fact says.
    pub on_track: Option<bool>,
    /// More about it.
    pub note: Option<String>,
    /// Why.
    pub trace: Vec<Step>,
}

pub(super) fn evaluate(context: &Context<'_>) -> Vec<WatchStatus> {
    context.deal.watch.iter().map(|watch| status(context, watch)).collect()
}

fn status<'a>(context: &Context<'a>, watch: &'a Watch) -> WatchStatus {
    let name = watch.metric.get_ref();
    let metric = context.deal.metrics.get(name);
    let mut status = WatchStatus {
        id: watch.id.get_ref().clone(),
        title: watch.title.clone(),
        metric: name.clone(),
        kind: metric.map(|metric| metric.kind),
        reading: None,
        condition: watch.on_track.get_ref().clone(),
        on_track: None,
        note: watch.note.clone(),
        trace: Vec::new(),
    };
    let Some(condition) = &watch.condition else { return status };
    let flow = crate::compile::is_flow(context.deal, name);
    let mut stock = context.stock(context.needs(context.deal, condition).and(name, flow));
    stock.learn(context.known_at);
    let sight = Sight { context, stock: &stock, deal: context.deal };
    let proof = trace::node(&condition.prove(&sight, context.as_of), &stock);
    status.on_track = condition.truth(&sight, context.as_of).known();
    status.reading =
        stock.series(name).and_then(|series| series.latest(Timestamp::from_micros(i64::MIN), context.now()));
    status.trace = vec![Step::new(format!("`{}` is {}", condition.text(), proof.value)).because(Some(proof))];
    status
}
