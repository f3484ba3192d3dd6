//! The command line: what can be asked for, and nothing of what is done.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::resolver::Resolver;
use crate::{Fault, Times};

/// The world around wansync, on loopback: for its tests, its demo, and for trying
/// out what it does when a service misbehaves.
#[derive(Debug, Parser)]
#[command(name = "wansync-sim", version, after_long_help = crate::help())]
pub struct Cli {
    /// Which part of it.
    #[command(subcommand)]
    pub command: Command,
}

/// The parts. A new one is a variant here and a line in `main`.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// SkyDNS and VPNKI over http and https, until it is told to end (INT, TERM).
    Serve(Box<Serve>),
    /// Asks for one of a simulator's own pages, and prints it: for scripts.
    Admin {
        /// The page: `SIM_ADMIN_URL` of the ready file, and what is behind it.
        url: String,
    },
    /// Sends one echo; whether it was answered is the exit status. Needs root.
    Ping {
        /// Whom to.
        address: Ipv4Addr,
        /// How many milliseconds the answer may take.
        #[arg(long, value_name = "MS", default_value_t = 1000)]
        wait: u64,
    },
    /// Takes UDP datagrams, for ever.
    UdpListen {
        /// Where.
        at: SocketAddr,
        /// Sends each back as it came.
        #[arg(long)]
        echo: bool,
    },
    /// A resolver that blocks names as SkyDNS does, for ever.
    Resolver(Resolver),
    /// Sends UDP datagrams.
    UdpSend {
        /// Whom to.
        to: SocketAddr,
        /// How many bytes each has.
        #[arg(long, value_name = "BYTES", default_value_t = 200)]
        size: usize,
        /// How many milliseconds are between two.
        #[arg(long, value_name = "MS", default_value_t = 1000)]
        every: u64,
        /// How many; without it they do not end.
        #[arg(long, value_name = "N")]
        times: Option<u64>,
        /// How many milliseconds each may take to come back; without it none is to.
        #[arg(long, value_name = "MS")]
        wait: Option<u64>,
    },
    /// ubusd and netifd on a Unix socket; `ubus --help` says more.
    #[command(disable_help_flag = true)]
    Ubus {
        /// What `ubus` takes.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
}

/// What `serve` takes.
#[derive(Debug, Args)]
#[command(after_long_help = crate::help())]
pub struct Serve {
    /// The address to listen on.
    #[arg(long, value_name = "ADDR", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    pub listen: IpAddr,
    /// The port for plain http; 0 takes a free one.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub http_port: u16,
    /// The port for https; 0 takes a free one.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub https_port: u16,
    /// Another name or address for the server certificate.
    #[arg(long = "name", value_name = "NAME")]
    pub names: Vec<String>,
    /// Where to write the CA's certificate; by default a temporary file that is
    /// removed at the end.
    #[arg(long, value_name = "FILE")]
    pub ca_out: Option<PathBuf>,
    /// A SkyDNS key to accept, in place of the example key.
    #[arg(long = "key", value_name = "KEY")]
    pub keys: Vec<String>,
    /// A file with such a key in its first line.
    #[arg(long = "key-file", value_name = "FILE")]
    pub key_files: Vec<PathBuf>,
    /// The VPNKI key to accept, in place of the example key.
    #[arg(long, value_name = "KEY")]
    pub vpnki_key: Option<String>,
    /// A user, in place of the example user, with its profiles or the usual ones.
    #[arg(long = "user", value_name = "LOGIN[:ID=NAME,…]")]
    pub users: Vec<String>,
    /// A fault for the next request, the next N, or all; several are used up in
    /// their order.
    #[arg(long = "fault", value_name = "[N*|all*]FAULT", value_parser = planned)]
    pub faults: Vec<(Times, Fault)>,
    /// A file to write once it listens: its URLs as lines for a shell to source.
    #[arg(long, value_name = "FILE")]
    pub ready_file: Option<PathBuf>,
    /// Append the log to this file, not to standard output.
    #[arg(long, value_name = "FILE")]
    pub log: Option<PathBuf>,
    /// Write no log.
    #[arg(long, conflicts_with = "log")]
    pub quiet: bool,
}

/// `FAULT`, `3*FAULT` or `all*FAULT`.
fn planned(text: &str) -> Result<(Times, Fault), String> {
    let (times, fault) = match text.split_once('*') {
        Some(("all", fault)) => (Times::All, fault),
        Some((count, fault)) if count.parse::<usize>().is_ok() => {
            (Times::Next(count.parse().unwrap_or(1)), fault)
        }
        _ => (Times::Next(1), text),
    };
    Ok((times, fault.parse()?))
}
