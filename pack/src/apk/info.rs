//! The metadata of an `.apk`.

use super::adb::{NULL, Reader, Value, Writer};
use super::depend::{self, Depend};
use crate::error::{Error, Result};

pub(super) const HASHES: usize = 3;
pub(super) const INSTALLED_SIZE: usize = 12;
const FILE_SIZE: usize = 13;
const SLOTS: usize = 21;

/// The fields of a package; an empty text or list is a field that is not set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Info {
    /// The package's name.
    pub name: String,
    /// Its version, in apk's grammar.
    pub version: String,
    /// One line.
    pub description: String,
    /// The router's `/etc/apk/arch`, or `noarch`.
    pub arch: String,
    /// SPDX.
    pub license: String,
    /// The source package.
    pub origin: String,
    /// Name and address.
    pub maintainer: String,
    /// The URL to read more at.
    pub url: String,
    /// The revision it was built from; official builds leave it out.
    pub repo_commit: Vec<u8>,
    /// Seconds since 1970; official builds leave it out.
    pub build_time: Option<u64>,
    /// The priority when several provide a name.
    pub provider_priority: Option<u64>,
    /// The packages that it needs, and with `!` those that it conflicts with.
    pub depends: Vec<Depend>,
    /// The other names that it provides.
    pub provides: Vec<Depend>,
    /// Whose files it may take over.
    pub replaces: Vec<Depend>,
    /// Packages whose presence brings it in.
    pub install_if: Vec<Depend>,
    /// Not used by apk.
    pub recommends: Vec<Depend>,
    /// Not used by official builds.
    pub layer: Option<u64>,
    /// `openwrt:abiversion=3` and the like.
    pub tags: Vec<String>,
}

impl Info {
    /// Slots 1 to 21; the id and the installed size come later.
    pub(super) fn write(&self, to: &mut Writer) -> [Value; SLOTS] {
        let mut slots = [NULL; SLOTS];
        let texts = [
            (1, &self.name),
            (2, &self.version),
            (4, &self.description),
            (5, &self.arch),
            (6, &self.license),
            (7, &self.origin),
            (8, &self.maintainer),
            (9, &self.url),
        ];
        for (slot, text) in texts {
            slots[slot - 1] = to.blob(text.as_bytes());
        }
        slots[10 - 1] = to.blob(&self.repo_commit);
        slots[11 - 1] = optional(to, self.build_time);
        slots[14 - 1] = optional(to, self.provider_priority);
        let lists = [
            &self.depends,
            &self.provides,
            &self.replaces,
            &self.install_if,
            &self.recommends,
        ];
        for (slot, list) in (15..).zip(lists) {
            slots[slot - 1] = depend::write_all(to, list);
        }
        slots[20 - 1] = optional(to, self.layer);
        let tags: Vec<Value> = self
            .tags
            .iter()
            .map(|tag| to.blob(tag.as_bytes()))
            .collect();
        slots[21 - 1] = to.object(&tags);
        slots
    }

    pub(super) fn read(from: Reader<'_>, value: Value) -> Result<Info> {
        let object = from.object(value)?;
        if object.len() > SLOTS || object.slot(FILE_SIZE) != NULL {
            return Err(Error::unsupported(
                "metadata",
                "more than a package says about itself",
            ));
        }
        let text = |slot| from.text(object.slot(slot));
        let int = |slot| from.int(object.slot(slot));
        let depends = |slot| depend::read_all(from, object.slot(slot));
        let tags = from.object(object.slot(21))?;
        let info = Info {
            name: text(1)?,
            version: text(2)?,
            description: text(4)?,
            arch: text(5)?,
            license: text(6)?,
            origin: text(7)?,
            maintainer: text(8)?,
            url: text(9)?,
            repo_commit: from.blob(object.slot(10))?.to_vec(),
            build_time: int(11)?,
            provider_priority: int(14)?,
            depends: depends(15)?,
            provides: depends(16)?,
            replaces: depends(17)?,
            install_if: depends(18)?,
            recommends: depends(19)?,
            layer: int(20)?,
            tags: tags
                .items()
                .map(|tag| from.text(tag))
                .collect::<Result<_>>()?,
        };
        if info.name.is_empty() || info.version.is_empty() || int(INSTALLED_SIZE)?.unwrap_or(0) == 0
        {
            return Err(Error::damaged(
                "metadata",
                "no name, no version, or an installed size of 0",
            ));
        }
        Ok(info)
    }
}

fn optional(to: &mut Writer, number: Option<u64>) -> Value {
    number.map_or(NULL, |number| to.int(number))
}
