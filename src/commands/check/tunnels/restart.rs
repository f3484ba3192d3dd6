//! Whether `on_down 'restart'` reaches what makes a tunnel: netifd's network, or an
//! instance of a service of procd.

use std::cell::OnceCell;

use crate::agent::paths::Paths;
use crate::commands::check::findings::Findings;
use crate::exit::Exit;
use crate::sys::ubus::service;
use wansync_core::config::suggest::nearest_name;
use wansync_core::config::{ServiceInstance, Tunnel};
use wansync_core::reason;
use wansync_core::reason::Reason;
use wansync_core::tunnel::recovery::OnDown;
use wansync_core::ubus::netifd::{Network, find};
use wansync_core::ubus::procd::{Instance, Service};

/// The service of OpenVPN's clients, and the name of its configuration.
const OPENVPN: &str = "openvpn";

/// The services of procd, which are asked for once.
pub(super) struct Services<'a> {
    paths: &'a Paths,
    list: OnceCell<Result<Vec<Service>, Reason>>,
}

impl<'a> Services<'a> {
    pub(super) fn new(paths: &'a Paths) -> Services<'a> {
        Services {
            paths,
            list: OnceCell::new(),
        }
    }

    fn list(&self) -> &Result<Vec<Service>, Reason> {
        let ask = || service::list(&self.paths.ubus).map_err(|error| Reason::from(&*error));
        self.list.get_or_init(ask)
    }

    fn instances(&self, service: &str) -> Option<&[Instance]> {
        let mut services = self.list().iter().flatten();
        let found = services.find(|found| found.name == service)?;
        Some(&found.instances)
    }

    /// True if OpenVPN's own configuration has an instance of this name, netifd has a
    /// network of it with another protocol, and procd does not run it: the migration
    /// to netifd's OpenVPN passes over such a one.
    fn was_left_out(&self, name: &str) -> bool {
        let file = self.paths.network_file();
        let is_other = |proto: Option<&str>| proto != Some(OPENVPN);
        let is_taken = file
            .network(name)
            .is_some_and(|n| is_other(n.proto.as_deref()));
        let mut instances = self.instances(OPENVPN).unwrap_or_default().iter();
        is_taken
            && self.list().is_ok()
            && !instances.any(|instance| instance.name == name)
            && self
                .paths
                .section_names(OPENVPN)
                .iter()
                .any(|found| found == name)
    }
}

pub(super) fn check_restart(
    tunnel: &Tunnel,
    networks: &[Network],
    services: &Services<'_>,
    findings: &mut Findings<'_>,
) {
    let network = tunnel.link.network();
    let instance = tunnel
        .service
        .as_ref()
        .map(|service| service.instance.as_str());
    match &tunnel.service {
        Some(service) => check_service(service, services, findings),
        None if tunnel.policy.on_down == OnDown::Restart => {
            check_protocol(network, networks, findings);
        }
        None => {}
    }
    let mut names = instance.into_iter().chain(network);
    if let Some(name) = names.find(|name| services.was_left_out(name)) {
        findings.bad(Exit::Config, reason!(CheckNotMigrated, name = name));
    }
}

fn check_protocol(name: Option<&str>, networks: &[Network], findings: &mut Findings<'_>) {
    let network = name.and_then(|name| find(networks, name));
    if let Some(network) = network.filter(|network| network.is_passive()) {
        let proto = network.proto.as_deref().unwrap_or_default();
        let fault = reason!(CheckRestartInVain, network = &network.name, proto = proto);
        findings.bad(Exit::Config, fault);
    }
}

fn did_you_mean(name: &str, known: &[&str]) -> Option<Reason> {
    nearest_name(name, known).map(|meant| reason!(CheckDidYouMean, meant = meant))
}

fn check_service(service: &ServiceInstance, services: &Services<'_>, findings: &mut Findings<'_>) {
    let named = &service.to_string();
    let list = match services.list() {
        Ok(list) => list,
        Err(why) => {
            let fault = reason!(CheckService, service = named, cause = why);
            findings.bad(Exit::Later, fault);
            return;
        }
    };
    let Some(instances) = services.instances(&service.service) else {
        let names: Vec<&str> = list.iter().map(|s| s.name.as_str()).collect();
        let hint = did_you_mean(&service.service, &names);
        let fault = reason!(CheckNoService, service = &service.service, hint = hint);
        findings.bad(Exit::Config, fault);
        return;
    };
    let Some(instance) = instances.iter().find(|i| i.name == service.instance) else {
        let names: Vec<&str> = instances.iter().map(|i| i.name.as_str()).collect();
        let hint = did_you_mean(&service.instance, &names);
        let (of, name, names) = (&service.service, &service.instance, names.join(", "));
        let fault = match names.is_empty() {
            true => reason!(CheckNoInstances, service = of, instance = name),
            false => reason!(
                CheckNoInstance,
                service = of,
                instance = name,
                hint = hint,
                names = names
            ),
        };
        findings.bad(Exit::Config, fault);
        return;
    };
    match (instance.is_running, instance.respawns) {
        (true, true) if instance.respawn_limit > 0 => findings.warn(reason!(
            CheckRespawnLimit,
            service = named,
            limit = u32::try_from(instance.respawn_limit).unwrap_or(u32::MAX)
        )),
        (true, true) => findings.good(reason!(CheckServiceRuns, service = named)),
        (true, false) => {
            findings.bad(Exit::Config, reason!(CheckNoRespawn, service = named));
        }
        (false, true) => {
            findings.bad(Exit::Later, reason!(CheckServiceStarts, service = named));
        }
        (false, false) => findings.bad(
            Exit::Later,
            reason!(
                CheckServiceEnded,
                service = named,
                program = &service.service
            ),
        ),
    }
}
