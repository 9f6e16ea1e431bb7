//! The discovery curves.

use std::fmt::Write as _;

use maud::{Markup, html};

use super::words::{cut, many, size, time};
use crate::cli::render::number;
use crate::cli::report::{Axis, Curve, Late, Section};

/// The picture, in its own units.
const WIDTH: u64 = 480;
const HEIGHT: u64 = 210;
/// Where the plot is in it.
const LEFT: u64 = 38;
const RIGHT: u64 = 466;
const TOP: u64 = 24;
const BOTTOM: u64 = 176;

/// The curves of an architecture.
pub(super) fn section(section: &Section) -> Markup {
    let arch = section.arch.name();
    let curves = &section.curves;
    html! {
        section id={ (arch) "-discovery" } {
            h2 { "Discovery" }
            p {
                "When each kind of call was seen first. A curve that has long been flat means that "
                "this workload brings nothing new any more. "
                b { "It speaks for this workload alone: what was not exercised does not show." }
            }
            div.curves {
                @for (at, curve) in curves.shown.iter().enumerate() {
                    (figure(curve, &format!("{arch}-curve-{at}")))
                }
            }
            @if curves.more > 0 {
                p { "And " (many(curves.more, "runs more")) ", which are not drawn." }
            }
            @if curves.unordered > 0 {
                p {
                    @if curves.unordered == section.runs { "The runs tell" }
                    @else { (many(curves.unordered, "runs")) " did not tell" }
                    " in which order calls were made first (several files, or counted in the kernel), so there is no curve."
                }
            }
        }
    }
}

fn figure(curve: &Curve, id: &str) -> Markup {
    let total = curve.firsts.len();
    let last = curve.firsts.last();
    html! {
        figure {
            (picture(curve, id))
            figcaption {
                p {
                    b { (cut(&curve.run)) } ": " (many(total, "kinds of calls")) " in "
                    (position(curve.axis, curve.end)) "."
                    @if let Some((at, call)) = last {
                        " The last new one was " code { (cut(call)) } ", " (place(curve, *at)) "."
                    }
                }
                @if curve.late.is_empty() {
                    p { "Nothing new in the later half." }
                } @else {
                    p {
                        "New in the later half"
                        @if curve.more_late > 0 { ", the last " (curve.late.len()) " of " (curve.late.len() + curve.more_late) }
                        ":"
                    }
                    ol.late {
                        @for late in &curve.late {
                            li { code { (cut(&late.call)) } " " small { (place(curve, late.at)) } }
                        }
                    }
                }
            }
        }
    }
}

fn picture(curve: &Curve, id: &str) -> Markup {
    let total = curve.firsts.len();
    let middle = LEFT.midpoint(RIGHT);
    html! {
        svg viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="img" aria-labelledby={ (id) "-t " (id) "-d" } {
            title id={ (id) "-t" } { "Kinds of calls seen, by " (axis(curve.axis)) }
            desc id={ (id) "-d" } { (description(curve)) }
            rect.half x=(middle) y=(TOP) width=(RIGHT - middle) height=(BOTTOM - TOP) {}
            @for (count, y) in [(total, TOP), (total / 2, height(total / 2, total)), (0, BOTTOM)] {
                line.grid x1=(LEFT) x2=(RIGHT) y1=(y) y2=(y) {}
                text x=(LEFT - 6) y=(y + 4) text-anchor="end" { (size(count)) }
            }
            path.curve d=(path(curve)) {}
            @for mark in marks(curve) {
                circle cx=(mark.x) cy=(mark.y) r="3.5" {}
                text.mark x=(mark.x) y=(mark.y - 8) text-anchor="middle" { (mark.label) }
            }
            @for (at, x, anchor) in [
                (0, LEFT, "start"), (curve.end / 2, middle, "middle"), (curve.end, RIGHT, "end"),
            ] {
                line.tick x1=(x) x2=(x) y1=(BOTTOM) y2=(BOTTOM + 4) {}
                text x=(x) y=(BOTTOM + 17) text-anchor=(anchor) { (tick(curve.axis, at)) }
            }
            text.axis x=(middle) y=(BOTTOM + 31) text-anchor="middle" { (axis(curve.axis)) }
        }
    }
}

/// A late call, or some that would stand over each other.
struct Mark {
    x: u64,
    y: u64,
    label: String,
}

fn marks(curve: &Curve) -> Vec<Mark> {
    /// What a label takes.
    const APART: u64 = 22;
    let total = curve.firsts.len();
    let x = |late: &Late| across(late.at, curve.end);
    let mut marks: Vec<Mark> = Vec::new();
    let mut done = 0;
    while let Some(first) = curve.late.get(done) {
        let rest = curve.late.iter().skip(done);
        let together: Vec<&Late> = rest.take_while(|it| x(it) < x(first) + APART).collect();
        let number = done + 1;
        done += together.len();
        let label = match together.len() {
            1 => number.to_string(),
            _ => format!("{number}–{done}"),
        };
        if let Some(last) = together.last() {
            let (x, y) = (x(first).midpoint(x(last)), height(last.count, total));
            marks.push(Mark { x, y, label });
        }
    }
    marks
}

/// The steps.
fn path(curve: &Curve) -> String {
    let total = curve.firsts.len();
    let mut path = format!("M{LEFT} {BOTTOM}");
    let mut seen = 0;
    for together in curve.firsts.chunk_by(|one, other| one.0 == other.0) {
        seen += together.len();
        let at = together.first().map_or(0, |(at, _)| *at);
        // Writing to a string does not fail.
        let _infallible = write!(path, "H{}V{}", across(at, curve.end), height(seen, total));
    }
    // Writing to a string does not fail.
    let _infallible = write!(path, "H{RIGHT}");
    path
}

fn across(at: u64, end: u64) -> u64 {
    let share = u128::from(at) * u128::from(RIGHT - LEFT) / u128::from(end.max(1));
    LEFT + u64::try_from(share).unwrap_or(RIGHT - LEFT)
}

fn height(count: usize, total: usize) -> u64 {
    let share = u64::try_from(count)
        .unwrap_or(u64::MAX)
        .saturating_mul(BOTTOM - TOP);
    BOTTOM - share / u64::try_from(total.max(1)).unwrap_or(u64::MAX)
}

/// The picture in words: when a half, nine tenths and all had been seen.
fn description(curve: &Curve) -> String {
    let total = curve.firsts.len();
    let at = |count: usize| {
        let first = curve.firsts.get(count.saturating_sub(1));
        first.map_or_else(String::new, |(at, _)| place(curve, *at))
    };
    format!(
        "Half of {} had been seen {}, nine in ten {}, the last {}.",
        many(total, "kinds of calls"),
        at(total.div_ceil(2)),
        at((total * 9).div_ceil(10)),
        at(total)
    )
}

const fn axis(axis: Axis) -> &'static str {
    match axis {
        Axis::Time => "time since the start",
        Axis::Lines => "lines of the log",
        Axis::Calls => "calls",
    }
}

/// `at 1 min 43 s`, `in line 1 042`, `at call 12 345`
fn place(curve: &Curve, at: u64) -> String {
    match curve.axis {
        Axis::Time => format!("at {}", time(at)),
        Axis::Lines => format!("in line {}", number(at)),
        Axis::Calls => format!("at call {}", number(at)),
    }
}

fn position(axis: Axis, at: u64) -> String {
    match axis {
        Axis::Time => time(at),
        Axis::Lines => format!("{} lines", number(at)),
        Axis::Calls => format!("{} calls", number(at)),
    }
}

fn tick(axis: Axis, at: u64) -> String {
    match axis {
        _ if at == 0 => "0".to_owned(),
        Axis::Time => time(at),
        Axis::Lines | Axis::Calls => number(at),
    }
}
