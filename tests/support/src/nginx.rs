//! An nginx with a configuration of the test's, in a folder of its own.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::waiting::wait_for;

/// The spool folders, for the `http` of a configuration: an nginx of Debian would take
/// those below `/var/lib/nginx`.
pub const SPOOL: &str = "client_body_temp_path spool/1;proxy_temp_path spool/2;\
    fastcgi_temp_path spool/3;uwsgi_temp_path spool/4;scgi_temp_path spool/5;";

/// An nginx that runs until it is dropped.
pub struct Nginx(Child);

impl Nginx {
    /// Starts it with the `nginx.conf` that `configure` writes into the folder for ports
    /// of 127.0.0.1 which are free, so many of them.
    pub fn start(
        folder: &Path,
        count: usize,
        configure: impl Fn(&[SocketAddr]),
    ) -> (Nginx, Vec<SocketAddr>) {
        fs::create_dir_all(folder.join("spool")).expect("a folder");
        // Another process may take a port before nginx does.
        for _ in 0..10 {
            let addresses = free_addresses(count);
            configure(&addresses);
            if let Some(nginx) = start(folder, addresses[0]) {
                return (Nginx(nginx), addresses);
            }
        }
        let said = fs::read_to_string(folder.join("said")).unwrap_or_default();
        panic!("nginx does not start: {said}");
    }
}

impl Nginx {
    /// Has it read its configuration again, a moment later.
    pub fn reload(&self) {
        kill_process(Pid::from_child(&self.0), Signal::HUP).expect("it runs");
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // The master takes its workers with it; killed, it would leave them.
        let _ = kill_process(Pid::from_child(&self.0), Signal::TERM);
        let _ = self.0.wait();
    }
}

fn free_addresses(count: usize) -> Vec<SocketAddr> {
    let listeners: Vec<_> = (0..count)
        .map(|_| TcpListener::bind("127.0.0.1:0").expect("a port"))
        .collect();
    let addresses = listeners.iter().map(TcpListener::local_addr);
    addresses
        .map(|address| address.expect("an address"))
        .collect()
}

/// The folder of Debian's packages that `tests/setup` unpacked.
fn unpacked() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/test-nginx/usr")
}

/// The nginx of `tests/setup`, or Debian's.
fn program() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let installed = std::env::split_paths(&path).map(|folder| folder.join("nginx"));
    let own = unpacked().join("sbin/nginx");
    let all = std::iter::once(own).chain(installed);
    let mut all = all.chain(["/usr/sbin/nginx".into()]);
    all.find(|path| path.is_file())
        .expect("nginx: run tests/setup")
}

/// The module with which nginx runs JavaScript.
pub fn js_module() -> PathBuf {
    let modules = unpacked().join("lib/nginx/modules");
    let all = [modules, "/usr/lib/nginx/modules".into()];
    all.map(|folder| folder.join("ngx_http_js_module.so"))
        .into_iter()
        .find(|path| path.is_file())
        .expect("nginx's JavaScript: run tests/setup")
}

/// `None` if it ends instead of listening.
fn start(folder: &Path, address: SocketAddr) -> Option<Child> {
    let said = File::create(folder.join("said")).expect("a file");
    let mut nginx = Command::new("setpriv")
        .args(["--pdeathsig", "TERM", "--"])
        .arg(program())
        .arg("-p")
        .arg(folder)
        .arg("-e")
        .arg(folder.join("error.log"))
        .args(["-c", "nginx.conf", "-g", "daemon off; pid nginx.pid;"])
        .stdin(Stdio::null())
        .stdout(said.try_clone().expect("a file"))
        .stderr(said)
        .spawn()
        .expect("setpriv is there");
    let ended = wait_for(|| {
        if nginx.try_wait().expect("a child").is_some() {
            return Some(true);
        }
        // What answers may be the one who took the port: nginx ends then.
        let answers = folder.join("nginx.pid").exists() && TcpStream::connect(address).is_ok();
        answers.then_some(false)
    });
    match ended.expect("nginx listens, or ends") {
        true => None,
        false => Some(nginx),
    }
}
