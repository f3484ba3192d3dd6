//! The index of a local opkg feed: `Packages` and `Packages.gz`.
//!
//! On the router: `src/gz wansync file:///tmp/packages` in
//! `/etc/opkg/customfeeds.conf`, then `opkg update`. It is not signed: `option
//! check_signature` must be off.

use crate::error::{Error, Result};
use crate::ipk::Ipk;
use crate::{gz, hex, sha256};
use std::path::{Path, PathBuf};

/// Fields that official indexes leave out.
const LEFT_OUT: [&str; 6] = [
    "Maintainer",
    "LicenseFiles",
    "Source",
    "SourceName",
    "Require-User",
    "SourceDateEpoch",
];

/// Writes `Packages` and `Packages.gz` for the `.ipk` files in a folder, and gives
/// how many there are.
pub fn write_index(folder: &Path) -> Result<usize> {
    let files = packages_in(folder)?;
    let mut index = String::new();
    for file in &files {
        index.push_str(
            &read(file)
                .and_then(|bytes| entry(&name_of(file), &bytes))
                .map_err(|why| {
                    let file = file.display().to_string();
                    why.within(&file)
                })?,
        );
    }
    write(&folder.join("Packages"), index.as_bytes())?;
    write(&folder.join("Packages.gz"), &gz::gzip(index.as_bytes()))?;
    Ok(files.len())
}

/// The index's paragraph about one package, with the empty line behind it.
pub fn entry(file_name: &str, package: &[u8]) -> Result<String> {
    let mut control = Ipk::read(package)?.control;
    control.retain(|key| !LEFT_OUT.contains(&key));
    let field = |key: &str, value: String| (key.to_owned(), value);
    let found = vec![
        field("Filename", file_name.into()),
        field("Size", package.len().to_string()),
        field("SHA256sum", hex(&sha256(package))),
    ];
    control.insert_before("Description", found);
    Ok(format!("{control}\n"))
}

fn packages_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let failed = |why| Error::io(format!("reading {}", folder.display()), &why);
    let entries = std::fs::read_dir(folder).map_err(failed)?;
    let files = entries
        .map(|entry| Ok(entry.map_err(failed)?.path()))
        .collect::<Result<Vec<_>>>()?;
    let mut files: Vec<_> = files
        .into_iter()
        .filter(|path| path.extension().is_some_and(|e| e == "ipk"))
        .collect();
    files.sort();
    Ok(files)
}

fn name_of(file: &Path) -> String {
    file.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// A file whole.
pub(crate) fn read(file: &Path) -> Result<Vec<u8>> {
    std::fs::read(file).map_err(|why| Error::io(format!("reading {}", file.display()), &why))
}

/// A file whole, in its folder.
pub(crate) fn write(file: &Path, content: &[u8]) -> Result<()> {
    std::fs::write(file, content)
        .map_err(|why| Error::io(format!("writing {}", file.display()), &why))
}
