//! `define Package/NAME/install`: which file goes where, with which mode.
//!
//! ```text
//! $(INSTALL_DIR) $(1)/usr/bin $(1)/etc/config          folders, 0755
//! $(INSTALL_BIN) $(PKG_INSTALL_DIR)/bin/wansync $(1)/usr/bin/wansync      0755
//! $(INSTALL_CONF) ./files/wansync.config $(1)/etc/config/wansync          0600
//! $(INSTALL_DATA) ./files/acl.json $(1)/usr/share/acl.d/wansync.json      0644
//! $(LN) target $(1)/usr/bin/link                       a symlink
//! ```
//!
//! The table stands once: OpenWrt's build runs it, and this reads it.

use crate::error::{Error, Result};
use crate::tree::check_path;

/// One thing that is installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The path, without the leading `/`.
    pub to: String,
    /// The kind of the file, and its content.
    pub what: What,
}

/// The kinds of installed files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A folder, 0755.
    Folder,
    /// The program that cargo built, 0755.
    Program,
    /// A file that lies beside the Makefile, and its mode.
    File(String, u32),
    /// A symlink to this text.
    Symlink(String),
}

const PROGRAM: &str = "$(PKG_INSTALL_DIR)/bin/";

/// Every item, in the order of the lines.
pub fn read(lines: &[String]) -> Result<Vec<Item>> {
    let mut items = Vec::new();
    for text in lines {
        line(text, &mut items).map_err(|why| why.within(&format!("install: {}", text.trim())))?;
    }
    Ok(items)
}

fn line(text: &str, items: &mut Vec<Item>) -> Result<()> {
    let words: Vec<&str> = text.split_whitespace().collect();
    match words[..] {
        [] => {}
        ["$(INSTALL_DIR)", ref folders @ ..] => {
            for folder in folders {
                items.push(Item {
                    to: destination(folder)?,
                    what: What::Folder,
                });
            }
        }
        ["$(INSTALL_BIN)", from, to] if from.starts_with(PROGRAM) => {
            items.push(Item {
                to: file_at(from, to)?,
                what: What::Program,
            });
        }
        ["$(INSTALL_BIN)", from, to] => items.push(file(from, to, 0o755)?),
        ["$(INSTALL_CONF)", from, to] => items.push(file(from, to, 0o600)?),
        ["$(INSTALL_DATA)", from, to] => items.push(file(from, to, 0o644)?),
        ["$(LN)", target, to] => {
            items.push(Item {
                to: destination(to)?,
                what: What::Symlink(target.into()),
            });
        }
        _ => {
            return Err(Error::refused(
                "",
                "not one of the lines that packages without the SDK know",
            ));
        }
    }
    Ok(())
}

fn file(from: &str, to: &str, mode: u32) -> Result<Item> {
    let local = from.strip_prefix("./").unwrap_or(from);
    check_path(local)?;
    if local.contains('$') {
        return Err(Error::refused(from, "must be a file beside the Makefile"));
    }
    Ok(Item {
        to: file_at(from, to)?,
        what: What::File(local.into(), mode),
    })
}

/// As `install` does it: into a folder, under its own name.
fn file_at(from: &str, to: &str) -> Result<String> {
    let name = from.rsplit('/').next().unwrap_or(from);
    let into = to.ends_with('/');
    destination(&if into {
        format!("{to}{name}")
    } else {
        to.to_owned()
    })
}

fn destination(word: &str) -> Result<String> {
    let path = word.strip_prefix("$(1)/");
    let path = path.ok_or_else(|| Error::refused(word, "must begin with $(1)/"))?;
    check_path(path)?;
    Ok(path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(text: &str) -> Result<Vec<Item>> {
        read(&text.lines().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn each_line_that_openwrt_knows() {
        let text = "\t$(INSTALL_DIR) $(1)/usr/bin $(1)/etc\n\t$(INSTALL_BIN) $(PKG_INSTALL_DIR)/bin/a $(1)/usr/bin/\n\n\
            $(INSTALL_CONF) ./files/a.config $(1)/etc/config/a\n$(INSTALL_DATA) files/b $(1)/etc/b\n$(LN) a $(1)/usr/bin/c";
        let item = |to: &str, what| Item {
            to: to.into(),
            what,
        };
        let expected = vec![
            item("usr/bin", What::Folder),
            item("etc", What::Folder),
            item("usr/bin/a", What::Program),
            item("etc/config/a", What::File("files/a.config".into(), 0o600)),
            item("etc/b", What::File("files/b".into(), 0o644)),
            item("usr/bin/c", What::Symlink("a".into())),
        ];
        assert_eq!(items(text), Ok(expected));
    }

    #[test]
    fn a_line_that_would_be_lost_is_refused() {
        let lines = [
            "rm -rf /",
            "$(CP) ./files/* $(1)/",
            "$(INSTALL_BIN) ./files/a /etc/a",
            "$(INSTALL_DATA) ../a $(1)/a",
            "$(INSTALL_DATA) $(PKG_BUILD_DIR)/a $(1)/a",
            "$(INSTALL_DIR) $(1)/../x",
            "$(INSTALL_DATA) ./a ./b $(1)/c/",
        ];
        for line in lines {
            assert!(items(line).is_err(), "{line}");
        }
    }
}
