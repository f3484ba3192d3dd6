//! The `.apk` v3 of apk-tools: metadata in ADB, then the content of the files.

mod adb;
mod depend;
mod frame;
mod info;
mod paths;

pub use depend::Depend;
pub use info::Info;

use crate::error::{Error, Result};
use crate::tree::{Node, Tree};
use crate::{sha256, version};
use adb::{NULL, Object, Reader, Value, Writer};
use frame::Kind;

/// apk takes packages with the same first bytes of a hash for the same package.
const ID: usize = 20;

/// The scripts' names, in the order of their slots.
pub const SCRIPTS: [&str; 7] = [
    "trigger",
    "pre-install",
    "post-install",
    "pre-deinstall",
    "post-deinstall",
    "pre-upgrade",
    "post-upgrade",
];

/// A package for apk.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Apk {
    /// Name, version, what it needs.
    pub info: Info,
    /// The files to install; folders have no time here.
    pub tree: Tree,
    /// The time of every file, in seconds since 1970.
    pub mtime: u64,
    /// Scripts, in the order of [`SCRIPTS`].
    pub scripts: [Option<String>; SCRIPTS.len()],
    /// Folders whose change runs the script `trigger`.
    pub triggers: Vec<String>,
    /// The priority for a file that two packages have.
    pub replaces_priority: Option<u64>,
}

impl Apk {
    /// Reads a package, compressed or not, and checks every hash in it.
    pub fn read(file: &[u8]) -> Result<Apk> {
        let stream = frame::unpack(file)?;
        let blocks = frame::blocks(&stream)?;
        let Some(((Kind::Adb, payload), rest)) = blocks.split_first() else {
            return Err(Error::damaged("package", "no metadata in front"));
        };
        let signatures = rest
            .iter()
            .take_while(|(kind, _)| *kind == Kind::Signature)
            .count();
        let (from, root) = Reader::new(payload)?;
        check_id(from, root, payload)?;
        let (mut apk, mut expected) = read_metadata(from, root)?;
        for (kind, block) in &rest[signatures..] {
            if *kind != Kind::Data {
                return Err(Error::damaged("package", "metadata between the files"));
            }
            let next = expected
                .next()
                .ok_or_else(|| Error::damaged("package", "more content than files"))?;
            let (path, mode) = (next.path.clone(), next.mode);
            let content = next.content(block)?;
            apk.tree.file(&path, mode, content)?;
        }
        match expected.next() {
            Some(missing) => Err(Error::damaged(&missing.path, "its content is missing")),
            None => Ok(apk),
        }
    }

    /// The package as a file, compressed as `apk mkpkg` does it.
    pub fn write(&self) -> Result<Vec<u8>> {
        Ok(frame::pack(&self.write_plain()?))
    }

    /// The package as a file that is not compressed; apk takes it just as well.
    pub fn write_plain(&self) -> Result<Vec<u8>> {
        self.check()?;
        let mut stream = frame::begin();
        frame::append(&mut stream, Kind::Adb, &[&self.metadata()?])?;
        for (folder, file, content) in paths::contents(&self.tree) {
            frame::append(
                &mut stream,
                Kind::Data,
                &[&folder.to_le_bytes(), &file.to_le_bytes(), content],
            )?;
        }
        Ok(stream)
    }

    /// `NAME-VERSION.apk`, as a feed of one architecture names it.
    pub fn file_name(&self) -> String {
        format!("{}-{}.apk", self.info.name, self.info.version)
    }

    /// The script of this name, of [`SCRIPTS`].
    pub fn script(&self, name: &str) -> Option<&str> {
        let at = SCRIPTS.iter().position(|known| *known == name)?;
        self.scripts[at].as_deref()
    }

    /// Refuses what apk would install without a word, and wrong.
    fn check(&self) -> Result<()> {
        version::check_name(&self.info.name)?;
        version::check(&self.info.version)?;
        match self.info.arch.as_str() {
            "" => return Err(Error::refused("arch", "is missing")),
            "all" => {
                return Err(Error::refused(
                    "arch \"all\"",
                    "is opkg's word; apk's is noarch",
                ));
            }
            _ => {}
        }
        if self
            .info
            .provides
            .iter()
            .any(|provided| provided.name == self.info.name)
        {
            return Err(Error::refused(
                &self.info.name,
                "provides itself: apk takes it for a conflict",
            ));
        }
        for (name, script) in SCRIPTS.iter().zip(&self.scripts) {
            if script
                .as_ref()
                .is_some_and(|script| !script.starts_with("#!"))
            {
                return Err(Error::refused(*name, "a script must begin with #!"));
            }
        }
        Ok(())
    }

    /// In the order of `apk mkpkg`, which decides about offsets.
    fn metadata(&self) -> Result<Vec<u8>> {
        let mut to = Writer::new();
        let mut info = self.info.write(&mut to);
        let priority = self.replaces_priority.map_or(NULL, |number| to.int(number));
        let folders = paths::write(&mut to, &self.tree, self.mtime);
        info[info::INSTALLED_SIZE - 1] = to.int(self.installed_size());
        let (id, id_at) = to.unshared_blob(&[0; ID]);
        info[info::HASHES - 1] = id;
        let info = to.object(&info);
        let folders = to.object(&folders);
        let scripts = self
            .scripts
            .each_ref()
            .map(|script| to.blob(script.as_deref().unwrap_or("").as_bytes()));
        let scripts = to.object(&scripts);
        let triggers: Vec<Value> = self
            .triggers
            .iter()
            .map(|glob| to.blob(glob.as_bytes()))
            .collect();
        let triggers = to.object(&triggers);
        let root = to.object(&[info, folders, scripts, triggers, priority]);
        let mut payload = to.finish(root)?;
        let digest = sha256(&payload);
        payload[id_at..id_at + ID].copy_from_slice(&digest[..ID]);
        Ok(payload)
    }

    /// With 0 apk would unpack nothing, and report success.
    fn installed_size(&self) -> u64 {
        self.tree.file_bytes().max(1)
    }
}

/// The id covers all of the metadata, itself taken as zeros. apk does not check it.
fn check_id(from: Reader<'_>, root: Object<'_>, payload: &[u8]) -> Result<()> {
    let value = from.object(root.slot(1))?.slot(info::HASHES);
    let id = from.blob(value)?;
    if id.len() != ID {
        return Err(Error::damaged("metadata", "no unique id"));
    }
    let at = adb::offset(value) + 1;
    let zeroed = [&payload[..at], &[0; ID], &payload[at + ID..]].concat();
    if &sha256(&zeroed)[..ID] != id {
        return Err(Error::damaged("metadata", "its unique id does not match"));
    }
    Ok(())
}

fn read_metadata(
    from: Reader<'_>,
    root: Object<'_>,
) -> Result<(Apk, impl Iterator<Item = paths::Expected>)> {
    let found = paths::read(from, root.slot(2))?;
    let scripts = from.object(root.slot(3))?;
    let mut apk = Apk {
        info: Info::read(from, root.slot(1))?,
        tree: found.tree,
        mtime: found.mtime,
        replaces_priority: from.int(root.slot(5))?,
        ..Apk::default()
    };
    for (number, script) in apk.scripts.iter_mut().enumerate() {
        let text = from.text(scripts.slot(number + 1))?;
        *script = (!text.is_empty()).then_some(text);
    }
    for trigger in from.object(root.slot(4))?.items() {
        apk.triggers.push(from.text(trigger)?);
    }
    if root.len() > 5 || scripts.len() > SCRIPTS.len() {
        return Err(Error::unsupported(
            "metadata",
            "more than this program knows of",
        ));
    }
    Ok((apk, found.contents.into_iter()))
}

/// Empty files have no block of content.
fn has_content(node: &Node) -> bool {
    matches!(node, Node::File(content) if !content.is_empty())
}
