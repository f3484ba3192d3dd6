//! The state that the handle and all connections share: the bus, and what a test scripts.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::Write;
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::thread;

use super::bus::{Bus, Call};
use super::client::Client;
use super::fault::UbusFault;
use super::message::Message;
use super::netifd::{Later, OBJECT};
use super::network::Outcome;

/// The script that runs when a network is to go up.
pub(super) type OnUp = Arc<Mutex<dyn FnMut() -> Outcome + Send>>;
/// The script that runs when an instance of a service gets a signal.
pub(super) type OnSignal = Arc<Mutex<dyn FnMut(i32) + Send>>;
/// The script that runs when a network is to go down.
pub(super) type OnDown = Arc<Mutex<dyn FnMut() + Send>>;

#[derive(Debug, Default)]
pub(super) struct UbusShared {
    state: Mutex<State>,
    /// Held while `up` and `down` are done: netifd does one after the other.
    order: Mutex<()>,
}

#[derive(Default)]
pub(super) struct State {
    pub bus: Bus,
    pub fault: UbusFault,
    /// The open connections, by client id.
    pub clients: BTreeMap<u32, Client>,
    /// ubusd is to stop, or has.
    pub stopped: bool,
    pub on_up: BTreeMap<String, OnUp>,
    pub on_down: BTreeMap<String, OnDown>,
    /// By service and instance.
    pub on_signal: BTreeMap<(String, String), OnSignal>,
    pub log: Option<File>,
    pub looks: bool,
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State")
            .field("bus", &self.bus)
            .field("fault", &self.fault)
            .finish_non_exhaustive()
    }
}

impl UbusShared {
    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.state
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Answers a request. What a test does on `up` and `down` is done first, and
    /// while nothing is locked, so that it may use the handle.
    pub fn answer(self: &Arc<Self>, client: u32, request: &Message) {
        let call = self.lock().bus.call(request);
        let is_order = |call: &Call| matches!(call.method.as_str(), "up" | "down");
        let order = call.as_ref().filter(|call| is_order(call));
        let _turn = order.map(|_| {
            self.order
                .lock()
                .unwrap_or_else(|poison| poison.into_inner())
        });
        let outcome = call.map_or(Outcome::Up, |call| self.script(&call));
        self.signal(request);
        self.change(|bus| bus.answer(client, request, outcome));
    }

    fn script(&self, call: &Call) -> Outcome {
        let mut state = self.lock();
        state.write(call);
        let Some(name) = &call.network else {
            return Outcome::Up;
        };
        if !state.bus.netifd.is_for(&call.method, name) {
            return Outcome::Up;
        }
        let up = state.on_up.get(name).cloned();
        let down = state.on_down.get(name).cloned();
        drop(state);
        match (call.method.as_str(), up, down) {
            ("up", Some(script), _) => run(&script),
            ("down", _, Some(script)) => {
                run_down(&script);
                Outcome::Up
            }
            _ => Outcome::Up,
        }
    }

    fn signal(&self, request: &Message) {
        let signals = self.lock().bus.signals(request);
        for signal in signals {
            let place = (signal.service, signal.instance);
            let script = self.lock().on_signal.get(&place).cloned();
            if let Some(script) = script {
                let mut script = script.lock().unwrap_or_else(|poison| poison.into_inner());
                script(signal.number);
            }
        }
    }

    /// Changes something, and sends what comes of it.
    pub fn change<T>(self: &Arc<Self>, edit: impl FnOnce(&mut Bus) -> T) -> T {
        let mut state = self.lock();
        let result = edit(&mut state.bus);
        state.bus.settle();
        state.send();
        for later in std::mem::take(&mut state.bus.netifd.later) {
            put_off(Arc::downgrade(self), later);
        }
        result
    }

    pub fn leave(&self, client: u32) {
        let mut state = self.lock();
        state.clients.remove(&client);
        state.bus.leave(client);
    }
}

impl State {
    fn send(&mut self) {
        let stalled = matches!(self.fault, UbusFault::Stall | UbusFault::Silent);
        for (client, message) in std::mem::take(&mut self.bus.outbox) {
            if let Some(client) = self.clients.get(&client).filter(|_| !stalled) {
                client.send(message.encode(), self.fault);
            }
        }
    }

    fn write(&mut self, call: &Call) {
        if let Some(log) = &mut self.log {
            let _ = writeln!(log, "{}", line(call));
        }
    }
}

fn line(call: &Call) -> String {
    let Call {
        path,
        method,
        network,
    } = call;
    match network {
        Some(name) if path == OBJECT => format!("{path} {method} {name}"),
        _ => format!("{path} {method}"),
    }
}

fn run(script: &OnUp) -> Outcome {
    let mut script = script.lock().unwrap_or_else(|poison| poison.into_inner());
    script()
}

fn run_down(script: &OnDown) {
    let mut script = script.lock().unwrap_or_else(|poison| poison.into_inner());
    script();
}

fn put_off(shared: Weak<UbusShared>, later: Later) {
    thread::spawn(move || {
        thread::sleep(later.wait);
        if let Some(shared) = shared.upgrade() {
            shared.change(|bus| bus.netifd.resume(later));
        }
    });
}
