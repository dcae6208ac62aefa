//! What somebody who looks may see and do, organisation by organisation: by policy where one names the action, else by
//! role, and then of their own organisation alone.

use crate::pages::Sources;
use crate::people::Looker;
use gateway::Live;
use identity::{Method as Proof, Owner, Principal, Role};
use policy::{Action, Resource};
use settlement::CallView;
use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::sync::Arc;
use units::{Organisation, Subject, Team};

/// One looker's rights under the configuration that serves now.
pub struct Sight<'a> {
    looker: &'a Looker,
    live: Option<Arc<Live>>,
    /// Organisations that the configuration names, and their own; worked out when they are first asked for.
    organisations: OnceCell<BTreeSet<Organisation>>,
}

impl<'a> Sight<'a> {
    /// The rights of whoever looks.
    pub fn new(sources: &Sources, looker: &'a Looker) -> Self {
        Self { looker, live: sources.live(), organisations: OnceCell::new() }
    }

    /// Whether they may do this to `organisation`.
    pub fn may(&self, action: Action, organisation: &Organisation) -> bool {
        let by_role = match action {
            Action::ViewSpend => self.looker.is(&[Role::FinOps]),
            Action::ViewAudit => self.looker.is(&[Role::Compliance]),
            _ => self.looker.is(&[]),
        };
        let Some(owner) = &self.looker.owner else { return by_role };
        let Some(live) = &self.live else { return false };
        if !live.snapshot.policy.speaks_of(action) {
            return by_role && owner.organisation == *organisation;
        }
        let principal =
            Principal::new(owner.clone(), Proof::Session, "portal").with_roles(&self.looker.roles);
        live.snapshot.policy.decide(&principal, action, Resource::Organisation(organisation.clone())).is_ok()
    }

    /// Whether they may do this to some organisation that is known here.
    pub fn may_anywhere(&self, action: Action) -> bool {
        match &self.looker.owner {
            None => self.looker.is(&[Role::FinOps, Role::Compliance]) && action != Action::ManageContract,
            Some(_) => self.organisations().iter().any(|organisation| self.may(action, organisation)),
        }
    }

    /// Whether nothing is kept from them: they sit at this machine, or may do this to all that are known here and to all
    /// of `others`.
    pub fn is_whole<'o>(&self, action: Action, others: impl IntoIterator<Item = &'o Organisation>) -> bool {
        self.looker.owner.is_none()
            || (self.organisations().iter().all(|organisation| self.may(action, organisation))
                && others.into_iter().all(|organisation| self.may(action, organisation)))
    }

    /// Whether they run this plane: they sit at it, or administer an organisation.
    pub fn operates(&self) -> bool {
        self.looker.owner.is_none() || self.may_anywhere(Action::ManageContract)
    }

    /// Whether it is their own organisation.
    pub fn is_of(&self, organisation: &Organisation) -> bool {
        self.looker.owner.as_ref().is_some_and(|owner| owner.organisation == *organisation)
    }

    /// Whether they see a call: their own, and those of an organisation whose spend or audit they may see.
    pub fn sees(&self, organisation: &Organisation, team: &Team, subject: &Subject) -> bool {
        let own = |owner: &Owner| {
            (&owner.organisation, &owner.team, &owner.subject) == (organisation, team, subject)
        };
        self.looker.owner.as_ref().is_some_and(own)
            || self.may(Action::ViewSpend, organisation)
            || self.may(Action::ViewAudit, organisation)
    }

    /// As [`Sight::sees`], of a call on record.
    pub fn sees_call(&self, call: &CallView) -> bool {
        self.sees(call.organisation(), call.team(), call.subject())
    }

    fn organisations(&self) -> &BTreeSet<Organisation> {
        self.organisations.get_or_init(|| self.all_organisations())
    }

    fn all_organisations(&self) -> BTreeSet<Organisation> {
        let mut all: BTreeSet<Organisation> =
            self.looker.owner.iter().map(|owner| owner.organisation.clone()).collect();
        if let Some(live) = &self.live {
            let snapshot = &live.snapshot;
            all.extend(snapshot.directory.known().iter().map(|known| known.principal.organisation.clone()));
            all.extend(snapshot.contracts.iter().filter_map(|contract| contract.organisation.clone()));
            let declared = snapshot.residency.settings().organisations.keys();
            all.extend(declared.filter_map(|name| name.parse().ok()));
        }
        all
    }
}
