//! The set-up of a provider's image.

use super::*;

/// The script of a provider's image, with its folders moved.
#[test]
fn an_image_sets_each_router_up_by_its_own_address() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    for name in ["etc/config", "lib/functions", "sys/class/net/eth0"] {
        fs::create_dir_all(path(name)).expect("a folder");
    }
    let here = folder.path().to_str().expect("UTF-8");
    let script = include_str!("../../openwrt/relay/uci-defaults")
        .replace("/etc/config", &format!("{here}/etc/config"))
        .replace("/etc/wansync", &format!("{here}/etc/wansync"))
        .replace("/lib/", &format!("{here}/lib/"))
        .replace("/sys/", &format!("{here}/sys/"));
    fs::write(path("script"), script).expect("the script");
    fs::write(path("sys/class/net/eth0/address"), "AA:BB:CC:00:11:22\n").expect("a file");
    let start = |label: &str| {
        let function = format!("get_mac_label() {{ printf '%s' '{label}'; }}\n");
        fs::write(path("lib/functions/system.sh"), function).expect("a file");
        let run = Command::new("sh").arg(path("script")).output();
        ran(run.expect("sh runs")).expect(0);
        fs::read_to_string(path("etc/config/wansync")).expect("a configuration")
    };
    let set_up = start("");
    assert!(
        set_up.contains("option ident 'router-aabbcc001122'"),
        "{set_up}"
    );
    // A new image, and the configuration that sysupgrade kept.
    assert_eq!(start("DE:AD:BE:EF:00:01"), set_up);
    fs::remove_file(path("etc/config/wansync")).expect("removed");
    let set_up = start("DE:AD:BE:EF:00:01");
    assert!(
        set_up.contains("option ident 'router-deadbeef0001'"),
        "{set_up}"
    );

    let check = || {
        let mut command = program();
        command.arg("-c").arg(path("etc/config/wansync"));
        ran(command
            .args(["check", "--offline"])
            .output()
            .expect("it runs"))
    };
    check().expect(78).says("skydns.key does not exist");
    let key = path("etc/wansync/skydns.key");
    fs::write(&key, TOKEN).expect("the token");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).expect("its mode");
    check().expect(0).never_says("warn");
    let lint = Command::new("shellcheck")
        .args(["-s", "dash", "openwrt/relay/uci-defaults"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output();
    ran(lint.expect("shellcheck is there")).expect(0);
}
