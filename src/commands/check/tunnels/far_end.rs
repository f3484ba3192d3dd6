//! The tunnels' far ends: does each answer an echo?

use std::net::IpAddr;
use std::time::Duration;

use super::networks::device_of;
use crate::commands::check::findings::Findings;
use crate::exit::Exit;
use crate::sys::clock;
use crate::sys::ping::Echo;
use wansync_core::config::{Config, Tunnel};
use wansync_core::reason;
use wansync_core::reason::Reason;
use wansync_core::ubus::netifd::Network;

/// The longest wait for an echo; a tunnel over a satellite takes less.
const ECHO_TIMEOUT: Duration = Duration::from_secs(2);
const ECHO_POLL_INTERVAL: Duration = Duration::from_millis(20);

/// An echo that is under way.
pub(super) struct SentEcho {
    target: IpAddr,
    /// `option ping_size`
    size: Option<u16>,
    sent: Duration,
    echo: Result<Echo, Reason>,
}

/// One echo through each tunnel that has a device and a far end.
pub(super) fn send_echoes<'a>(
    config: &'a Config,
    networks: &[Network],
) -> Vec<(&'a str, SentEcho)> {
    let one = |(number, (name, tunnel)): (usize, (&'a str, &Tunnel))| {
        let (device, target) = (device_of(tunnel, networks)?, tunnel.ping?);
        let echo = Echo::open(target, device, number as u16)
            .and_then(|mut echo| echo.send().map(|()| echo));
        let sent = clock::since_boot();
        let probe = SentEcho {
            target,
            size: tunnel.ping_size,
            sent,
            echo,
        };
        Some((name, probe))
    };
    config.ready_tunnels().enumerate().filter_map(one).collect()
}

pub(super) fn check_echo(probe: &mut SentEcho, device: &str, findings: &mut Findings<'_>) {
    let target = probe.target;
    match await_echo(probe) {
        Ok(true) => match probe.size.filter(|size| !answers_large(probe, *size)) {
            Some(size) => findings.warn(reason!(
                CheckLargeLost,
                address = target,
                device = device,
                bytes = u32::from(size)
            )),
            None => findings.good(reason!(CheckAnswers, address = target, device = device)),
        },
        Ok(false) => {
            let fault = reason!(CheckNoAnswer, address = target, device = device);
            findings.bad(Exit::Later, fault);
        }
        Err(why) => findings.bad(Exit::Later, why),
    }
}

/// Whether a large echo is answered, or cannot be sent, which tells nothing.
fn answers_large(probe: &mut SentEcho, size: u16) -> bool {
    let sent = probe.echo.as_mut().map(|echo| echo.send_large(size));
    probe.sent = clock::since_boot();
    !matches!(sent, Ok(Ok(()))) || await_echo(probe).unwrap_or(true)
}

fn await_echo(probe: &mut SentEcho) -> Result<bool, Reason> {
    let echo = probe.echo.as_mut().map_err(|why| why.clone())?;
    let end = probe.sent + ECHO_TIMEOUT;
    loop {
        let is_over = clock::since_boot() >= end;
        match echo.answer()? {
            Some(_) => return Ok(true),
            None if is_over => return Ok(false),
            None => clock::sleep(ECHO_POLL_INTERVAL),
        }
    }
}
