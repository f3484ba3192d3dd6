//! The source of the recipe of wansync's packages: the Makefile that OpenWrt's own
//! build runs, `openwrt/wansync/Makefile`, and the files beside it. Each fact stands
//! there once: names, dependencies, the user, the author's scripts, which file goes
//! where with which mode.

mod install;
mod makefile;

pub use install::{Item, What, read as read_install};
pub use makefile::Makefile;

use crate::error::{Error, Result};
use crate::feed::read;
use crate::recipe::Recipe;
use crate::tree::Tree;
use crate::version::Version;
use std::collections::BTreeMap;
use std::path::Path;

const SCRIPTS: [&str; 4] = ["preinst", "postinst", "prerm", "postrm"];

/// The recipe of the package `name`, whose Makefile lies in `folder`. `version` is
/// Cargo's; `program` is what `$(PKG_INSTALL_DIR)/bin/` stands for.
pub fn recipe(
    folder: &Path,
    name: &str,
    version: &str,
    epoch: u64,
    program: &[u8],
) -> Result<Recipe> {
    let text = String::from_utf8(read(&folder.join("Makefile"))?);
    let makefile = Makefile::read(&text.map_err(|_| Error::damaged("Makefile", "not UTF-8"))?)?;
    let package = makefile.package(name)?;
    let field = |key: &str| {
        package
            .get(key)
            .or_else(|| makefile.variable(key))
            .cloned()
            .unwrap_or_default()
    };
    let block = |block: &str| format!("Package/{name}/{block}");
    let mut scripts = BTreeMap::new();
    for script in SCRIPTS {
        if let Some(body) = makefile.script(&block(script))? {
            scripts.insert(script.to_owned(), body);
        }
    }
    let items = install::read(makefile.raw(&block("install")))?;
    Ok(Recipe {
        name: name.into(),
        version: checked_version(version, &field("PKG_VERSION"), &field("PKG_RELEASE"))?,
        title: field("TITLE"),
        description: makefile.lines(&block("description")),
        section: field("SECTION"),
        license: field("PKG_LICENSE"),
        url: field("URL"),
        maintainer: field("PKG_MAINTAINER"),
        depends: makefile::depends(&field("DEPENDS"))?,
        users: field("USERID"),
        conffiles: makefile.lines(&block("conffiles")),
        scripts,
        tree: tree(&items, folder, program)?,
        epoch,
    })
}

/// Cargo's version, which the Makefile must have too, in apk's spelling.
fn checked_version(cargo: &str, makefile: &str, release: &str) -> Result<Version> {
    let number = release
        .parse()
        .map_err(|_| Error::refused("PKG_RELEASE", format!("{release:?} is not a number")))?;
    let version = Version::new(cargo, number)?;
    if version.apk() != format!("{makefile}-r{release}") {
        return Err(Error::refused(
            "PKG_VERSION",
            format!("{makefile} in the Makefile, {cargo} in Cargo.toml"),
        ));
    }
    Ok(version)
}

fn tree(items: &[Item], folder: &Path, program: &[u8]) -> Result<Tree> {
    let mut tree = Tree::default();
    for Item { to, what } in items {
        match what {
            What::Folder => tree.folder(to, 0o755)?,
            What::Program => tree.file(to, 0o755, program)?,
            What::File(from, mode) => tree.file(to, *mode, read(&folder.join(from))?)?,
            What::Symlink(target) => tree.symlink(to, target)?,
        }
    }
    Ok(tree)
}
