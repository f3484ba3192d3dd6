//! As much of an OpenWrt package's Makefile as a package without the SDK needs:
//! variables, and what stands between `define` and `endef`.

use crate::error::{Error, Result};
use std::collections::BTreeMap;

/// The variables and blocks of a Makefile.
#[derive(Debug, Clone, Default)]
pub struct Makefile {
    variables: BTreeMap<String, String>,
    /// Between `define NAME` and `endef`, as written.
    blocks: BTreeMap<String, Vec<String>>,
}

impl Makefile {
    /// Reads a Makefile; what it does not know it passes over.
    pub fn read(text: &str) -> Result<Makefile> {
        let mut makefile = Makefile::default();
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            if let Some(name) = line.strip_prefix("define ") {
                let name = makefile.expand(name.trim());
                let mut ended = false;
                let body = lines.by_ref().take_while(|line| {
                    ended = line.trim_end() == "endef";
                    !ended
                });
                let body = body.map(str::to_owned).collect();
                if !ended {
                    return Err(Error::damaged(
                        "Makefile",
                        format!("define {name} without endef"),
                    ));
                }
                makefile.blocks.insert(name, body);
            } else if let Some((key, value)) = assignment(line) {
                let value = makefile.expand(value);
                makefile.variables.insert(key.into(), value);
            }
        }
        Ok(makefile)
    }

    /// A variable of the whole file.
    pub fn variable(&self, key: &str) -> Option<&String> {
        self.variables.get(key)
    }

    /// The variables of `define Package/NAME`.
    pub fn package(&self, name: &str) -> Result<BTreeMap<String, String>> {
        let block = format!("Package/{name}");
        let lines = self.blocks.get(&block);
        let lines =
            lines.ok_or_else(|| Error::refused("Makefile", format!("no define {block}")))?;
        let pairs = lines
            .iter()
            .filter_map(|line| assignment(line.trim_start()));
        Ok(pairs
            .map(|(key, value)| (key.to_owned(), self.expand(value)))
            .collect())
    }

    /// The lines of a block, as written; none where there is no such block.
    pub fn raw(&self, block: &str) -> &[String] {
        self.blocks.get(block).map_or(&[], Vec::as_slice)
    }

    /// The lines of a block that are not empty, without what surrounds them.
    pub fn lines(&self, block: &str) -> Vec<String> {
        let lines = self.raw(block).iter();
        lines
            .map(|line| self.expand(line.trim()))
            .filter(|line| !line.is_empty())
            .collect()
    }

    /// A block that is a shell script, as make hands it over: `$$` is `$`.
    pub fn script(&self, block: &str) -> Result<Option<String>> {
        let Some(lines) = self.blocks.get(block) else {
            return Ok(None);
        };
        let body: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let body = self.expand_known(&body);
        if body.replace("$$", "").contains('$') {
            return Err(Error::refused(
                block,
                "holds a $ that make would take: write $$",
            ));
        }
        Ok(Some(body.replace("$$", "$")))
    }

    /// With the variables that are known, and nothing for others, as make does it.
    fn expand(&self, text: &str) -> String {
        let mut rest = self.expand_known(text);
        while let Some((before, after)) = rest.split_once("$(") {
            let after = after.split_once(')').map_or("", |(_, after)| after);
            rest = format!("{before}{after}");
        }
        rest.trim().to_owned()
    }

    fn expand_known(&self, text: &str) -> String {
        self.variables
            .iter()
            .fold(text.to_owned(), |text, (key, value)| {
                text.replace(&format!("$({key})"), value)
            })
    }
}

fn assignment(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once('=')?;
    let key = key.strip_suffix([':', '?']).unwrap_or(key).trim();
    let is_key = !key.is_empty()
        && key
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    is_key.then(|| (key, value.trim()))
}

/// The packages of `DEPENDS`: `+name` is one; `@SYMBOL` is a condition of the build.
pub(super) fn depends(text: &str) -> Result<Vec<String>> {
    let words = text
        .split_whitespace()
        .filter(|word| !word.starts_with('@'));
    let name = |word: &str| match word.trim_start_matches('+') {
        name if name.contains(':') => Err(Error::refused(
            format!("DEPENDS {word}"),
            "a condition that this program does not know",
        )),
        name => Ok(name.to_owned()),
    };
    words.map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAKEFILE: &str = "include $(TOPDIR)/rules.mk\n\nPKG_NAME:=demo\nPKG_RELEASE:=3\n\n\
        define Package/demo\n  SECTION:=net\n  DEPENDS:=$(RUST_ARCH_DEPENDS) +ca-bundle @!SMALL\n  USERID:=u=:g=\nendef\n\n\
        define Package/$(PKG_NAME)/postinst\n#!/bin/sh\n[ -n \"$${IPKG_INSTROOT}\" ] || echo $(PKG_NAME) $$?\nendef\n\n\
        define Package/demo/conffiles\n/etc/config/demo\n\nendef\n";

    #[test]
    fn what_a_package_needs_is_read() {
        let makefile = Makefile::read(MAKEFILE).expect("a Makefile");
        let package = makefile.package("demo").expect("its package");
        assert_eq!(package["SECTION"], "net");
        assert_eq!(depends(&package["DEPENDS"]), Ok(vec!["ca-bundle".into()]));
        assert_eq!(package["USERID"], "u=:g=");
        assert_eq!(
            makefile.variable("PKG_RELEASE").map(String::as_str),
            Some("3")
        );
        assert_eq!(
            makefile.lines("Package/demo/conffiles"),
            ["/etc/config/demo"]
        );
        let script = "#!/bin/sh\n[ -n \"${IPKG_INSTROOT}\" ] || echo demo $?\n";
        assert_eq!(
            makefile.script("Package/demo/postinst"),
            Ok(Some(script.into()))
        );
        assert_eq!(makefile.script("Package/demo/prerm"), Ok(None));
    }

    #[test]
    fn a_dollar_that_make_would_take_is_refused() {
        let makefile =
            Makefile::read("define Package/a/postinst\necho $HOME\nendef\n").expect("a Makefile");
        assert!(makefile.script("Package/a/postinst").is_err());
        assert!(Makefile::read("define a\n").is_err());
        assert!(depends("+PACKAGE_x:y").is_err());
    }
}
