//! `control`: `Key: value` lines, as in Debian; a value goes on in lines that begin
//! with a space.

use crate::error::{Error, Result};
use std::fmt;

/// The fields of a `control` file, in their order. A value of several lines holds
/// its newlines, and the space after each.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Control(Vec<(String, String)>);

impl Control {
    /// Puts a field at the end.
    pub fn push(&mut self, key: &str, value: impl Into<String>) {
        self.0.push((key.into(), value.into()));
    }

    /// The value of a field.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.iter()
            .find(|(name, _)| *name == key)
            .map(|(_, value)| value)
    }

    /// The fields in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// The value of a field that a package cannot be without.
    pub(crate) fn required(&self, key: &str) -> Result<&str> {
        let value = self.get(key).filter(|value| !value.is_empty());
        value.ok_or_else(|| Error::refused("control", format!("no field {key}")))
    }

    pub(crate) fn replace(&mut self, key: &str, value: &str) {
        for field in self.0.iter_mut().filter(|(name, _)| name == key) {
            field.1 = value.into();
        }
    }

    /// Puts fields before `key`, or at the end where there is none.
    pub(crate) fn insert_before(&mut self, key: &str, fields: Vec<(String, String)>) {
        let at = self
            .0
            .iter()
            .position(|(name, _)| name == key)
            .unwrap_or(self.0.len());
        self.0.splice(at..at, fields);
    }

    pub(crate) fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        self.0.retain(|(key, _)| keep(key));
    }

    /// Refuses what would not be read back as it was given.
    pub(crate) fn check(&self) -> Result<()> {
        for (key, value) in self.iter() {
            let wrong = |why| Err(Error::refused(format!("control field {key:?}"), why));
            if key.is_empty() || !key.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
                return wrong("is not a name of a field");
            }
            if value.split('\n').skip(1).any(|line| !line.starts_with(' ')) || value.contains('\r')
            {
                return wrong("each line but the first must begin with a space");
            }
        }
        Ok(())
    }

    /// Reads what `Display` writes.
    pub fn read(text: &str) -> Result<Control> {
        let damaged = |why: String| Err(Error::damaged("control", why));
        if !text.ends_with('\n') {
            return damaged("its last line is not ended: opkg would drop it".into());
        }
        let mut control = Control::default();
        for line in text.lines() {
            if line.starts_with(' ') {
                let Some((_, value)) = control.0.last_mut() else {
                    return damaged("begins with a space".into());
                };
                *value = format!("{value}\n{line}");
            } else if let Some((key, value)) = line.split_once(':') {
                control.push(key, value.strip_prefix(' ').unwrap_or(value));
            } else {
                return damaged(format!("{line:?} is not a field"));
            }
        }
        match control.check() {
            Err(why) => damaged(why.to_string()),
            Ok(()) => Ok(control),
        }
    }
}

impl fmt::Display for Control {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (key, value) in self.iter() {
            writeln!(to, "{key}: {value}")?;
        }
        Ok(())
    }
}
