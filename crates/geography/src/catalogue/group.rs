//! Groups in groups: each becomes the list of its places, with the days on which each is in it.

use super::{Entries, Group, Member, Spell, Wrong};
use crate::area::{Groups, Members, Stay};
use crate::{Date, Place};
use std::sync::Arc;

/// Groups may stand in groups this deep; deeper is a circle.
const DEPTH_MAX: usize = 8;

/// All groups, resolved.
pub(super) fn resolve(groups: &Entries<Group>) -> Result<Groups, Wrong> {
    let mut resolved = Groups::new();
    for group in groups.iter() {
        let mut members = Members::default();
        add(groups, group, (None, None), &mut members, DEPTH_MAX)?;
        resolved.insert(group.id.clone(), Arc::new(members));
    }
    Ok(resolved)
}

type Span = (Option<Date>, Option<Date>);

fn add(
    groups: &Entries<Group>,
    group: &Group,
    span: Span,
    into: &mut Members,
    depth: usize,
) -> Result<(), Wrong> {
    if depth == 0 {
        return Err(Wrong {
            word: group.id.clone(),
            message: format!("group `{}` is in itself", group.id),
            mend: "take it out of one of its members".to_owned(),
        });
    }
    into.except.extend(&group.except);
    // A group that is named like a place stands for one of its members that is not named.
    if let Ok(place) = group.id.parse::<Place>() {
        into.stays.push(Stay { place, from: span.0, until: span.1 });
    }
    for member in &group.members {
        let (word, from, until) = match member {
            Member::Always(word) => (word, None, None),
            Member::Dated(Spell { place, from, until }) => (place, *from, *until),
        };
        let span = (span.0.max(from), earlier(span.1, until));
        match groups.get(word) {
            Some(inner) => add(groups, inner, span, into, depth - 1)?,
            None => {
                let place = word.parse().map_err(|error: crate::PlaceError| Wrong {
                    word: word.clone(),
                    message: error.to_string(),
                    mend: "write an ISO 3166 code, or the id of another group".to_owned(),
                })?;
                into.stays.push(Stay { place, from: span.0, until: span.1 });
            }
        }
    }
    Ok(())
}

fn earlier(one: Option<Date>, other: Option<Date>) -> Option<Date> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
