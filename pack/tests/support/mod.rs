//! The samples, made by apk-tools and by the official build script for `.ipk`, and
//! the packages that their recipes describe.
#![allow(dead_code)]

use serde_json::Value;
use std::path::PathBuf;
use wansync_pack::apk::{Depend, SCRIPTS};
use wansync_pack::ipk::Control;
use wansync_pack::{Apk, Ipk, Tree, sha256};

/// Name-version of each, and its file name as an `.ipk`.
pub const SAMPLES: [(&str, &str); 5] = [
    ("tiny-demo-1.0-r1", "tiny-demo_1.0-r1_x86_64.ipk"),
    ("hello-demo-1.0.0-r1", "hello-demo_1.0.0-r1_all.ipk"),
    ("hello-demo-1.0.1-r1", "hello-demo_1.0.1-r1_all.ipk"),
    ("meta-demo-1.0-r1", "meta-demo_1.0-r1_all.ipk"),
    (
        "edge-demo-2025.11.22~0a1b2c3d-r2",
        "edge-demo_2025.11.22~0a1b2c3d-r2_aarch64_cortex-a53.ipk",
    ),
];

/// A file of `tests/data/samples`.
pub fn sample(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/samples")
        .join(name);
    std::fs::read(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()))
}

/// The recipe of a sample.
pub fn recipe(name: &str) -> Value {
    serde_json::from_slice(&sample(&format!("{name}.recipe.json"))).expect("JSON")
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a string")
}

fn tree<'a>(entries: impl Iterator<Item = &'a Value>) -> Tree {
    let mut tree = Tree::default();
    for entry in entries {
        let path = text(&entry["path"]);
        let mode = || u32::from_str_radix(text(&entry["mode"]), 8).expect("octal");
        match text(&entry["type"]) {
            "dir" => tree.folder(path, mode()),
            "symlink" => tree.symlink(path, text(&entry["target"])),
            _ => tree.file(path, mode(), content(entry)),
        }
        .expect(path);
    }
    tree
}

fn content(entry: &Value) -> Vec<u8> {
    if let Some(text) = entry["text"].as_str() {
        return text.into();
    }
    if let Some(repeat) = entry.get("repeat") {
        let times = repeat["times"].as_u64().expect("a number") as usize;
        return text(&repeat["text"]).repeat(times).into();
    }
    let blob = &entry["blob"];
    let size = blob["size"].as_u64().expect("a number") as usize;
    let parts = (0..size.div_ceil(32))
        .flat_map(|n| sha256(format!("{}:{n}", text(&blob["seed"])).as_bytes()));
    parts.take(size).collect()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

/// The `.ipk` that a recipe describes.
pub fn ipk(recipe: &Value) -> Ipk {
    let mut control = Control::default();
    for field in list(&recipe["ipk"]["control"]) {
        control.push(text(&field[0]), text(&field[1]));
    }
    let members = recipe["ipk"]["members"].as_object().expect("members");
    Ipk {
        control,
        members: members
            .iter()
            .map(|(name, value)| (name.clone(), text(value).into()))
            .collect(),
        tree: tree(list(&recipe["entries"]).iter()),
        mtime: recipe["source_date_epoch"].as_u64().expect("a number"),
    }
}

/// The `.apk` that a recipe describes.
pub fn apk(recipe: &Value) -> Apk {
    let entries = list(&recipe["entries"])
        .iter()
        .chain(list(&recipe["apk"]["metadata_entries"]));
    let mut apk = Apk {
        tree: tree(entries),
        mtime: recipe["source_date_epoch"].as_u64().expect("a number"),
        triggers: list(&recipe["apk"]["triggers"])
            .iter()
            .map(|glob| text(glob).into())
            .collect(),
        ..Apk::default()
    };
    for (name, script) in SCRIPTS.iter().zip(&mut apk.scripts) {
        *script = recipe["apk"]["scripts"][name].as_str().map(str::to_owned);
    }
    for pair in list(&recipe["apk"]["info"]) {
        set(&mut apk, text(&pair[0]), text(&pair[1]));
    }
    apk
}

fn set(apk: &mut Apk, key: &str, value: &str) {
    let depends = || {
        value
            .split_whitespace()
            .map(|one| Depend::parse(one).expect(one))
            .collect()
    };
    let info = &mut apk.info;
    match key {
        "name" => info.name = value.into(),
        "version" => info.version = value.into(),
        "description" => info.description = value.into(),
        "arch" => info.arch = value.into(),
        "license" => info.license = value.into(),
        "origin" => info.origin = value.into(),
        "url" => info.url = value.into(),
        "maintainer" => info.maintainer = value.into(),
        "tags" => info.tags = value.split_whitespace().map(str::to_owned).collect(),
        "provider-priority" => info.provider_priority = Some(value.parse().expect("a number")),
        "depends" => info.depends = depends(),
        "provides" => info.provides = depends(),
        other => panic!("recipe with {other}"),
    }
}
