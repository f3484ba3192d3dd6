//! The handle: what tests set up, script, break and count.

use std::fs::{self, File};
use std::io;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, Weak};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::{Map, Value};

use super::blob;
use super::bus::Call;
use super::fault::UbusFault;
use super::network::Outcome;
use super::shared::{OnDown, OnSignal, OnUp, UbusShared};
use super::socket;

/// The pause between two checks of a network that follows a device.
const DEVICE_POLL_INTERVAL: Duration = Duration::from_millis(50);

/// A running stand-in. Dropping it closes all connections and removes the socket.
#[derive(Debug)]
pub struct UbusSim {
    path: PathBuf,
    shared: Arc<UbusShared>,
    acceptor: Mutex<Option<JoinHandle<()>>>,
}

fn look_again(shared: Weak<UbusShared>) {
    thread::spawn(move || {
        loop {
            thread::sleep(DEVICE_POLL_INTERVAL);
            let Some(shared) = shared.upgrade() else {
                return;
            };
            shared.change(|bus| bus.netifd.look());
        }
    });
}

impl UbusSim {
    /// Listens at `path`, replacing a socket that is there, with no network yet.
    pub fn start(path: impl AsRef<Path>) -> io::Result<UbusSim> {
        let sim = UbusSim {
            path: path.as_ref().to_owned(),
            shared: Arc::new(UbusShared::default()),
            acceptor: Mutex::new(None),
        };
        sim.start_ubusd()?;
        Ok(sim)
    }

    /// The path of its socket.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Adds or replaces a network; `status` is what `ubus call
    /// network.interface.NAME status` would print. Subscribers hear what netifd
    /// would tell: of coming up or going down, of other addresses, routes,
    /// prefixes or data while up (which are then in `updated`), and of `errors`.
    /// A new device or protocol is down and up.
    pub fn set_interface(&self, name: &str, status: Value) {
        self.shared.change(|bus| bus.netifd.set(name, status));
    }

    /// Replaces a network as [`UbusSim::set_interface`], with it down in between, as when a line is dialled
    /// anew or a static address is configured.
    pub fn redial(&self, name: &str, status: Value) {
        self.shared.change(|bus| bus.netifd.redial(name, status));
    }

    /// Adds or replaces a network that follows a device of this namespace: it
    /// has the addresses that the device has then. Its protocol is `static`, unless
    /// another one stands behind the device: `DEVICE/PROTO`.
    pub fn follow_device(&self, name: &str, device: &str) {
        self.shared.change(|bus| bus.netifd.follow(name, device));
        if !std::mem::replace(&mut self.shared.lock().looks, true) {
            look_again(Arc::downgrade(&self.shared));
        }
    }

    /// Removes a network and its object. Whether there was one.
    pub fn remove_interface(&self, name: &str) -> bool {
        self.shared.change(|bus| bus.netifd.remove(name))
    }

    /// Sets what happens when this network is to go up and is
    /// neither up nor pending. It may take its time, and may use the handle.
    pub fn on_up(&self, name: &str, script: impl FnMut() -> Outcome + Send + 'static) {
        let script: OnUp = Arc::new(Mutex::new(script));
        self.shared.lock().on_up.insert(name.to_owned(), script);
    }

    /// Sets what happens when this network is to go down and is up
    /// or pending, just before it is.
    pub fn on_down(&self, name: &str, script: impl FnMut() + Send + 'static) {
        let script: OnDown = Arc::new(Mutex::new(script));
        self.shared.lock().on_down.insert(name.to_owned(), script);
    }

    /// Adds or replaces an instance of a service of procd, whose object is there once
    /// there is a service. `status` is what `ubus call service list` prints for it, such
    /// as [`procd::running`](super::procd::running).
    pub fn set_instance(&self, service: &str, instance: &str, status: Value) {
        self.shared
            .change(|bus| bus.procd.set(service, instance, status));
    }

    /// Removes a service with its instances. Whether there was one.
    pub fn remove_service(&self, service: &str) -> bool {
        self.shared.change(|bus| bus.procd.remove(service))
    }

    /// Sets what happens when this instance gets a signal while it runs. It may take its
    /// time, and may use the handle.
    pub fn on_signal(
        &self,
        service: &str,
        instance: &str,
        script: impl FnMut(i32) + Send + 'static,
    ) {
        let script: OnSignal = Arc::new(Mutex::new(script));
        let place = (service.to_owned(), instance.to_owned());
        self.shared.lock().on_signal.insert(place, script);
    }

    /// Sends a notification of an object to those who have subscribed to it,
    /// whatever netifd thinks. Unless it is `silent`, they have to answer it.
    pub fn notify(&self, path: &str, method: &str, data: &Map<String, Value>, silent: bool) {
        let data = blob::fields_from_json(data);
        self.shared
            .change(|bus| bus.notify(path, method, &data, silent));
    }

    /// Ends netifd: networks go down, objects go.
    pub fn stop_netifd(&self) {
        self.shared.change(|bus| {
            bus.netifd.stop();
            bus.disconnect_netifd();
        });
    }

    /// Starts netifd: objects come with new ids, networks come up, those too that
    /// a call has taken down.
    pub fn start_netifd(&self) {
        self.shared.change(|bus| {
            bus.netifd.start();
            bus.connect_netifd();
        });
    }

    /// Restarts netifd.
    pub fn restart_netifd(&self) {
        self.stop_netifd();
        self.start_netifd();
    }

    /// Ends ubusd: all connections are closed, the socket is gone.
    pub fn stop_ubusd(&self) {
        self.shared.lock().stopped = true;
        // Wakes `accept`, which then sees that it is over. Where the socket was
        // removed under it, nothing can, and it is left behind.
        let woken = UnixStream::connect(&self.path).is_ok();
        let acceptor = self.acceptor.lock().ok().and_then(|mut it| it.take());
        if let Some(acceptor) = acceptor.filter(|_| woken) {
            let _ = acceptor.join();
        }
        let _ = fs::remove_file(&self.path);
        let mut state = self.shared.lock();
        for (id, client) in std::mem::take(&mut state.clients) {
            client.close();
            state.bus.leave(id);
        }
    }

    /// Starts ubusd: the socket is there again, and netifd has connected to it
    /// and published its objects with new ids.
    pub fn start_ubusd(&self) -> io::Result<()> {
        let _ = fs::remove_file(&self.path);
        let listener = UnixListener::bind(&self.path)?;
        self.shared.change(|bus| {
            bus.disconnect_netifd();
            bus.connect_netifd();
        });
        self.shared.lock().stopped = false;
        let shared = Arc::clone(&self.shared);
        let acceptor = thread::spawn(move || socket::accept(&listener, &shared));
        if let Ok(mut place) = self.acceptor.lock() {
            *place = Some(acceptor);
        }
        Ok(())
    }

    /// Restarts ubusd; it is away for so long.
    pub fn restart_ubusd(&self, away: Duration) -> io::Result<()> {
        self.stop_ubusd();
        thread::sleep(away);
        self.start_ubusd()
    }

    /// Does something wrong from now on.
    pub fn set_fault(&self, fault: UbusFault) {
        let mut state = self.shared.lock();
        state.fault = fault;
        state.bus.refuses = fault == UbusFault::Refuse;
    }

    /// The calls so far, each as `path method`.
    pub fn calls(&self) -> Vec<String> {
        let calls = self.journal().into_iter();
        calls
            .map(|call| format!("{} {}", call.path, call.method))
            .collect()
    }

    /// The calls so far.
    pub fn journal(&self) -> Vec<Call> {
        self.shared.lock().bus.calls.clone()
    }

    /// The number of times this method of this network was called, by any object.
    pub fn called(&self, method: &str, network: &str) -> usize {
        let calls = self.journal().into_iter();
        calls
            .filter(|call| call.method == method && call.network.as_deref() == Some(network))
            .count()
    }

    /// The number of connected clients.
    pub fn clients(&self) -> usize {
        self.shared.lock().clients.len()
    }

    /// The number of subscriptions to the object `network.interface`.
    pub fn subscriptions(&self) -> usize {
        self.shared.lock().bus.subscriptions()
    }

    /// Appends a line to this file for each call, before it is answered: path,
    /// method, and the network where the path does not say which.
    pub fn log_to(&self, path: &Path) -> io::Result<()> {
        let file = File::options().create(true).append(true).open(path)?;
        self.shared.lock().log = Some(file);
        Ok(())
    }
}

impl Drop for UbusSim {
    fn drop(&mut self) {
        self.stop_ubusd();
    }
}
