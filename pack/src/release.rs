//! `make packages`: an `.ipk` and an `.apk` for every architecture of
//! cross/targets.toml, and the index of a local feed.

use crate::error::{Error, Result};
use crate::feed::{self, read, write};
use crate::{gz, hex, sha256, source};
use std::path::{Path, PathBuf};

const NAME: &str = "wansync";
/// The architecture of the smallest routers.
const SMALLEST_ARCH: &str = "mips_24kc";
/// The bytes that these routers have room for, as an .ipk.
pub const MAX_IPK_SIZE: usize = 620_000;

/// The files that are written beside the packages.
const INDEXES: [&str; 3] = ["Packages", "Packages.gz", "SHA256SUMS"];

/// The options of a release.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The checkout.
    pub root: PathBuf,
    /// The folder of the feed's Makefile.
    pub feed: PathBuf,
    /// The folder of the packages; packages that lie there go away.
    pub out: PathBuf,
    /// Names of cross/targets.toml, or `all`.
    pub targets: Vec<String>,
    /// Cargo's version.
    pub version: String,
    /// The time of everything, in seconds since 1970.
    pub epoch: u64,
    /// [`MAX_IPK_SIZE`]; less in tests.
    pub room: usize,
}

/// A package that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Its name in the folder.
    pub file: String,
    /// Its size in bytes.
    pub size: usize,
    /// True if it is over what the smallest routers have room for.
    pub too_large: bool,
}

/// One row of cross/targets.toml.
#[derive(Debug, Clone, serde::Deserialize)]
pub struct Target {
    /// The target, as `make cross TARGET=…` takes it.
    pub name: String,
    /// Rust's name.
    pub triple: String,
    /// The architectures of OpenWrt that its binary runs on.
    pub openwrt: Vec<String>,
}

/// Writes the packages of a plan, `Packages`, `Packages.gz` and `SHA256SUMS`.
pub fn run(plan: &Plan) -> Result<Vec<Written>> {
    let chosen = choose(
        targets(&plan.root.join("cross/targets.toml"))?,
        &plan.targets,
    )?;
    clear(&plan.out)?;
    let written = pack_all(plan, &chosen)?;
    feed::write_index(&plan.out)?;
    write_sums(&plan.out, &written)?;
    Ok(written)
}

/// Refuses a package that the smallest routers have no room for. It is written all
/// the same, so that one can look into it.
pub fn check_room(written: &[Written], room: usize) -> Result<()> {
    match written.iter().find(|package| package.too_large) {
        None => Ok(()),
        Some(Written { file, size, .. }) => Err(Error::refused(
            file,
            format!("has {size} bytes, and the smallest routers have room for {room}"),
        )),
    }
}

fn choose(targets: Vec<Target>, names: &[String]) -> Result<Vec<Target>> {
    let known = |name: &String| name == "all" || targets.iter().any(|target| target.name == *name);
    if let Some(unknown) = names.iter().find(|name| !known(name)) {
        return Err(Error::refused(
            unknown,
            "is no target of cross/targets.toml",
        ));
    }
    let chosen = |target: &Target| {
        names
            .iter()
            .any(|name| name == "all" || target.name == *name)
    };
    Ok(targets
        .iter()
        .filter(|target| chosen(target))
        .cloned()
        .collect())
}

/// Side by side, for the compressor is slow; in the order of the table.
fn pack_all(plan: &Plan, targets: &[Target]) -> Result<Vec<Written>> {
    let packed: Vec<Result<Vec<Written>>> = std::thread::scope(|scope| {
        let threads: Vec<_> = targets
            .iter()
            .map(|target| scope.spawn(|| pack(plan, target)))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("a panic is a bug in this program"))
            .collect()
    });
    let named = packed
        .into_iter()
        .zip(targets)
        .map(|(packed, target)| packed.map_err(|why| why.within(&target.name)));
    Ok(named.collect::<Result<Vec<_>>>()?.concat())
}

fn pack(plan: &Plan, target: &Target) -> Result<Vec<Written>> {
    let program = plan
        .root
        .join(format!("target/cross/{}/release/{NAME}", target.triple));
    let recipe = source::recipe(
        &plan.feed,
        NAME,
        &plan.version,
        plan.epoch,
        &read(&program)?,
    )?;
    // The smallest routers count every byte of an .ipk. Its files are the same for all
    // architectures of a target; an .apk has the architecture in its one stream.
    let Some(first) = target.openwrt.first() else {
        return Ok(Vec::new());
    };
    let data = recipe.ipk(first)?.data_tar()?;
    let data_gz = gz::gzip_smallest(&data);
    let mut written = Vec::new();
    for arch in &target.openwrt {
        let ipk = recipe.ipk(arch)?;
        let mut save = |file: String, content: &[u8]| {
            let too_large =
                file.ends_with(".ipk") && arch == SMALLEST_ARCH && content.len() > plan.room;
            write(&plan.out.join(&file), content)?;
            written.push(Written {
                file,
                size: content.len(),
                too_large,
            });
            Ok(())
        };
        save(ipk.file_name()?, &ipk.write_around(data.len(), &data_gz)?)?;
        let apk = recipe.apk(arch)?;
        // apk's own names lack the architecture: there a folder has only one.
        save(
            format!("{NAME}-{}-{arch}.apk", apk.info.version),
            &apk.write()?,
        )?;
    }
    Ok(written)
}

/// The rows of cross/targets.toml.
pub fn targets(file: &Path) -> Result<Vec<Target>> {
    #[derive(serde::Deserialize)]
    struct Table {
        target: Vec<Target>,
    }
    let text = String::from_utf8_lossy(&read(file)?).into_owned();
    let table: std::result::Result<Table, _> = toml::from_str(&text);
    Ok(table
        .map_err(|why| Error::damaged(&file.display().to_string(), why.to_string()))?
        .target)
}

/// An older version must not stay, nor an index that names it if this run fails.
fn clear(out: &Path) -> Result<()> {
    let failed = |why| Error::io(format!("clearing {}", out.display()), &why);
    std::fs::create_dir_all(out).map_err(failed)?;
    for entry in std::fs::read_dir(out).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let is_package = path
            .extension()
            .is_some_and(|ending| ending == "ipk" || ending == "apk");
        if is_package || INDEXES.iter().any(|name| path.ends_with(name)) {
            std::fs::remove_file(path).map_err(failed)?;
        }
    }
    Ok(())
}

/// Writes the checksums, as `sha256sum -c` reads them.
fn write_sums(out: &Path, written: &[Written]) -> Result<()> {
    let mut files: Vec<&str> = written.iter().map(|one| one.file.as_str()).collect();
    files.extend(["Packages", "Packages.gz"]);
    files.sort_unstable();
    let mut sums = String::new();
    for file in files {
        let sum = hex(&sha256(&read(&out.join(file))?));
        sums.push_str(&format!("{sum}  {file}\n"));
    }
    write(&out.join("SHA256SUMS"), sums.as_bytes())
}
