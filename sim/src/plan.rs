//! Which fault meets which request: a queue that requests use up, and standing
//! faults for when the queue has nothing for them.

use std::collections::VecDeque;

use crate::faults::{Fault, Times};

/// The faults that wait for requests and connections.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    queue: VecDeque<Entry>,
    standing: Vec<Entry>,
}

#[derive(Debug, Clone)]
struct Entry {
    fault: Fault,
    /// Only requests whose path and query contain this.
    part: Option<String>,
}

impl Plan {
    pub fn add(&mut self, fault: Fault, times: Times, part: Option<&str>) {
        let entry = Entry {
            fault,
            part: part.map(str::to_owned),
        };
        match times {
            Times::Next(n) => self.queue.extend(std::iter::repeat_n(entry, n)),
            Times::All => {
                self.standing.retain(|old| !old.competes(&entry));
                self.standing.push(entry);
            }
        }
    }

    pub fn clear(&mut self) {
        *self = Plan::default();
    }

    /// The number of queued faults that nothing has met yet.
    pub fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// The fault for a connection that was just accepted on the https port: the
    /// head of the queue, if it is for connections, so that a schedule keeps its order.
    pub fn for_connection(&mut self) -> Option<Fault> {
        if self.queue.front().is_some_and(|entry| entry.fault.is_tls()) {
            return self.queue.pop_front().map(|entry| entry.fault);
        }
        let standing = self.standing.iter().find(|entry| entry.fault.is_tls());
        standing.map(|entry| entry.fault.clone())
    }

    /// The fault for a request: the first queued one that applies to it, past
    /// those that wait for a connection or another path; then a standing one.
    pub fn for_request(&mut self, target: &str) -> Option<Fault> {
        let place = self.queue.iter().position(|entry| entry.applies(target));
        let queued = place.and_then(|place| self.queue.remove(place));
        let found = queued.or_else(|| {
            let standing = self.standing.iter().find(|entry| entry.applies(target));
            standing.cloned()
        });
        let fault = found.map(|entry| entry.fault);
        fault.filter(|fault| *fault != Fault::None)
    }
}

impl Entry {
    fn applies(&self, target: &str) -> bool {
        let part = self.part.as_deref().unwrap_or("");
        !self.fault.is_tls() && target.contains(part)
    }

    fn competes(&self, other: &Entry) -> bool {
        self.fault.is_tls() == other.fault.is_tls() && self.part == other.part
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::TlsFault;

    const EXPIRED: Fault = Fault::Tls(TlsFault::Expired);

    #[test]
    fn the_queue_is_used_up_in_order_and_then_the_standing_fault_holds() {
        let mut plan = Plan::default();
        plan.add(Fault::Bom, Times::All, None);
        plan.add(Fault::Empty, Times::Next(2), None);
        plan.add(Fault::None, Times::Next(1), None);
        let met: Vec<_> = (0..5).map(|_| plan.for_request("/")).collect();
        let bom = Some(Fault::Bom);
        let empty = Some(Fault::Empty);
        assert_eq!(met, [empty.clone(), empty, None, bom.clone(), bom]);
    }

    #[test]
    fn a_connection_takes_a_tls_fault_only_when_its_turn_has_come() {
        let mut plan = Plan::default();
        plan.add(Fault::Empty, Times::Next(1), None);
        plan.add(EXPIRED, Times::Next(1), None);
        assert_eq!(plan.for_connection(), None);
        assert_eq!(plan.for_request("/"), Some(Fault::Empty));
        assert_eq!(plan.for_request("/"), None);
        assert_eq!(plan.for_connection(), Some(EXPIRED));
        assert_eq!(plan.for_connection(), None);
    }

    #[test]
    fn a_fault_for_one_path_waits_for_it() {
        let mut plan = Plan::default();
        plan.add(Fault::Empty, Times::Next(1), Some("resource=active"));
        assert_eq!(plan.for_request("/provider_api/list_ip"), None);
        assert_eq!(
            plan.for_request("/index.php?resource=active"),
            Some(Fault::Empty)
        );
        assert_eq!(plan.waiting(), 0);
    }
}
