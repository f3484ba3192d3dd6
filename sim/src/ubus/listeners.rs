//! Objects of clients, and what they have asked ubusd to send to them.

use std::collections::{BTreeMap, BTreeSet};

/// The subscriptions of clients.
#[derive(Debug, Default)]
pub(super) struct Listeners {
    /// Object to client.
    objects: BTreeMap<u32, u32>,
    /// Targets and objects. What is there twice is delivered twice.
    subscriptions: Vec<(u32, u32)>,
    /// Objects and patterns of events.
    patterns: Vec<(u32, String)>,
}

impl Listeners {
    pub fn add(&mut self, object: u32, client: u32) {
        self.objects.insert(object, client);
    }

    /// The client whose object it is.
    pub fn owner(&self, object: u32) -> Option<u32> {
        self.objects.get(&object).copied()
    }

    pub fn remove(&mut self, object: u32) {
        self.objects.remove(&object);
        self.subscriptions.retain(|(_, of)| *of != object);
        self.patterns.retain(|(of, _)| *of != object);
    }

    /// A client has left.
    pub fn leave(&mut self, client: u32) {
        let of = |(object, owner): (&u32, &u32)| (*owner == client).then_some(*object);
        let objects: Vec<u32> = self.objects.iter().filter_map(of).collect();
        for object in objects {
            self.remove(object);
        }
    }

    pub fn subscribe(&mut self, object: u32, target: u32) {
        self.subscriptions.push((target, object));
    }

    /// Ends one subscription; whether there was one.
    pub fn unsubscribe(&mut self, object: u32, target: u32) -> bool {
        let found = self
            .subscriptions
            .iter()
            .position(|s| *s == (target, object));
        found.map(|at| self.subscriptions.remove(at)).is_some()
    }

    pub fn register(&mut self, object: u32, pattern: String) {
        self.patterns.push((object, pattern));
    }

    /// The clients and objects that hear of a target.
    pub fn subscribers(&self, target: u32) -> Vec<(u32, u32)> {
        let all = self.subscriptions.iter().filter(|(of, _)| *of == target);
        all.filter_map(|(_, object)| Some((self.owner(*object)?, *object)))
            .collect()
    }

    /// A target is gone; those who heard of it.
    pub fn orphans(&mut self, target: u32) -> Vec<(u32, u32)> {
        let orphans = self.subscribers(target);
        self.subscriptions.retain(|(of, _)| *of != target);
        orphans
    }

    /// The clients and objects that hear of an event, each once.
    pub fn hearers(&self, event: &str) -> BTreeSet<(u32, u32)> {
        let matches = |pattern: &str| match pattern.strip_suffix('*') {
            Some(prefix) => event.starts_with(prefix),
            None => event == pattern,
        };
        let all = self.patterns.iter().filter(|(_, p)| matches(p));
        all.filter_map(|(object, _)| Some((self.owner(*object)?, *object)))
            .collect()
    }
}
