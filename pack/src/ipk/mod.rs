//! The `.ipk` of opkg: gzip(tar(`debian-binary`, `data.tar.gz`, `control.tar.gz`)).

mod control;

pub use control::Control;

use crate::error::{Error, Result};
use crate::tar::{self, Kind, Member};
use crate::tree::{Entry, Node, Tree};
use crate::{gz, version};
use std::collections::BTreeMap;

const VERSION: &[u8] = b"2.0\n";
const CONFFILES: &str = "conffiles";

/// A package for opkg.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ipk {
    /// The fields of `control`. `Installed-Size`, where it stands, is computed when
    /// the package is written.
    pub control: Control,
    /// Other members of the control archive by name: `conffiles` (0644) and
    /// scripts (0755).
    pub members: BTreeMap<String, Vec<u8>>,
    /// The files to install.
    pub tree: Tree,
    /// The time of everything in it, in seconds since 1970.
    pub mtime: u64,
}

impl Ipk {
    /// Reads a package, and refuses whatever opkg would install only in part.
    pub fn read(bytes: &[u8]) -> Result<Ipk> {
        let outer = gz::gunzip("package", bytes)?;
        let outer = tar::read(&outer).map_err(|why| why.within("package"))?;
        if part(&outer, "debian-binary")? != VERSION {
            return Err(Error::unsupported(
                "debian-binary",
                "a version other than 2.0",
            ));
        }
        let inner = |name: &str| -> Result<Vec<Member>> {
            let archive = gz::gunzip(name, part(&outer, name)?)?;
            tar::read(&archive).map_err(|why| why.within(name))
        };
        let (data, control) = (inner("data.tar.gz")?, inner("control.tar.gz")?);
        let mtime = one_time(outer.iter().chain(&data).chain(&control))?;
        let tree = read_tree(data).map_err(|why| why.within("data.tar.gz"))?;
        let (control, members) =
            read_control(control).map_err(|why| why.within("control.tar.gz"))?;
        Ok(Ipk {
            control,
            members,
            tree,
            mtime,
        })
    }

    /// The package as a file. What would misbehave on a router is refused.
    pub fn write(&self) -> Result<Vec<u8>> {
        let data = self.data_tar()?;
        self.write_around(data.len(), &gz::gzip(&data))
    }

    /// An `.ipk` around a `data.tar.gz` that is there already: packages for several
    /// architectures may share one. `data` is its length before compression.
    pub(crate) fn write_around(&self, data: usize, data_gz: &[u8]) -> Result<Vec<u8>> {
        self.check()?;
        let control = gz::gzip(&self.control_tar(data)?);
        let outer = [
            self.regular("debian-binary", 0o644, VERSION),
            self.regular("data.tar.gz", 0o644, data_gz),
            self.regular("control.tar.gz", 0o644, &control),
        ];
        Ok(gz::gzip(&tar::write(&outer)?))
    }

    /// `data.tar`, before compression.
    pub fn data_tar(&self) -> Result<Vec<u8>> {
        let entries = self.tree.depth_first();
        let members: Vec<Member> = entries
            .iter()
            .map(|(path, entry)| self.member(path, entry))
            .collect();
        tar::write(&members)
    }

    /// `control.tar`, before compression. `data` is the length of `data.tar`: what
    /// official builds write into `Installed-Size`.
    pub fn control_tar(&self, data: usize) -> Result<Vec<u8>> {
        let mut control = self.control.clone();
        control.replace("Installed-Size", &data.to_string());
        let mut texts: BTreeMap<&str, &[u8]> = self
            .members
            .iter()
            .map(|(name, text)| (name.as_str(), text.as_slice()))
            .collect();
        let control = control.to_string();
        texts.insert("control", control.as_bytes());
        let mut members = vec![self.member(
            "",
            &Entry {
                mode: 0o755,
                node: Node::Folder,
            },
        )];
        members.extend(
            texts
                .iter()
                .map(|(name, text)| self.regular(name, mode_of(name), text)),
        );
        tar::write(&members)
    }

    fn regular(&self, name: &str, mode: u32, content: &[u8]) -> Member {
        self.member(
            name,
            &Entry {
                mode,
                node: Node::File(content.to_vec()),
            },
        )
    }

    fn member(&self, path: &str, entry: &Entry) -> Member {
        let (name, kind) = match &entry.node {
            Node::Folder if path.is_empty() => ("./".to_owned(), Kind::Folder),
            Node::Folder => (format!("./{path}/"), Kind::Folder),
            Node::File(content) => (format!("./{path}"), Kind::File(content.clone())),
            Node::Symlink(target) => (format!("./{path}"), Kind::Symlink(target.clone())),
        };
        Member {
            name,
            mode: entry.mode,
            mtime: self.mtime,
            kind,
        }
    }

    fn check(&self) -> Result<()> {
        version::check_name(self.control.required("Package")?)?;
        self.control.required("Version")?;
        self.control.required("Architecture")?;
        self.control.check()?;
        for path in self.conffiles()? {
            if self.tree.content(path).is_none() {
                return Err(Error::refused(
                    path,
                    "is a conffile, but no file of the package",
                ));
            }
        }
        for (name, script) in self.members.iter().filter(|(name, _)| *name != CONFFILES) {
            if !script.starts_with(b"#!") {
                return Err(Error::refused(name, "a script must begin with #!"));
            }
        }
        Ok(())
    }

    /// Absolute paths of the configuration files that opkg keeps when they were changed.
    pub fn conffiles(&self) -> Result<Vec<&str>> {
        let text = self
            .members
            .get(CONFFILES)
            .map_or(Ok(""), |text| std::str::from_utf8(text));
        let text = text.map_err(|_| Error::damaged(CONFFILES, "not UTF-8"))?;
        Ok(text.lines().collect())
    }

    /// `NAME_VERSION_ARCH.ipk`, as official builds name it.
    pub fn file_name(&self) -> Result<String> {
        let field = |key| self.control.required(key);
        Ok(format!(
            "{}_{}_{}.ipk",
            field("Package")?,
            field("Version")?,
            field("Architecture")?
        ))
    }
}

fn mode_of(member: &str) -> u32 {
    if matches!(member, "control" | CONFFILES) {
        0o644
    } else {
        0o755
    }
}

/// opkg finds the parts by their names, with or without `./`.
fn part<'a>(outer: &'a [Member], name: &str) -> Result<&'a [u8]> {
    let found = outer.iter().find(|member| plain(&member.name) == name);
    match found.map(|member| &member.kind) {
        Some(Kind::File(content)) => Ok(content),
        _ => Err(Error::damaged(name, "is not in the package")),
    }
}

fn plain(name: &str) -> &str {
    let name = name.strip_prefix("./").unwrap_or(name);
    name.strip_suffix('/').unwrap_or(name)
}

fn one_time<'a>(members: impl Iterator<Item = &'a Member>) -> Result<u64> {
    let mut times = members.map(|member| member.mtime);
    let first = times.next().unwrap_or(0);
    if times.any(|time| time != first) {
        return Err(Error::unsupported(
            "package",
            "files of different times: not made reproducibly",
        ));
    }
    Ok(first)
}

fn read_tree(members: Vec<Member>) -> Result<Tree> {
    let mut tree = Tree::default();
    for member in members {
        let path = plain(&member.name).to_owned();
        let is_top = matches!(path.as_str(), "" | ".");
        if !is_top && !tree.has_folder_of(&path) {
            return Err(Error::damaged(
                &member.name,
                "no entry for its folder: opkg would drop it",
            ));
        }
        let node = match member.kind {
            Kind::Folder if is_top => continue, // its mode says nothing: opkg ignores it
            Kind::Folder if tree.get(&path).is_some() => {
                return Err(Error::damaged(&member.name, "is in the archive twice"));
            }
            Kind::Folder => Node::Folder,
            Kind::File(content) => Node::File(content),
            Kind::Symlink(target) => Node::Symlink(target),
        };
        let mode = if matches!(node, Node::Symlink(_)) {
            0o777
        } else {
            member.mode
        };
        tree.insert(&path, mode, node)?;
    }
    Ok(tree)
}

fn read_control(members: Vec<Member>) -> Result<(Control, BTreeMap<String, Vec<u8>>)> {
    let mut texts = BTreeMap::new();
    for member in members {
        let name = plain(&member.name).to_owned();
        let Kind::File(text) = member.kind else {
            continue;
        };
        if mode_of(&name) == 0o755 && member.mode & 0o111 != 0o111 {
            return Err(Error::damaged(
                &name,
                "a script that is not executable: opkg fails with 126",
            ));
        }
        if texts.insert(name.clone(), text).is_some() {
            return Err(Error::damaged(&name, "is in the archive twice"));
        }
    }
    let control = texts
        .remove("control")
        .ok_or_else(|| Error::damaged("control", "is missing"))?;
    let control = String::from_utf8(control).map_err(|_| Error::damaged("control", "not UTF-8"))?;
    let control = Control::read(&control)?;
    for key in ["Package", "Version", "Architecture"] {
        control
            .required(key)
            .map_err(|_| Error::damaged("control", format!("no field {key}")))?;
    }
    Ok((control, texts))
}
