//! The books: accounts, balances, and whether they sum to zero.

use super::{empty, heading};
use crate::view::{AccountLine, LedgerView, Overview};
use crate::{link, show};
use maud::{Markup, html};
use units::Money;

pub(super) fn ledger(view: &Overview) -> Markup {
    html! {
        (heading("Ledger", &html! { "Double entry, append only. Debits are positive, credits negative." }))
        @if view.ledger.accounts.is_empty() {
            (empty("Nothing posted yet", &html! { "Accounts appear with the first settled call." }))
        } @else {
            div class="columns uneven" {
                div { (accounts(&view.ledger)) }
                div { (proof(&view.ledger)) }
            }
        }
    }
}

fn accounts(ledger: &LedgerView) -> Markup {
    html! {
        table class="books" {
            caption class="sr" { "Accounts and balances" }
            thead { tr { th scope="col" { "Account" } th scope="col" class="r" { "Balance" } th scope="col" { "Currency" } } }
            tbody { @for line in &ledger.accounts { (account(line)) } }
            @if !ledger.part { tfoot {
                @for sum in sums(&ledger.accounts) {
                    tr {
                        th scope="row" { "Sum" }
                        td class="r" { (show::money(sum)) }
                        td { (sum.currency()) }
                    }
                }
            } }
        }
        @if ledger.part { p class="faint" { "Accounts of your organisation. The proof is over everyone's." } }
    }
}

fn account(line: &AccountLine) -> Markup {
    let records = link::usage("account", &line.account);
    html! {
        tr {
            th scope="row" { a href=(records) { (line.account) } }
            td class="r" { a href=(records) { (show::money(line.balance)) } }
            td { (line.balance.currency()) }
        }
    }
}

/// The sum of each currency, in the order of first appearance; a currency whose sum does not fit is left out.
fn sums(accounts: &[AccountLine]) -> Vec<Money> {
    let mut sums: Vec<Option<Money>> = Vec::new();
    let mut currencies = Vec::new();
    for line in accounts {
        let currency = line.balance.currency();
        match currencies.iter().position(|known| *known == currency) {
            Some(place) => sums[place] = sums[place].and_then(|sum| sum.checked_add(line.balance).ok()),
            None => {
                currencies.push(currency);
                sums.push(Some(line.balance));
            }
        }
    }
    sums.into_iter().flatten().collect()
}

fn proof(ledger: &LedgerView) -> Markup {
    html! {
        div class=(if ledger.sums_to_zero { "proof good" } else { "proof bad" }) {
            @if ledger.sums_to_zero {
                p class="proof-title" { "Every currency sums to zero" }
                p { "Nothing was created or lost on the way from calls to balances." }
            } @else {
                p class="proof-title" { "The books do not sum to zero" }
                p { "Do not rely on these balances before the cause is found." }
            }
            p { "Check it yourself:" }
            div class="command" {
                code tabindex="0" { "offtake ledger verify" }
                button type="button" class="quiet copy" hidden { "Copy" }
            }
        }
    }
}
