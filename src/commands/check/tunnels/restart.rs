//! Whether `on_down 'restart'` reaches what makes a tunnel: netifd's network, or an
//! instance of a service of procd.

use std::cell::OnceCell;

use crate::agent::paths::Paths;
use crate::commands::check::findings::Findings;
use crate::exit::Exit;
use crate::sys::ubus::service;
use wansync_core::config::suggest::hint;
use wansync_core::config::{ServiceInstance, Tunnel};
use wansync_core::tunnel::recovery::OnDown;
use wansync_core::ubus::netifd::{Network, find};
use wansync_core::ubus::procd::{Instance, Service};

/// The service of OpenVPN's clients, and the name of its configuration.
const OPENVPN: &str = "openvpn";

/// The services of procd, which are asked for once.
pub(super) struct Services<'a> {
    paths: &'a Paths,
    list: OnceCell<Result<Vec<Service>, String>>,
}

impl<'a> Services<'a> {
    pub(super) fn new(paths: &'a Paths) -> Services<'a> {
        Services {
            paths,
            list: OnceCell::new(),
        }
    }

    fn list(&self) -> &Result<Vec<Service>, String> {
        let ask = || service::list(&self.paths.ubus).map_err(|error| error.to_string());
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
        let text = format_args!(
            "'{name}' of /etc/config/openvpn is run by nobody: the migration to \
             netifd's protocol 'openvpn' passes over a section with the name of a network; give \
             one of them another name"
        );
        findings.bad(Exit::Config, text);
    }
}

fn check_protocol(name: Option<&str>, networks: &[Network], findings: &mut Findings<'_>) {
    let network = name.and_then(|name| find(networks, name));
    if let Some(network) = network.filter(|network| network.is_passive()) {
        let proto = network.proto.as_deref().unwrap_or_default();
        let text = format_args!(
            "on_down 'restart' cannot bring '{}' back: netifd does not run what makes \
             the device of a network of proto '{proto}'; option service 'openvpn' with option \
             instance 'NAME' would, or on_down 'command'",
            network.name
        );
        findings.bad(Exit::Config, text);
    }
}

fn check_service(service: &ServiceInstance, services: &Services<'_>, findings: &mut Findings<'_>) {
    let list = match services.list() {
        Ok(list) => list,
        Err(why) => {
            findings.bad(Exit::Later, format_args!("{service}: {why}"));
            return;
        }
    };
    let Some(instances) = services.instances(&service.service) else {
        let names: Vec<&str> = list.iter().map(|s| s.name.as_str()).collect();
        let (name, hint) = (&service.service, hint(&service.service, &names));
        let text = format_args!("procd runs no service '{name}'{hint}");
        findings.bad(Exit::Config, text);
        return;
    };
    let Some(instance) = instances.iter().find(|i| i.name == service.instance) else {
        let names: Vec<&str> = instances.iter().map(|i| i.name.as_str()).collect();
        let hint = hint(&service.instance, &names);
        let (of, name, names) = (&service.service, &service.instance, names.join(", "));
        let text = match names.is_empty() {
            true => format!("service '{of}' has no instances: is '{name}' enabled?"),
            false => format!(
                "service '{of}' has no instance '{name}'{hint}; option 'instance' \
                 must be one of: {names}"
            ),
        };
        findings.bad(Exit::Config, format_args!("{text}"));
        return;
    };
    match (instance.is_running, instance.respawns) {
        (true, true) if instance.respawn_limit > 0 => findings.warn(format_args!(
            "procd no longer starts {service} again once it has ended more than {} \
             times soon after its start, by a restart, too: 'respawn 3600 5 0' in its script is \
             without end",
            instance.respawn_limit
        )),
        (true, true) => findings.good(format_args!(
            "{service} runs, and procd starts it again when it ends"
        )),
        (true, false) => findings.bad(
            Exit::Config,
            format_args!(
                "{service} has no respawn: procd would not start it again after a \
                 restart"
            ),
        ),
        (false, true) => findings.bad(
            Exit::Later,
            format_args!("{service} does not run; procd is about to start it again"),
        ),
        (false, false) => findings.bad(
            Exit::Later,
            format_args!(
                "{service} does not run, and procd does not start it again: it has no \
                 respawn, or ended too often; '/etc/init.d/{} restart' starts it",
                service.service
            ),
        ),
    }
}
