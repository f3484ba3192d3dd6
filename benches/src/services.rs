//! The simulator in this process: SkyDNS, and a ubusd with netifd behind it.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use wansync_sim::ubus::UbusSim;
use wansync_sim::{Options, Sim};

use crate::scene::{ADDRESS, Folder};

/// Where Debian and OpenWrt keep the certificate authorities.
const CA_BUNDLE: &str = "/etc/ssl/certs/ca-certificates.crt";

/// What netifd says of a WAN by DHCP.
const WAN_STATUS: &str = include_str!("wan-status.json");

/// SkyDNS over https, until it goes.
pub struct SkyDns {
    sim: Sim,
    folder: Folder,
}

/// A ubusd whose `wan` has the address, until it goes.
pub struct Ubus {
    _sim: UbusSim,
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
        sim.set_interface("wan", wan_status()?);
        Ok(Ubus { _sim: sim, folder })
    }

    pub fn socket(&self) -> PathBuf {
        self.folder.file(SOCKET)
    }
}

const SOCKET: &str = "ubus.sock";

fn wan_status() -> Result<Value, String> {
    let mut status: Value =
        serde_json::from_str(WAN_STATUS).map_err(|error| format!("wan-status.json: {error}"))?;
    status["ipv4-address"][0]["address"] = ADDRESS.into();
    Ok(status)
}

/// The number of certificates in a PEM file.
pub fn certificates(file: &Path) -> Result<usize, String> {
    Ok(read(file)?.matches("-----BEGIN CERTIFICATE-----").count())
}

fn read(file: &Path) -> Result<String, String> {
    fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))
}
