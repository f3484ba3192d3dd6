//! Whatever is packed comes out again, and the tars are those of GNU tar.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use std::path::Path;
use std::process::Command;
use wansync_pack::apk::{Depend, Info};
use wansync_pack::ipk::Control;
use wansync_pack::tree::{Entry, Node};
use wansync_pack::{Apk, Ipk, Tree};

fn name() -> impl Strategy<Value = String> {
    // Names that sort differently with and without a slash behind them, and long ones.
    let odd = prop_oneof![
        Just("a"),
        Just("a-"),
        Just("a.b"),
        Just("a b"),
        Just("ä"),
        Just("A"),
        Just("a0")
    ];
    prop_oneof![
        4 => odd.prop_map(str::to_owned),
        2 => "[a-z~_.+-]{1,8}".prop_filter("a name", |name| name != "." && name != ".."),
        1 => "[a-z]{60,120}",
    ]
}

fn node() -> impl Strategy<Value = Node> {
    prop_oneof![
        4 => vec(any::<u8>(), 0..700).prop_map(Node::File),
        1 => Just(Node::File(b"same".to_vec())),
        1 => Just(Node::Folder),
        1 => "[a-z/.]{1,130}".prop_map(Node::Symlink),
    ]
}

prop_compose! {
    fn tree()(entries in btree_map(vec(name(), 1..4), (node(), 0_u32..0o1000), 0..20)) -> Tree {
        let mut tree = Tree::default();
        for (path, (node, mode)) in entries {
            // Readable by the user who runs the test; a path through a file is left out.
            let mode = match node {
                Node::Symlink(_) => 0o777,
                Node::Folder => mode | 0o700,
                Node::File(_) => mode | 0o400,
            };
            let _ = tree.insert(&path.join("/"), mode, node);
        }
        tree
    }
}

fn script() -> impl Strategy<Value = Option<String>> {
    prop::option::of("[ -~\n]{0,400}".prop_map(|body| format!("#!/bin/sh\n{body}")))
}

prop_compose! {
    fn apk()(
        tree in tree(),
        mtime in prop_oneof![Just(0_u64), 0..5_000_000_000_u64],
        scripts in prop::array::uniform7(script()),
        description in "[ -~]{0,300}",
        depends in vec("[a-z][a-z0-9]{0,5}(>=[0-9]{1,3}|=1\\.0-r[0-9]|)", 0..5),
        numbers in prop::array::uniform3(prop::option::of(any::<u64>())),
    ) -> Apk {
        let mut depends: Vec<Depend> = depends.iter().map(|one| Depend::parse(one).expect(one)).collect();
        let mut names = std::collections::HashSet::new();
        depends.retain(|depend| names.insert(depend.name.clone()));
        let info = Info {
            name: "demo".into(), version: "1.0-r1".into(), arch: "noarch".into(), description, depends,
            build_time: numbers[0], provider_priority: numbers[1],
            ..Info::default()
        };
        // Where there is no file there is no time.
        let mtime = if tree.iter().all(|(_, entry)| entry.node == Node::Folder) { 0 } else { mtime };
        Apk { info, tree, mtime, scripts, triggers: vec!["/a*".into()], replaces_priority: numbers[2] }
    }
}

fn ipk(tree: Tree, mtime: u64) -> Ipk {
    let mut control = Control::default();
    for (key, value) in [
        ("Package", "demo"),
        ("Version", "1"),
        ("Architecture", "all"),
        ("Description", " a\n b"),
    ] {
        control.push(key, value);
    }
    Ipk {
        control,
        members: [("prerm".to_owned(), b"#!/bin/sh\n".to_vec())].into(),
        tree,
        mtime,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_apk_comes_out_as_it_went_in(apk in apk()) {
        let (plain, packed) = (apk.write_plain().expect("plain"), apk.write().expect("packed"));
        let read = Apk::read(&packed).expect("our own");
        prop_assert_eq!(&Apk::read(&plain).expect("our own"), &read);
        prop_assert_eq!(&read, &apk);
        prop_assert_eq!(read.write().expect("again"), packed);
    }

    #[test]
    fn an_ipk_comes_out_as_it_went_in(tree in tree(), mtime in 0_u64..8_000_000_000) {
        let ipk = ipk(tree, mtime);
        let file = ipk.write().expect("a package");
        let read = Ipk::read(&file).expect("our own");
        prop_assert_eq!(&read, &ipk);
        prop_assert_eq!(read.write().expect("again"), file);
    }

    #[test]
    fn any_bytes_come_to_an_end(bytes in vec(any::<u8>(), 0..300), head in 0_usize..6) {
        let heads: [&[u8]; 6] = [b"", b"ADB.pckg", b"ADBd", b"ADBc\0\0ADB.pckg", b"\x1f\x8b\x08\0\0\0\0\0\0\x03", b"ADBc\x01"];
        let bytes = [heads[head], &bytes].concat();
        let _ = Apk::read(&bytes);
        let _ = Ipk::read(&bytes);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn data_tar_is_that_of_gnu_tar(tree in tree(), mtime in 0_u64..4_000_000_000) {
        let folder = tempfile::tempdir().expect("a folder");
        tree.unpack(folder.path()).expect("unpacked");
        prop_assert_eq!(seen(folder.path(), &tree), tree.iter().map(own).collect::<Vec<_>>());
        let theirs = gnu_tar(folder.path(), mtime);
        let ours = ipk(tree, mtime).data_tar().expect("a tar");
        prop_assert!(ours == theirs, "different at {:?}", ours.iter().zip(&theirs).position(|(a, b)| a != b));
    }
}

/// As OpenWrt's build calls it.
fn gnu_tar(folder: &Path, mtime: u64) -> Vec<u8> {
    let output = Command::new("tar")
        .args([
            "--format=gnu",
            "--numeric-owner",
            "--owner=0",
            "--group=0",
            "--sort=name",
        ])
        .arg(format!("--mtime=@{mtime}"))
        .args(["-C", folder.to_str().expect("UTF-8"), "-cf", "-", "."])
        .env("LC_ALL", "C")
        .output()
        .expect("tar");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}

fn own((path, entry): (&str, &Entry)) -> (String, u32, Option<Vec<u8>>) {
    let content = match &entry.node {
        Node::File(content) => Some(content.clone()),
        Node::Symlink(target) => Some(target.clone().into_bytes()),
        Node::Folder => None,
    };
    (path.into(), entry.mode, content)
}

/// Reads a folder's files where the tree has them.
fn seen(folder: &Path, tree: &Tree) -> Vec<(String, u32, Option<Vec<u8>>)> {
    use std::os::unix::fs::PermissionsExt as _;
    let look = |(path, entry): (&str, &Entry)| {
        let at = folder.join(path);
        let mode = std::fs::symlink_metadata(&at)
            .expect(path)
            .permissions()
            .mode()
            & 0o7777;
        let content = match entry.node {
            Node::File(_) => Some(std::fs::read(&at).expect(path)),
            Node::Symlink(_) => Some(
                std::fs::read_link(&at)
                    .expect(path)
                    .to_str()
                    .expect("UTF-8")
                    .into(),
            ),
            Node::Folder => None,
        };
        (path.to_owned(), mode, content)
    };
    tree.iter().map(look).collect()
}
