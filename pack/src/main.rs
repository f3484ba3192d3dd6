//! The command line of the package builder.

use clap::{Parser, Subcommand};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use wansync_pack::tree::{Node, Tree};
use wansync_pack::{Apk, Error, Ipk, feed, release};

/// Reads and writes OpenWrt packages without OpenWrt's SDK.
#[derive(Parser)]
#[command(name = "wansync-pack", version)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Pack the binaries of cross/ for every architecture, with a local opkg feed.
    Release {
        /// Names of cross/targets.toml, or all
        #[arg(default_value = "all")]
        targets: Vec<String>,
        /// The checkout
        #[arg(long, default_value = ".")]
        root: PathBuf,
        /// The folder of the feed's Makefile [default: ROOT/openwrt/wansync]
        #[arg(long)]
        feed: Option<PathBuf>,
        /// Where the packages go [default: ROOT/target/packages]
        #[arg(long)]
        out: Option<PathBuf>,
        /// The time of every file, in seconds since 1970 [default: that of the last commit]
        #[arg(long, env = "SOURCE_DATE_EPOCH")]
        epoch: Option<u64>,
    },
    /// Say what is in a package, after checking all of it.
    Show {
        /// An .ipk or .apk
        file: PathBuf,
    },
    /// Lay the files of a package out in a folder.
    Unpack {
        /// An .ipk or .apk
        file: PathBuf,
        /// The folder, made if it is missing
        to: PathBuf,
        /// A folder for the package's scripts, each under its name
        #[arg(long)]
        scripts: Option<PathBuf>,
    },
    /// Write Packages and Packages.gz for the .ipk files of a folder.
    Index {
        /// The folder
        folder: PathBuf,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("wansync-pack: {why}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<(), Error> {
    match task {
        Task::Release {
            root,
            feed,
            out,
            targets,
            epoch,
        } => {
            let plan = release::Plan {
                feed: feed.unwrap_or_else(|| root.join("openwrt/wansync")),
                out: out.unwrap_or_else(|| root.join("target/packages")),
                epoch: epoch.unwrap_or_else(|| last_commit(&root)),
                version: env!("CARGO_PKG_VERSION").into(),
                room: release::MAX_IPK_SIZE,
                root,
                targets,
            };
            release(&plan)
        }
        Task::Show { file } => {
            show(&open(&file)?);
            Ok(())
        }
        Task::Unpack { file, to, scripts } => unpack(&open(&file)?, &to, scripts.as_deref()),
        Task::Index { folder } => {
            let count = feed::write_index(&folder)?;
            println!("{}: {count} packages", folder.join("Packages").display());
            Ok(())
        }
    }
}

/// 1970 where there is no git, as in a tarball.
fn last_commit(root: &Path) -> u64 {
    let log = Command::new("git")
        .arg("-C")
        .arg(root)
        .args(["log", "-1", "--format=%ct"])
        .output();
    let time = log
        .ok()
        .and_then(|log| String::from_utf8_lossy(&log.stdout).trim().parse().ok());
    time.unwrap_or(0)
}

fn release(plan: &release::Plan) -> Result<(), Error> {
    let written = release::run(plan)?;
    for package in &written {
        println!(
            "{:>8}  {}",
            package.size,
            plan.out.join(&package.file).display()
        );
    }
    release::check_room(&written, plan.room)
}

enum Package {
    Ipk(Ipk),
    Apk(Box<Apk>),
}

impl Package {
    fn tree(&self) -> &Tree {
        match self {
            Package::Ipk(ipk) => &ipk.tree,
            Package::Apk(apk) => &apk.tree,
        }
    }

    /// Scripts and other texts beside the files.
    fn texts(&self) -> Vec<(&str, &[u8])> {
        match self {
            Package::Ipk(ipk) => ipk
                .members
                .iter()
                .map(|(name, text)| (name.as_str(), text.as_slice()))
                .collect(),
            Package::Apk(apk) => {
                let named = wansync_pack::apk::SCRIPTS.iter().zip(&apk.scripts);
                named
                    .filter_map(|(name, script)| Some((*name, script.as_ref()?.as_bytes())))
                    .collect()
            }
        }
    }
}

fn open(file: &Path) -> Result<Package, Error> {
    let bytes = std::fs::read(file).map_err(|why| Error::Io {
        what: format!("reading {}", file.display()),
        why: why.to_string(),
    })?;
    if bytes.starts_with(b"ADB") {
        Ok(Package::Apk(Box::new(Apk::read(&bytes)?)))
    } else {
        Ok(Package::Ipk(Ipk::read(&bytes)?))
    }
}

fn show(package: &Package) {
    match package {
        Package::Ipk(ipk) => print!("{}", ipk.control),
        Package::Apk(apk) => show_info(apk),
    }
    println!();
    for (path, entry) in package.tree().iter().filter(|(path, _)| !path.is_empty()) {
        match &entry.node {
            Node::Folder => println!("{:04o} {:>9} /{path}/", entry.mode, ""),
            Node::File(content) => println!("{:04o} {:>9} /{path}", entry.mode, content.len()),
            Node::Symlink(target) => println!("{:04o} {:>9} /{path} -> {target}", entry.mode, ""),
        }
    }
    for (name, text) in package.texts() {
        println!("\n== {name}\n{}", String::from_utf8_lossy(text).trim_end());
    }
}

fn show_info(apk: &Apk) {
    let info = &apk.info;
    let depends: Vec<String> = info.depends.iter().map(ToString::to_string).collect();
    let fields = [
        ("name", &info.name),
        ("version", &info.version),
        ("arch", &info.arch),
        ("depends", &depends.join(" ")),
        ("license", &info.license),
        ("url", &info.url),
        ("maintainer", &info.maintainer),
        ("description", &info.description),
    ];
    for (key, value) in fields.into_iter().filter(|(_, value)| !value.is_empty()) {
        println!("{key}: {value}");
    }
}

fn unpack(package: &Package, to: &Path, scripts: Option<&Path>) -> Result<(), Error> {
    package.tree().unpack(to)?;
    let Some(folder) = scripts else { return Ok(()) };
    let mut texts = Tree::default();
    for (name, text) in package.texts() {
        texts.file(name, if name == "conffiles" { 0o644 } else { 0o755 }, text)?;
    }
    texts.unpack(folder)
}
