//! Names and versions that both package managers take as meant.
//!
//! Neither checks them at installation: apk installs a bad version and then counts it
//! equal to every other bad one, and a space in a name damages its world file.

use crate::error::{Error, Result};

const SUFFIXES: [&str; 9] = ["alpha", "beta", "pre", "rc", "cvs", "svn", "git", "hg", "p"];

/// Checks a package name: `[a-z0-9][a-z0-9.+-]*`, good for both managers.
pub fn check_name(name: &str) -> Result<()> {
    let first = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    if name.starts_with(first) && name.chars().all(|c| first(c) || ".+-".contains(c)) {
        return Ok(());
    }
    Err(Error::refused(
        format!("name {name:?}"),
        "must be of a-z, 0-9 and . + -, and begin with a letter or digit",
    ))
}

/// Checks a version by apk's grammar:
/// `number{.number}[letter]{_suffix[number]}[~hex][-rN]`.
pub fn check(version: &str) -> Result<()> {
    if follows_grammar(version) {
        return Ok(());
    }
    Err(Error::refused(
        format!("version {version:?}"),
        "apk does not know its order; it must be like 1.0.0-r1 or 1.0.0_rc1-r1",
    ))
}

fn follows_grammar(version: &str) -> bool {
    let Some(mut rest) = number(version) else {
        return false;
    };
    while let Some(after) = rest.strip_prefix('.') {
        let Some(after) = number(after) else {
            return false;
        };
        rest = after;
    }
    rest = rest
        .strip_prefix(|c: char| c.is_ascii_lowercase())
        .unwrap_or(rest);
    while let Some(after) = rest.strip_prefix('_') {
        let Some(after) = SUFFIXES.iter().find_map(|suffix| suffix_of(after, suffix)) else {
            return false;
        };
        rest = number(after).unwrap_or(after);
    }
    if let Some(after) = rest.strip_prefix('~') {
        let hex =
            after.trim_start_matches(|c: char| c.is_ascii_digit() || ('a'..='f').contains(&c));
        if hex.len() == after.len() {
            return false;
        }
        rest = hex;
    }
    rest.is_empty() || rest.strip_prefix("-r").and_then(number) == Some("")
}

/// The text behind a suffix, if it is that one and not the beginning of a longer word.
fn suffix_of<'a>(text: &'a str, suffix: &str) -> Option<&'a str> {
    text.strip_prefix(suffix)
        .filter(|rest| !rest.starts_with(|c: char| c.is_ascii_lowercase()))
}

/// The text behind at least one digit.
fn number(text: &str) -> Option<&str> {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    (rest.len() < text.len()).then_some(rest)
}

/// A version of this project with the release of its packaging, as each manager
/// must have it spelt to sort a pre-release before its release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    number: String,
    pre: Option<String>,
    release: u32,
}

impl Version {
    /// From Cargo's `1.0.0` or `1.0.0-rc.1`, and the feed's `PKG_RELEASE`.
    pub fn new(cargo: &str, release: u32) -> Result<Version> {
        let (number, pre) = match cargo.split_once('-') {
            Some((number, pre)) => (number, Some(pre.replace('.', ""))),
            None => (cargo, None),
        };
        let version = Version {
            number: number.into(),
            pre,
            release,
        };
        check(&version.apk()).map_err(|_| {
            Error::refused(
                format!("version {cargo:?}"),
                "must be like 1.0.0, 1.0.0-alpha.1, -beta.1 or -rc.1",
            )
        })?;
        Ok(version)
    }

    /// `1.0.0-r1`, `1.0.0_rc1-r1`.
    pub fn apk(&self) -> String {
        self.spelt('_')
    }

    /// `1.0.0-r1`, `1.0.0~rc1-r1`: opkg sorts `_rc1` after the release.
    pub fn ipk(&self) -> String {
        self.spelt('~')
    }

    fn spelt(&self, before: char) -> String {
        let pre = self
            .pre
            .as_ref()
            .map(|pre| format!("{before}{pre}"))
            .unwrap_or_default();
        format!("{}{pre}-r{}", self.number, self.release)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_that_apk_can_order() {
        let good = [
            "1.0.0-r1",
            "1.0_rc1-r0",
            "1.0b",
            "1.0_git20240101",
            "2025.11.22~0a1b2c3d-r1",
            "1.0_p1~ab-r2",
            "1.0_p",
        ];
        for version in good {
            assert_eq!(check(version), Ok(()), "{version}");
        }
        let bad = [
            "v1.0",
            "1.0-1",
            "1.0-rc1",
            "1.0rc1",
            "1.0b2",
            "1.0.0-beta.1",
            "1.0+git",
            "1:1.0",
            "1.0~xyz",
            "2024-01-01",
            "1.0-r1~ab",
            "",
            "1.",
            "1.0-r",
            "1.0~",
            "1.0_precise",
            "1.0 ",
        ];
        for version in bad {
            assert!(check(version).is_err(), "{version}");
        }
    }

    #[test]
    fn a_pre_release_is_spelt_for_each_manager() {
        let spelt = |cargo| Version::new(cargo, 2).map(|version| (version.apk(), version.ipk()));
        assert_eq!(spelt("0.1.0"), Ok(("0.1.0-r2".into(), "0.1.0-r2".into())));
        assert_eq!(
            spelt("1.0.0-rc.1"),
            Ok(("1.0.0_rc1-r2".into(), "1.0.0~rc1-r2".into()))
        );
        assert!(spelt("1.0.0-dev").is_err());
        assert!(spelt("1.0.0+build").is_err());
    }

    #[test]
    fn names_that_both_managers_take() {
        for name in ["wansync", "0ad", "luci-app-x", "a.b+c"] {
            assert_eq!(check_name(name), Ok(()), "{name}");
        }
        for name in ["", "-a", "Big", "a b", "a_b", "a/b"] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}
