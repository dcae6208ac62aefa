//! Spend by day: one bar a day for the last two weeks, each leading to that day's records.

use super::{Canvas, Frame, axis_money, money_ticks, money_top, px};
use crate::view::DaySpend;
use crate::{link, show};
use maud::{Markup, html};
use units::{Money, Timestamp};

const DAYS: i64 = 14;
const DAY_SECONDS: i64 = 86_400;

/// The bars; days without spend keep their place.
pub(crate) fn bars(by_day: &[DaySpend], as_of: Timestamp, zero: Money, canvas: Canvas) -> Markup {
    let slots: Vec<(String, Money)> = (0..DAYS)
        .map(|nth| as_of.plus_seconds((nth - DAYS + 1) * DAY_SECONDS).date())
        .map(|date| {
            let charge = by_day.iter().find(|day| day.date == date).map_or(zero, |day| day.charge);
            (date, charge)
        })
        .collect();
    let peak = slots.iter().map(|(_, charge)| charge.pico()).max().unwrap_or(0);
    let most = money_top(peak);
    let ticks: Vec<Money> = money_ticks(most)
        .into_iter()
        .filter(|_| peak > 0)
        .map(|tick| Money::from_pico(tick, zero.currency()))
        .collect();
    let frame = Frame { top: 1_200, ..Frame::inside(canvas, &ticks) };
    let pitch = (frame.right - frame.left) / i128::from(DAYS);
    html! {
        svg class={ "chart " (canvas.name) } viewBox=(canvas.view_box()) role="group" aria-label="Spend by day" {
            line class="axis" x1=(px(frame.left)) x2=(px(frame.right)) y1=(px(frame.base)) y2=(px(frame.base)) {}
            @for tick in &ticks {
                @let y = frame.y(tick.pico(), most);
                line class="grid" x1=(px(frame.left)) x2=(px(frame.right)) y1=(px(y)) y2=(px(y)) {}
                text class="end" x=(px(frame.left - 800)) y=(px(y + 400)) {
                    (axis_money(*tick))
                }
            }
            @for (nth, (date, charge)) in (0_i128..).zip(&slots) {
                (bar(frame, (frame.left + nth * pitch, pitch), date, (*charge, most)))
                @if (i128::from(DAYS) - 1 - nth) % 4 == 0 {
                    text class="middle" x=(px(frame.left + nth * pitch + pitch / 2)) y=(px(frame.base + 2_000)) {
                        (short_day(date))
                    }
                }
            }
        }
    }
}

fn bar(frame: Frame, (left, pitch): (i128, i128), date: &str, (charge, most): (Money, i128)) -> Markup {
    // A day with any spend shows at least a pixel and a half.
    let height = (frame.base - frame.y(charge.pico(), most)).max(150);
    html! {
        @if charge.pico() > 0 {
            a href=(link::usage("day", date)) aria-label={ (show::day_text(date)) ": " (charge) } {
                rect class="hit" x=(px(left)) y=(px(frame.top)) width=(px(pitch)) height=(px(frame.base - frame.top)) {}
                rect class="bar" rx="2" x=(px(left + pitch / 6)) y=(px(frame.base - height))
                    width=(px(pitch * 2 / 3)) height=(px(height)) {}
                title { (show::day_text(date)) ": " (charge) }
            }
        } @else {
            rect class="none" x=(px(left + pitch / 6)) y=(px(frame.base - 150)) width=(px(pitch * 2 / 3)) height="1.5" {}
        }
    }
}

/// `24 Nov`.
fn short_day(date: &str) -> String {
    let text = show::day_text(date);
    text.rsplit_once(' ').map_or_else(|| text.clone(), |(day, _)| day.to_owned())
}
