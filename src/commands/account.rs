//! The account that a call is for: the URL of the service, and the key.

use std::borrow::Cow;

use crate::agent::observe::Observer;
use crate::agent::paths::{Paths, key_file_faults, key_of, read_key, warnings_of_key_file};
use crate::agent::replies;
use crate::cli::ServiceCall;
use crate::exit::Exit;
use crate::sys::http::HttpClient;
use wansync_core::config::schema::{SKYDNS_URL, VPNKI_URL};
use wansync_core::config::secret::Secret;
use wansync_core::config::suggest::hint;
use wansync_core::config::url::ServiceUrl;
use wansync_core::config::{Config, Content, Main, Section, Transport};
use wansync_core::failure::Failure;
use wansync_core::reason::{Code, Reason};
use wansync_core::service::answer::Service;
use wansync_core::service::arguments::Checked;
use wansync_core::service::method::{Method, Shape};
use wansync_core::service::reply::Reply;

/// The shortest password that is hidden where a service quotes it, in bytes.
const MIN_HIDDEN_LENGTH: usize = 4;

/// The account that a call is for: all that it needs beside its parameters.
pub struct CallAccount {
    /// The URL of the service.
    pub base_url: ServiceUrl,
    /// Its key; a relay may add it.
    pub key: Option<Secret>,
    /// The certificates that are trusted.
    pub ca_file: String,
    /// The network to send through, if it may be no other.
    bind: Option<String>,
    /// The family of the service's addresses that are connected to.
    pub transport: Transport,
    /// The passwords that are sent, which may show no more than the key.
    passwords: Vec<Secret>,
}

/// The exit code without an account, and the reason.
type Refusal = (Exit, String);

impl CallAccount {
    /// From the command line where it says enough, from the configuration
    /// otherwise. A key of the configuration goes where the configuration says;
    /// anywhere else only if its section is named, too.
    pub fn find(
        paths: &Paths,
        service: Service,
        call: &ServiceCall<'_>,
    ) -> Result<CallAccount, Refusal> {
        let mut account = match (call.key_file, call.section, call.base_url) {
            (Some(_), Some(_), _) => {
                let text = "--key-file and --section exclude each other";
                return Err((Exit::Usage, text.to_owned()));
            }
            (Some(file), None, _) => {
                let key = read_key_file(file)?;
                CallAccount::unconfigured(paths, service, Some(key))
            }
            (None, None, Some(_)) => CallAccount::unconfigured(paths, service, None),
            (None, name, _) => CallAccount::configured(paths, service, name)?,
        };
        if let Some(text) = &call.base_url {
            account.base_url = ServiceUrl::new(text)
                .and_then(|url| checked_url(service, url))
                .map_err(|why| (Exit::Usage, format!("--base-url {}", Reason::of(why))))?;
        }
        Ok(account)
    }

    /// The account of a call that sends these parameters, given as `words`. Of a resource
    /// that is not documented, what does not stand on the command line is a password.
    #[must_use]
    pub fn with_passwords_of(
        mut self,
        method: &Method,
        checked: &Checked<'_>,
        words: &[String],
    ) -> CallAccount {
        let is_password = |name: &str, value: &str| match method.shape {
            Shape::Any => !words.contains(&format!("{name}={value}")),
            _ => method.is_password(name),
        };
        for (name, value) in &checked.pairs {
            // Hiding a very short one would hide half of every text.
            if value.len() >= MIN_HIDDEN_LENGTH && is_password(name, value) {
                self.passwords.extend(Secret::new(value));
            }
        }
        self
    }

    /// The CA file is still the configuration's, if there is one. Without a key,
    /// a relay adds it.
    fn unconfigured(paths: &Paths, service: Service, key: Option<Secret>) -> CallAccount {
        let main = paths
            .load()
            .map_or_else(|_| Main::default(), |config| config.main);
        CallAccount {
            base_url: default_url(service),
            key,
            ca_file: main.ca_file,
            bind: None,
            transport: Transport::Auto,
            passwords: Vec::new(),
        }
    }

    fn configured(
        paths: &Paths,
        service: Service,
        name: Option<&str>,
    ) -> Result<CallAccount, Refusal> {
        let hint = |why: Reason| format!("{why}; with --key-file FILE no configuration is needed");
        let config = paths.load().map_err(|why| (Exit::Config, hint(why)))?;
        let names = SectionNames::of(&config);
        let Config {
            main,
            skydns,
            vpnki,
            ..
        } = config;
        let (found, base_url, source, (bind, transport)) = match service {
            Service::Skydns => {
                let (found, section) =
                    choose_section(skydns, name).ok_or_else(|| names.refusal(service, name))??;
                let access = (section.bind, section.transport);
                (found, section.base_url, section.key, access)
            }
            Service::Vpnki => {
                let (found, section) =
                    choose_section(vpnki, name).ok_or_else(|| names.refusal(service, name))??;
                let access = (section.bind, section.transport);
                (found, section.base_url, section.key, access)
            }
        };
        for problem in warnings_of_key_file(&found, &source) {
            log::warn!("{}, {problem}", paths.config.display());
        }
        let key = key_of(&found, &source).map_err(|problem| {
            (
                Exit::Config,
                format!("{}, {problem}", paths.config.display()),
            )
        })?;
        Ok(CallAccount {
            base_url,
            key,
            ca_file: main.ca_file,
            bind,
            transport,
            passwords: Vec::new(),
        })
    }

    /// The device to send through, if it may be no other.
    pub fn device(&self, paths: &Paths) -> Result<Option<String>, Box<Failure>> {
        let client = HttpClient::new(self.ca_file.as_ref(), false);
        Observer::new(&paths.ubus, &client).way_out(self.bind.as_deref())
    }

    /// The failure without the secrets that a service may quote.
    pub fn redacted(&self, mut failure: Box<Failure>) -> Box<Failure> {
        failure.redact(&|text| self.redact(text));
        failure
    }

    /// A text without the secrets; it may have been cut.
    pub fn redact(&self, text: &str) -> String {
        redact(text, self.secrets())
    }

    /// Keeps a reply that was not understood for a report; not one that holds a secret of
    /// the service's own, nor where no state is kept, as on a PC.
    pub fn keep_reply(
        &self,
        paths: &Paths,
        (method, name): (&Method, &str),
        reply: &Reply,
        failure: &Failure,
    ) {
        if !method.has_secret() && paths.state.is_dir() {
            let secrets: Vec<&Secret> = self.secrets().collect();
            replies::keep(&paths.store(), name, reply, failure, &secrets);
        }
    }

    /// A whole text without the secrets.
    pub fn hide<'t>(&self, text: Cow<'t, str>) -> Cow<'t, str> {
        hide(text, self.secrets())
    }

    fn secrets(&self) -> impl Iterator<Item = &Secret> {
        self.key.iter().chain(&self.passwords)
    }
}

/// A text without these secrets; it may have been cut.
pub fn redact<'s>(text: &str, secrets: impl Iterator<Item = &'s Secret>) -> String {
    secrets.fold(text.to_owned(), |text, secret| secret.redact(&text))
}

/// A whole text without these secrets.
pub fn hide<'t, 's>(text: Cow<'t, str>, secrets: impl Iterator<Item = &'s Secret>) -> Cow<'t, str> {
    secrets.fold(text, |text, secret| match text {
        Cow::Borrowed(text) => secret.redact_whole(text),
        Cow::Owned(text) => Cow::Owned(secret.redact_whole(&text).into_owned()),
    })
}

fn read_key_file(file: &str) -> Result<Secret, Refusal> {
    let key = read_key(file).map_err(|why| (Exit::Config, why.to_string()))?;
    for fault in key_file_faults(file) {
        log::warn!("{fault}");
    }
    Ok(key)
}

/// The section that is named, or the only one; `None` if there is no such.
fn choose_section<T>(
    sections: Vec<Section<T>>,
    name: Option<&str>,
) -> Option<Result<(String, T), Refusal>> {
    let mut found = sections
        .into_iter()
        .filter(|s| name.is_none_or(|name| s.name == name));
    let (Some(section), None) = (found.next(), found.next()) else {
        return None;
    };
    let why = match section.content {
        Content::Ready(content) => return Some(Ok((section.name, *content))),
        Content::Disabled => "is disabled",
        Content::Wrong => "is wrong; 'wansync check --offline' tells why",
    };
    Some(Err((
        Exit::Config,
        format!("section '{}' {why}", section.name),
    )))
}

/// The names of the sections of both services.
struct SectionNames {
    skydns: Vec<String>,
    vpnki: Vec<String>,
}

impl SectionNames {
    fn of(config: &Config) -> SectionNames {
        SectionNames {
            skydns: config.skydns.iter().map(|s| s.name.clone()).collect(),
            vpnki: config.vpnki.iter().map(|s| s.name.clone()).collect(),
        }
    }

    /// The reason that no section was chosen: there is none, not that one, or several.
    fn refusal(&self, service: Service, name: Option<&str>) -> Refusal {
        let (own, other, others) = match service {
            Service::Skydns => (&self.skydns, Service::Vpnki, &self.vpnki),
            Service::Vpnki => (&self.vpnki, Service::Skydns, &self.skydns),
        };
        let (word, own): (_, Vec<&str>) = (service.word(), own.iter().map(|n| &**n).collect());
        let text = match name {
            None if own.is_empty() => {
                format!("there is no {word} section; use --key-file, or add one")
            }
            None => format!(
                "there are several {word} sections; name one with --section: {}",
                own.join(", ")
            ),
            Some(name) if others.iter().any(|n| n == name) => format!(
                "there is no {word} section '{name}': it is one of {}",
                other.word()
            ),
            Some(name) => format!("there is no {word} section '{name}'{}", hint(name, &own)),
        };
        (Exit::Usage, text)
    }
}

fn default_url(service: Service) -> ServiceUrl {
    let text = match service {
        Service::Skydns => SKYDNS_URL,
        Service::Vpnki => VPNKI_URL,
    };
    ServiceUrl::new(text).expect("the services' own URLs are good")
}

fn checked_url(service: Service, url: ServiceUrl) -> Result<ServiceUrl, Code> {
    match service {
        Service::Skydns => url.into_base(),
        Service::Vpnki => url.into_page(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn why_no_section_was_chosen() {
        let names = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect();
        let names = SectionNames {
            skydns: names(&["home", "office"]),
            vpnki: names(&["account"]),
        };
        let table = [
            (
                None,
                "there are several skydns sections; name one with --section: home, office",
            ),
            (
                Some("account"),
                "there is no skydns section 'account': it is one of vpnki",
            ),
            (
                Some("hme"),
                "there is no skydns section 'hme' (did you mean 'home'?)",
            ),
            (Some("elsewhere"), "there is no skydns section 'elsewhere'"),
        ];
        for (name, expected) in table {
            assert_eq!(names.refusal(Service::Skydns, name).1, expected);
        }
    }
}
