//! `usage list`: every call, read from the journal alone, beside a running plane or without one.

use crate::view::{CallView, State, Views};
use crate::{Books, Error};
use journal::Reader;
use ledger::TransferId;
use std::path::Path;
use units::{ModelName, Organisation, RequestId, Team, Timestamp};

/// Which calls are asked for; what is none is not asked about.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// This very call.
    pub request: Option<RequestId>,
    /// Those with an attempt in this batch, which is also the id of its usage transfer. (A drawdown transfer
    /// names its batch: `store::Reader::transfer`.)
    pub batch: Option<TransferId>,
    /// Those this one pays for.
    pub organisation: Option<Organisation>,
    /// Those of this team.
    pub team: Option<Team>,
    /// Those of this model.
    pub model: Option<ModelName>,
    /// Those in this state.
    pub state: Option<State>,
    /// Those admitted at or after.
    pub from: Option<Timestamp>,
    /// Those admitted before.
    pub to: Option<Timestamp>,
}

impl Filter {
    fn admits(&self, call: &CallView) -> bool {
        let in_batch = |id| call.attempts.iter().any(|attempt| attempt.batch == Some(id));
        self.request.is_none_or(|id| id == call.request_id())
            && self.batch.is_none_or(in_batch)
            && self.organisation.as_ref().is_none_or(|one| one == call.organisation())
            && self.team.as_ref().is_none_or(|one| one == call.team())
            && self.model.as_ref().is_none_or(|one| one == call.model())
            && self.state.is_none_or(|state| state == call.state())
            && self.from.is_none_or(|from| from <= call.at())
            && self.to.is_none_or(|to| call.at() < to)
    }
}

/// Every call that `filter` admits, oldest first, of the data directory `data`.
pub fn usage(data: &Path, filter: Filter) -> Calls {
    let (reader, books, views) = (Reader::open(data), Books::default(), Views::default());
    Calls { reader, books, views, filter, ended: false }
}

/// Gives calls as soon as nothing more can happen to them, so that a long journal needs little memory; those
/// still on their way come as they are at the journal's end.
#[derive(Debug)]
pub struct Calls {
    reader: Reader,
    books: Books,
    views: Views,
    filter: Filter,
    ended: bool,
}

impl Calls {
    fn next_call(&mut self) -> Result<Option<CallView>, Error> {
        loop {
            if let Some(call) = self.views.take_oldest(self.ended) {
                if self.filter.admits(&call) {
                    return Ok(Some(call));
                }
            } else if self.ended {
                return Ok(None);
            } else if let Some(entry) = self.reader.next_entry()? {
                self.views.note(&entry);
                self.books.apply_seeing(entry, &mut |seen| self.views.see(seen))?;
            } else {
                self.ended = true;
            }
        }
    }
}

impl Iterator for Calls {
    type Item = Result<CallView, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let call = self.next_call().transpose();
        if matches!(call, Some(Err(_))) {
            // Nothing after damage is told.
            self.views = Views::default();
            self.ended = true;
        }
        call
    }
}
