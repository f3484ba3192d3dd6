//! The simulator in this process: SkyDNS, and a ubusd with netifd behind it.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde_json::Value;
use wansync_sim::ubus::UbusSim;
use wansync_sim::{Options, Sim, VPNKI_KEY};

use crate::folder::Folder;
use crate::measure::last_line;
use crate::namespace::ADDRESS;
use crate::resident::HANG;
use crate::tunnels::{self, Tunnels};

/// The file in which Debian and OpenWrt keep the certificate authorities.
const CA_BUNDLE: &str = "/etc/ssl/certs/ca-certificates.crt";

/// netifd's description of a WAN by DHCP.
const WAN_STATUS: &str = include_str!("wan-status.json");

/// SkyDNS over https, until it goes.
pub struct SkyDns {
    sim: Sim,
    folder: Folder,
}

/// A ubusd whose `wan` has the address, until it goes.
pub struct Ubus {
    sim: UbusSim,
    folder: Folder,
}

impl SkyDns {
    pub fn start() -> Result<SkyDns, String> {
        let sim = Sim::try_start(Options::default());
        Ok(SkyDns {
            sim: sim.map_err(|error| format!("the simulator: {error}"))?,
            folder: Folder::new()?,
        })
    }

    /// The `base_url` for SkyDNS, by a name, so that it has to be looked up.
    pub fn url(&self) -> String {
        let port = self.sim.https_addr().port();
        format!("https://localhost:{port}/provider_api/")
    }

    /// The requests so far.
    pub fn requests(&self) -> usize {
        self.sim.requests().len()
    }

    /// The time at which the last of `count` requests had been read, once it has come.
    pub fn request_at(&self, count: usize) -> Result<SystemTime, String> {
        match self.sim.wait_for_requests(count, HANG) {
            true => Ok(self.sim.requests()[count - 1].at),
            false => Err(format!("request {count} never came")),
        }
    }

    /// The sections of these tunnels. VPNKI knows them from now on, and lists
    /// them as active.
    pub fn sections_of(&self, tunnels: &Tunnels) -> Result<String, String> {
        let each = |of: &dyn Fn(usize) -> String| {
            let each: Vec<String> = (0..tunnels.count()).map(of).collect();
            each.join(",")
        };
        let known = each(&|n| format!("{}:{}", tunnels::name(n), tunnels::near(n)));
        let active = each(&tunnels::name);
        self.admin(&format!("vpnki?tunnels={known}&active={active}"))?;
        Ok(tunnels.sections(&self.sim.vpnki_url(), VPNKI_KEY))
    }

    fn admin(&self, page: &str) -> Result<(), String> {
        let cannot = |error| format!("the simulator: {error}");
        let host = self.sim.http_addr();
        let url = self.sim.admin_url();
        let path = url.split(&host.to_string()).nth(1).unwrap_or("/");
        let mut stream = TcpStream::connect(host).map_err(cannot)?;
        write!(
            stream,
            "GET {path}{page} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        )
        .map_err(cannot)?;
        let mut reply = String::new();
        stream.read_to_string(&mut reply).map_err(cannot)?;
        match reply.split(' ').nth(1) {
            Some("200") => Ok(()),
            _ => Err(format!("the simulator: {}", last_line(reply.as_bytes()))),
        }
    }

    /// The simulator's own authority alone.
    pub fn own_ca(&self) -> PathBuf {
        self.sim.ca_file().to_owned()
    }

    /// The machine's bundle with the simulator's authority at its end, as a
    /// router reads it.
    pub fn full_bundle(&self) -> Result<PathBuf, String> {
        let file = self.folder.file("bundle.pem");
        let text = read(Path::new(CA_BUNDLE))? + &read(&self.own_ca())?;
        fs::write(&file, text).map_err(|error| format!("{}: {error}", file.display()))?;
        Ok(file)
    }
}

impl Ubus {
    pub fn start() -> Result<Ubus, String> {
        let folder = Folder::new()?;
        let sim = UbusSim::start(folder.file(SOCKET));
        let sim = sim.map_err(|error| format!("the simulator's ubusd: {error}"))?;
        let ubus = Ubus { sim, folder };
        ubus.set_address(ADDRESS)?;
        Ok(ubus)
    }

    /// The WAN gets this address, as by a DHCP lease.
    pub fn set_address(&self, address: &str) -> Result<(), String> {
        let status = status("wan0", address)?;
        self.sim.set_interface("wan", status);
        Ok(())
    }

    /// The WAN is down, and waits for DHCP.
    pub fn take_down(&self) -> Result<(), String> {
        let mut status = status("wan0", ADDRESS)?;
        status["up"] = false.into();
        status["pending"] = true.into();
        let fields = status.as_object_mut().ok_or("wan-status.json")?;
        fields.retain(|name, _| !name.starts_with("ipv4-") && name != "l3_device");
        self.sim.set_interface("wan", status);
        Ok(())
    }

    /// The networks of these tunnels are up.
    pub fn add(&self, tunnels: &Tunnels) -> Result<(), String> {
        for n in 0..tunnels.count() {
            let name = tunnels::device(n);
            self.sim
                .set_interface(&name, status(&name, &tunnels::near(n))?);
        }
        Ok(())
    }

    /// The number of calls for all networks.
    pub fn dumps(&self) -> usize {
        let calls = self.sim.calls();
        calls.iter().filter(|call| call.ends_with(" dump")).count()
    }

    /// True if a subscriber hears of changes.
    pub fn is_heard(&self) -> bool {
        self.sim.subscriptions() > 0
    }

    pub fn socket(&self) -> PathBuf {
        self.folder.file(SOCKET)
    }
}

const SOCKET: &str = "ubus.sock";

fn status(device: &str, address: &str) -> Result<Value, String> {
    let mut status: Value =
        serde_json::from_str(WAN_STATUS).map_err(|error| format!("wan-status.json: {error}"))?;
    status["device"] = device.into();
    status["l3_device"] = device.into();
    status["ipv4-address"][0]["address"] = address.into();
    Ok(status)
}

/// The number of certificates in a PEM file.
pub fn certificates(file: &Path) -> Result<usize, String> {
    Ok(read(file)?.matches("-----BEGIN CERTIFICATE-----").count())
}

fn read(file: &Path) -> Result<String, String> {
    fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))
}
