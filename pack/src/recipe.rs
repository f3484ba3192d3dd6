//! One description, from which both packages are made as OpenWrt's own build would
//! make them: with its wrappers around the author's scripts, and with its files
//! below `/lib/apk/packages`, without which no service is enabled or started.

use crate::apk::{Apk, Depend, Info, SCRIPTS};
use crate::error::{Error, Result};
use crate::ipk::{Control, Ipk};
use crate::tree::Tree;
use crate::version::Version;
use crate::{hex, sha256};
use std::collections::BTreeMap;

/// The parts of a package, but for its architecture.
#[derive(Debug, Clone)]
pub struct Recipe {
    /// The package's name.
    pub name: String,
    /// Its version and release.
    pub version: Version,
    /// One line.
    pub title: String,
    /// Lines; the title where there are none.
    pub description: Vec<String>,
    /// `net`.
    pub section: String,
    /// SPDX.
    pub license: String,
    /// The URL to read more at.
    pub url: String,
    /// Name and address.
    pub maintainer: String,
    /// Packages that it needs.
    pub depends: Vec<String>,
    /// `user=uid:group=gid` items; a uid or gid may be left to the router.
    pub users: String,
    /// Absolute paths as declared, also such as are not files of the package.
    pub conffiles: Vec<String>,
    /// The author's own scripts: `preinst`, `postinst`, `prerm`, `postrm`.
    pub scripts: BTreeMap<String, String>,
    /// The files.
    pub tree: Tree,
    /// The time of everything, in seconds since 1970.
    pub epoch: u64,
}

const SHEBANG: &str = "#!/bin/sh\n";
/// Ends a wrapper where there is no OpenWrt around it.
const LIBRARY: &str =
    "lib=\"$IPKG_INSTROOT/lib/functions.sh\"\n[ -s \"$lib\" ] || exit 0\n. \"$lib\"\n";
const NO_SCRIPT: &str = "if [ \"$IPKG_NO_SCRIPT\" = 1 ]; then exit 0; fi\n";
const UPGRADE: &str = "export PKG_UPGRADE=1\n";

impl Recipe {
    /// The package for opkg.
    pub fn ipk(&self, arch: &str) -> Result<Ipk> {
        let tree = self.tree_to_install()?;
        Ok(Ipk {
            control: self.control(arch),
            members: self.members(&tree),
            tree,
            mtime: self.epoch,
        })
    }

    /// The package for apk.
    pub fn apk(&self, arch: &str) -> Result<Apk> {
        let info = Info {
            name: self.name.clone(),
            version: self.version.apk(),
            description: self.title.clone(),
            arch: arch.into(),
            license: self.license.clone(),
            origin: self.name.clone(),
            maintainer: self.maintainer.clone(),
            url: self.url.clone(),
            depends: self
                .depends
                .iter()
                .map(|name| Depend::parse(name))
                .collect::<Result<_>>()?,
            ..Info::default()
        };
        let tree = self.tree_for_apk()?;
        Ok(Apk {
            info,
            tree,
            mtime: self.epoch,
            scripts: self.apk_scripts()?,
            ..Apk::default()
        })
    }

    /// With what sysupgrade is to keep although no package owns it.
    fn tree_to_install(&self) -> Result<Tree> {
        let mut tree = self.tree.clone();
        let kept = self
            .conffiles
            .iter()
            .filter(|path| tree.content(path).is_none());
        let kept: String = kept.map(|path| format!("{path}\n")).collect();
        if !kept.is_empty() {
            tree.file(&format!("lib/upgrade/keep.d/{}", self.name), 0o644, kept)?;
        }
        Ok(tree)
    }

    fn control(&self, arch: &str) -> Control {
        let mut control = Control::default();
        let mut field = |key: &str, value: &str| {
            if !value.is_empty() {
                control.push(key, value);
            }
        };
        field("Package", &self.name);
        field("Version", &self.version.ipk());
        field("Depends", &self.depends.join(", "));
        field("SourceName", &self.name);
        field("License", &self.license);
        field("Section", &self.section);
        field("Require-User", &self.users);
        field("SourceDateEpoch", &self.epoch.to_string());
        field("URL", &self.url);
        field("Maintainer", &self.maintainer);
        field("Architecture", arch);
        field("Installed-Size", "0");
        let title = [self.title.clone()];
        let lines = if self.description.is_empty() {
            &title[..]
        } else {
            &self.description
        };
        let lines: Vec<String> = lines.iter().map(|line| format!(" {line}")).collect();
        field("Description", &lines.join("\n"));
        control
    }

    /// opkg's wrappers source the author's code from `postinst-pkg` and `prerm-pkg`.
    fn members(&self, tree: &Tree) -> BTreeMap<String, Vec<u8>> {
        let mut members = BTreeMap::from([
            (
                "postinst".to_owned(),
                [
                    SHEBANG,
                    NO_SCRIPT,
                    LIBRARY,
                    "default_postinst \"$0\" \"$@\"\n",
                ]
                .concat(),
            ),
            (
                "prerm".to_owned(),
                [SHEBANG, LIBRARY, "default_prerm \"$0\" \"$@\"\n"].concat(),
            ),
        ]);
        for (name, body) in &self.scripts {
            let wrapped = matches!(name.as_str(), "postinst" | "prerm");
            let name = if wrapped {
                format!("{name}-pkg")
            } else {
                name.clone()
            };
            members.insert(name, format!("{SHEBANG}{}", without_shebang(body)));
        }
        let mut conffiles: Vec<&str> = self.conffiles.iter().map(String::as_str).collect();
        conffiles.retain(|path| tree.content(path).is_some());
        conffiles.sort_unstable();
        if !conffiles.is_empty() {
            members.insert(
                "conffiles".into(),
                conffiles.iter().map(|path| format!("{path}\n")).collect(),
            );
        }
        members
            .into_iter()
            .map(|(name, text)| (name, text.into_bytes()))
            .collect()
    }

    /// apk knows neither conffiles nor a list of files; OpenWrt's scripts look here.
    fn tree_for_apk(&self) -> Result<Tree> {
        let mut tree = self.tree_to_install()?;
        let path = |kind: &str| format!("lib/apk/packages/{}.{kind}", self.name);
        if !self.users.is_empty() {
            tree.file(&path("rusers"), 0o644, format!("{}\n", self.users))?;
        }
        let list: String = tree
            .absolute_paths()
            .map(|path| format!("{path}\n"))
            .collect();
        tree.file(&path("list"), 0o644, list)?;
        if !self.conffiles.is_empty() {
            let declared: String = self
                .conffiles
                .iter()
                .map(|path| format!("{path}\n"))
                .collect();
            tree.file(&path("conffiles"), 0o644, declared)?;
        }
        let packed = self
            .conffiles
            .iter()
            .filter_map(|path| Some((path, self.tree.content(path)?)));
        let hashes: String = packed
            .map(|(path, content)| format!("{path} {}\n", hex(&sha256(content))))
            .collect();
        if !hashes.is_empty() {
            tree.file(&path("conffiles_static"), 0o644, hashes)?;
        }
        Ok(tree)
    }

    fn apk_scripts(&self) -> Result<[Option<String>; SCRIPTS.len()]> {
        let own = |name: &str| {
            self.scripts
                .get(name)
                .map_or("", |body| without_shebang(body))
        };
        let names = format!("export root=\"$IPKG_INSTROOT\" pkgname=\"{}\"\n", self.name);
        let install = [
            NO_SCRIPT,
            LIBRARY,
            &names,
            "add_group_and_user\ndefault_postinst\n",
            own("postinst"),
        ]
        .concat();
        let remove = [SHEBANG, LIBRARY, &names, "default_prerm\n", own("prerm")].concat();
        self.check_restart()?;
        let alone = |body: &str| (!body.is_empty()).then(|| format!("{SHEBANG}{body}"));
        let script = |name: &str| match name {
            "pre-install" => alone(own("preinst")),
            "pre-upgrade" => {
                alone(own("preinst")).map(|_| [SHEBANG, UPGRADE, own("preinst")].concat())
            }
            "post-install" => Some([SHEBANG, &install].concat()),
            "post-upgrade" => Some([SHEBANG, UPGRADE, &install].concat()),
            "pre-deinstall" => Some(remove.clone()),
            "post-deinstall" => alone(own("postrm")),
            _ => None,
        };
        Ok(SCRIPTS.map(script))
    }

    /// On apk nothing stops the old process at an upgrade, and procd keeps it when its
    /// command line is the same.
    fn check_restart(&self) -> Result<()> {
        let service = format!("etc/init.d/{}", self.name);
        let restarts = self
            .scripts
            .get("postinst")
            .is_some_and(|body| body.contains(&format!("/{service} restart")));
        if self.tree.get(&service).is_none() || restarts {
            return Ok(());
        }
        let why = format!(
            "must do `/{service} restart` when PKG_UPGRADE is 1: apk leaves the old process running"
        );
        Err(Error::refused("postinst", why))
    }
}

fn without_shebang(body: &str) -> &str {
    let body = body.trim_start();
    match body.split_once('\n') {
        Some((first, rest)) if first.starts_with("#!") => rest,
        _ => body,
    }
}
