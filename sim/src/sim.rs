//! The handle that tests hold: a running simulator.

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use tempfile::TempPath;

use crate::admin;
use crate::faults::{Fault, Times};
use crate::journal::{Connection, Journal, LogTo, Request, Scheme, named};
use crate::plan::Plan;
use crate::server::{self, listen, reachable};
use crate::shared::Shared;
use crate::skydns;
use crate::state::{PROVIDER, World};
use crate::tls::Authority;
use crate::vpnki;

/// The names that every server certificate is for, beside the listening address
/// and [`Options::names`].
const NAMES: &[&str] = &["localhost", "127.0.0.1", "www.skydns.ru", "vpnki.com"];

/// The options of a simulator. The default is what tests want: 127.0.0.1, ports
/// that the kernel chooses, a CA file that goes with the simulator, no log.
#[derive(Debug, Clone)]
pub struct Options {
    /// The address that both listeners bind.
    pub listen: IpAddr,
    /// The http port; 0 lets the kernel choose.
    pub http_port: u16,
    /// The https port; 0 lets the kernel choose.
    pub https_port: u16,
    /// More names and addresses for the server certificate.
    pub names: Vec<String>,
    /// The file for the CA's certificate, to stay; by default a temporary file.
    pub ca_out: Option<PathBuf>,
    /// The destination of the log.
    pub log: LogTo,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            listen: Ipv4Addr::LOCALHOST.into(),
            http_port: 0,
            https_port: 0,
            names: Vec::new(),
            ca_out: None,
            log: LogTo::Nowhere,
        }
    }
}

/// A running simulator of both services. It ends, with its threads, its
/// connections and its temporary CA file, when it is dropped.
pub struct Sim {
    pub(crate) shared: Arc<Shared>,
    listeners: Vec<JoinHandle<()>>,
    ca_file: PathBuf,
    /// Removes the CA file when it is dropped.
    _temporary: Option<TempPath>,
}

impl Sim {
    /// Starts a simulator.
    ///
    /// # Panics
    /// If a port is taken or a file cannot be written; see [`Sim::try_start`].
    pub fn start(options: Options) -> Sim {
        Sim::try_start(options).expect("the simulator starts")
    }

    /// Starts a simulator.
    ///
    /// # Errors
    /// If an address or port cannot be bound, a name is no name, or a file
    /// cannot be written.
    pub fn try_start(options: Options) -> io::Result<Sim> {
        let bind = |port| {
            let address = SocketAddr::new(options.listen, port);
            let busy =
                |cause: io::Error| io::Error::new(cause.kind(), format!("{address}: {cause}"));
            TcpListener::bind(address).map_err(busy)
        };
        let (http, https) = (bind(options.http_port)?, bind(options.https_port)?);
        let authority = Authority::new(names(&options)).map_err(io::Error::other)?;
        let (ca_file, temporary) = write_ca(&authority.pem, options.ca_out)?;
        let shared = Arc::new(Shared {
            world: Mutex::new(World::initial()),
            marked: Mutex::new(World::initial()),
            plan: Mutex::new(Plan::default()),
            journal: Journal::new(&options.log)?,
            authority,
            stop: Default::default(),
            http: http.local_addr()?,
            https: https.local_addr()?,
        });
        let listeners = vec![
            listen(shared.clone(), http, Scheme::Http),
            listen(shared.clone(), https, Scheme::Https),
        ];
        Ok(Sim {
            shared,
            listeners,
            ca_file,
            _temporary: temporary,
        })
    }

    /// The base URL of the SkyDNS methods over http: `http://127.0.0.1:PORT/provider_api/`.
    pub fn http_url(&self) -> String {
        format!("http://{}{}", reachable(self.shared.http), skydns::BASE)
    }

    /// The base URL of the SkyDNS methods over https: `https://127.0.0.1:PORT/provider_api/`.
    pub fn https_url(&self) -> String {
        format!("https://{}{}", reachable(self.shared.https), skydns::BASE)
    }

    /// The base URL of the VPNKI resources over https:
    /// `https://127.0.0.1:PORT/index.php/en/`.
    pub fn vpnki_url(&self) -> String {
        format!(
            "https://{}{}",
            reachable(self.shared.https),
            vpnki::PATHS[0]
        )
    }

    /// The base URL of the VPNKI resources over http.
    pub fn vpnki_http_url(&self) -> String {
        format!("http://{}{}", reachable(self.shared.http), vpnki::PATHS[0])
    }

    /// An https page that answers with the client's address and nothing else, or
    /// with what [`Sim::set_echo`] was given.
    pub fn echo_url(&self) -> String {
        format!("https://{}{}", reachable(self.shared.https), admin::ECHO)
    }

    /// The simulator's own pages: `http://127.0.0.1:PORT/_sim/`.
    pub fn admin_url(&self) -> String {
        format!("http://{}{}", reachable(self.shared.http), admin::BASE)
    }

    /// The http listener.
    pub fn http_addr(&self) -> SocketAddr {
        self.shared.http
    }

    /// The https listener. For another name of the certificate:
    /// `format!("https://localhost:{}/provider_api/", sim.https_addr().port())`.
    pub fn https_addr(&self) -> SocketAddr {
        self.shared.https
    }

    /// The certificate of the simulator's CA, PEM.
    pub fn ca_file(&self) -> &Path {
        &self.ca_file
    }

    /// Another key of the provider that all users without another belong to.
    pub fn add_key(&self, key: &str) {
        self.add_provider(PROVIDER, key);
    }

    /// A key of a provider, which exists from then on.
    pub fn add_provider(&self, provider: &str, key: &str) {
        let mut world = self.shared.world();
        world.keys.insert(key.to_owned(), provider.to_owned());
    }

    /// A key that is not accepted any more.
    pub fn remove_key(&self, key: &str) {
        self.shared.world().keys.remove(key);
    }

    /// A user with profiles (id and name); without any, those of the first user.
    pub fn add_user(&self, login: &str, profiles: &[(u32, &str)]) {
        self.add_user_of(PROVIDER, login, profiles);
    }

    /// A user of another provider.
    pub fn add_user_of(&self, provider: &str, login: &str, profiles: &[(u32, &str)]) {
        self.shared.world().add_user(provider, login, profiles);
    }

    /// A user that is not known any more; what it held is free.
    pub fn remove_user(&self, login: &str) {
        self.shared.world().users.remove(login);
    }

    /// Another key that VPNKI accepts.
    pub fn add_vpnki_key(&self, key: &str) {
        self.shared.world().vpnki.keys.push(key.to_owned());
    }

    /// A key that VPNKI does not accept any more.
    pub fn remove_vpnki_key(&self, key: &str) {
        self.shared.world().vpnki.keys.retain(|known| known != key);
    }

    /// A fault for the requests (or TLS connections) to come. `Next` is queued
    /// behind those that wait already; `All` holds whenever none of those applies.
    pub fn fault(&self, fault: Fault, times: Times) {
        self.shared.plan().add(fault, times, None);
    }

    /// A fault only for requests whose path and query contain `part`, for example
    /// `update_ip` or `resource=active`.
    pub fn fault_for(&self, part: &str, fault: Fault, times: Times) {
        self.shared.plan().add(fault, times, Some(part));
    }

    /// A fault for each request to come, in order; [`Fault::None`] lets one pass.
    /// A TLS fault in it waits for the next connection to the https port.
    pub fn schedule(&self, faults: Vec<Fault>) {
        let mut plan = self.shared.plan();
        for fault in faults {
            plan.add(fault, Times::Next(1), None);
        }
    }

    /// The number of queued faults that nothing has met yet.
    pub fn faults_waiting(&self) -> usize {
        self.shared.plan().waiting()
    }

    /// Every request since the start or the last [`Sim::clear`]. The simulator's
    /// own pages are not among them.
    pub fn requests(&self) -> Vec<Request> {
        self.shared.journal.requests()
    }

    /// The https connections that met a TLS fault or failed their handshake.
    pub fn connections(&self) -> Vec<Connection> {
        self.shared.journal.connections()
    }

    /// Waits until so many requests are recorded; false if the time ran out.
    pub fn wait_for_requests(&self, count: usize, timeout: Duration) -> bool {
        self.shared.journal.wait_for_requests(count, timeout)
    }

    /// Waits until [`Sim::connections`] has so many; false if the time ran out.
    pub fn wait_for_connections(&self, count: usize, timeout: Duration) -> bool {
        self.shared.journal.wait_for_connections(count, timeout)
    }

    /// Forgets the recorded requests and connections and all faults. Users, keys,
    /// bindings and tunnels stay.
    pub fn clear(&self) {
        self.shared.plan().clear();
        self.shared.journal.clear();
    }

    /// Does as [`Sim::clear`], and the services' state is that of the start, or of the
    /// last [`Sim::mark`].
    pub fn reset(&self) {
        self.shared.reset_world();
        self.clear();
    }

    /// Makes the services' state what [`Sim::reset`] returns to.
    pub fn mark(&self) {
        self.shared.mark_world();
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        self.shared.stop.stop();
        server::wake(self.shared.http);
        server::wake(self.shared.https);
        for listener in self.listeners.drain(..) {
            let _ = listener.join();
        }
    }
}

fn names(options: &Options) -> Vec<String> {
    let mut names: Vec<String> = NAMES.iter().map(|name| (*name).to_owned()).collect();
    names.push(options.listen.to_string());
    names.extend(options.names.iter().cloned());
    names
}

fn write_ca(pem: &str, asked: Option<PathBuf>) -> io::Result<(PathBuf, Option<TempPath>)> {
    if let Some(path) = asked {
        std::fs::write(&path, pem).map_err(|cause| named(&path, &cause))?;
        return Ok((path, None));
    }
    let mut file = tempfile::Builder::new()
        .prefix("wansync-sim-")
        .suffix(".pem")
        .tempfile()?;
    file.write_all(pem.as_bytes())?;
    let temporary = file.into_temp_path();
    Ok((temporary.to_path_buf(), Some(temporary)))
}
