//! The programs that `tests/setup` unpacked or installed.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A path in the folder that `tests/setup` fills.
fn target(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../target")
        .join(path)
}

/// Debian's busybox, or that of `tests/setup`.
pub fn busybox() -> PathBuf {
    let own = target("test-busybox/bin/busybox");
    let mut all = [own, "/usr/bin/busybox".into(), "/bin/busybox".into()].into_iter();
    all.find(|path| path.is_file())
        .expect("busybox: run tests/setup")
}

/// The samples that Prometheus's own reader for Python finds in a text, one a line: the
/// name, the value, and the labels as Python writes them. Each must be a gauge with
/// words. `None` where `tests/setup` could not install it.
#[track_caller]
pub fn prometheus_reads(text: &str) -> Option<String> {
    const READER: &str = "import sys\n\
        from prometheus_client.parser import text_string_to_metric_families as read\n\
        text = sys.stdin.buffer.read().decode('utf-8')\n\
        for family in read(text):\n\
        \x20   assert family.documentation and family.type == 'gauge', family\n\
        \x20   for s in family.samples: print(s.name, float(s.value), *sorted(s.labels.items()))\n";
    let python = target("test-tools/bin/python");
    if !python.exists() {
        eprintln!("passed over: tests/setup did not install prometheus_client");
        return None;
    }
    let mut python = Command::new(python);
    let pipes = python
        .args(["-c", READER])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut child = pipes.spawn().expect("python runs");
    let mut input = child.stdin.take().expect("a pipe");
    input.write_all(text.as_bytes()).expect("it reads");
    drop(input);
    let output = child.wait_with_output().expect("it ends");
    assert!(
        output.status.success(),
        "prometheus_client refuses:\n{text}"
    );
    Some(String::from_utf8(output.stdout).expect("UTF-8"))
}
