//! Which credit is used up first.

use units::Timestamp;

/// A balance that usage may draw on. Amounts are counts of the smallest unit (10⁻¹² of a currency unit, tokens).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Its name; the last thing that decides the order.
    pub id: String,
    /// What is left of it.
    pub balance: i128,
    /// The lower is used first.
    pub priority: u32,
    /// From then on it is worth nothing; one that never expires is used after those that do.
    pub expires: Option<Timestamp>,
    /// When it was given.
    pub created: Timestamp,
}

/// What a drawdown took and left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawdown {
    /// What was taken from each grant, in the order it was taken.
    pub burned: Vec<(String, i128)>,
    /// The grants after it, in the order they came in.
    pub left: Vec<Grant>,
    /// Usage that no grant covers: it is due in money.
    pub uncovered: i128,
}

/// Draws `usage` at `at`: by priority, then expiry (none last), then age, then id. What has expired by then, or
/// is not given yet, is left alone.
pub fn draw(grants: &[Grant], usage: i128, at: Timestamp) -> Drawdown {
    let mut left = grants.to_vec();
    let usable =
        |grant: &Grant| grant.balance > 0 && grant.created <= at && grant.expires.is_none_or(|end| end > at);
    let mut order: Vec<&mut Grant> = left.iter_mut().filter(|grant| usable(grant)).collect();
    order.sort_by(|a, b| rank(a).cmp(&rank(b)));
    let (mut uncovered, mut burned) = (usage.max(0), Vec::new());
    for grant in order {
        let taken = grant.balance.min(uncovered);
        if taken == 0 {
            break;
        }
        grant.balance -= taken;
        uncovered -= taken;
        burned.push((grant.id.clone(), taken));
    }
    Drawdown { burned, left, uncovered }
}

fn rank(grant: &Grant) -> (u32, bool, Option<Timestamp>, Timestamp, &str) {
    (grant.priority, grant.expires.is_none(), grant.expires, grant.created, &grant.id)
}
