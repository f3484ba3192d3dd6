//! Sections that have one address for several users.

use alloc::borrow::ToOwned;
use alloc::vec::Vec;
use core::net::IpAddr;

use crate::address::PublicAddress;
use crate::config::Skydns;
use crate::reason::address::RivalSection;

/// The addresses of sections.
#[derive(Debug, Default)]
pub struct Claims<'a>(Vec<Claim<'a>>);

#[derive(Debug)]
struct Claim<'a> {
    name: &'a str,
    section: &'a Skydns,
    address: IpAddr,
}

impl<'a> Claims<'a> {
    /// Takes note of a section's address, unless it is none that is ever sent.
    pub fn add(&mut self, name: &'a str, section: &'a Skydns, address: Option<IpAddr>) {
        let address = address.filter(|address| PublicAddress::new(*address).is_ok());
        self.0.extend(address.map(|address| Claim {
            name,
            section,
            address,
        }));
    }

    /// Another section of the same service that has the address of this one for another
    /// user.
    pub fn rival_of(&self, name: &str) -> Option<RivalSection> {
        let own = self.0.iter().find(|claim| claim.name == name)?;
        let is_rival = |other: &&Claim<'_>| {
            other.address == own.address
                && other.section.ident != own.section.ident
                && other.section.base_url == own.section.base_url
        };
        self.0.iter().find(is_rival).map(|rival| RivalSection {
            section: rival.name.to_owned(),
            ident: rival.section.ident.clone(),
            address: rival.address,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn two_users_of_one_service() {
        let section =
            |name, lines| format!("config skydns '{name}'\noption key 'example-key'\n{lines}\n");
        let text = [
            section("a", "option ident 'one'"),
            section("b", "option ident 'two'"),
            section("c", "option ident 'one'\noption hostname 'c'"),
            section(
                "d",
                "option ident 'four'\noption base_url 'https://a.example/'",
            ),
            section("e", "option ident 'five'"),
        ];
        let config = Config::parse(text.concat().as_bytes()).expect("UCI syntax");
        let rivals = |addresses: [&str; 5]| {
            let mut claims = Claims::default();
            for ((name, section), address) in config.ready_sections().zip(addresses) {
                claims.add(name, section, address.parse().ok());
            }
            let names = ["a", "b", "c", "d", "e"];
            names.map(|name| claims.rival_of(name).map(|rival| rival.to_string()))
        };
        let of = |section: &str, ident: &str| {
            Some(format!(
                "section '{section}' has 8.8.4.4 for user '{ident}': SkyDNS takes an address \
                 from one user when it is sent for another"
            ))
        };
        let same = rivals(["8.8.4.4", "8.8.4.4", "8.8.4.4", "8.8.4.4", "9.9.9.9"]);
        let expected = [of("b", "two"), of("a", "one"), of("b", "two"), None, None];
        assert_eq!(same, expected);
        let none = rivals(["8.8.4.4", "9.9.9.9", "8.8.4.4", "8.8.4.4", "none"]);
        assert_eq!(none, [const { None }; 5]);
        assert_eq!(rivals(["10.0.0.1"; 5]), [const { None }; 5]);
    }
}
