//! Flapping: many changes of one section within a short time become one line.

use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use super::timeline::Quality;
use super::{Entry, Line};

/// The longest pause between two changes that belong together.
const MAX_PAUSE: Duration = Duration::from_secs(5 * 60);
/// The number of changes from which they are one line.
const MIN_CHANGES: u32 = 6;

/// Folds the lines of one boot. What is folded already is folded with what follows it.
pub(super) fn fold(lines: &mut Vec<Line>) {
    // For each line the place of the change before it that it belongs to, and the number
    // of changes up to it.
    let mut chains: Vec<(Option<usize>, u32)> = Vec::with_capacity(lines.len());
    for (place, line) in lines.iter().enumerate() {
        let mut link = (None, 0);
        if let Line::Change(entry) = line {
            let before = change_before(&lines[..place], entry);
            let count = before.map_or(0, |before| chains[before].1);
            link = (before, entry.count.saturating_add(count));
        }
        chains.push(link);
    }
    let mut is_folded = vec![false; lines.len()];
    for place in (0..lines.len()).rev() {
        if is_folded[place] || chains[place].1 < MIN_CHANGES {
            continue;
        }
        let Line::Change(last) = &lines[place] else {
            continue;
        };
        let mut folded = last.clone();
        let mut link = chains[place].0;
        while let Some(before) = link {
            if let Line::Change(early) = &lines[before] {
                folded.take_in(early);
            }
            is_folded[before] = true;
            link = chains[before].0;
        }
        lines[place] = Line::Change(folded);
    }
    let mut kept = is_folded.iter();
    lines.retain(|_| kept.next() == Some(&false));
}

/// The place of the section's change before this one, if the pause between them is short
/// and something was watched in it.
fn change_before(lines: &[Line], entry: &Entry) -> Option<usize> {
    for (place, line) in lines.iter().enumerate().rev() {
        match line {
            Line::Gap(_) => return None,
            Line::Change(before) if before.section == entry.section => {
                let is_near = entry.at.since(before.end) <= MAX_PAUSE;
                return is_near.then_some(place);
            }
            Line::Change(_) => {}
        }
    }
    None
}

impl Entry {
    /// Takes in what came before it.
    fn take_in(&mut self, early: &Entry) {
        let between = self.at.since(early.end).as_secs() as u32;
        match early.quality() {
            Quality::Good => self.good_s = self.good_s.saturating_add(between),
            Quality::Bad => self.bad_s = self.bad_s.saturating_add(between),
            _ => {}
        }
        self.good_s = self.good_s.saturating_add(early.good_s);
        self.bad_s = self.bad_s.saturating_add(early.bad_s);
        self.count = self.count.saturating_add(early.count);
        self.at = early.at.min(self.at);
    }
}
