//! What the figures were measured on, and what was measured.

use std::fs;

use crate::measure::Program;

/// One line each: the machine, the binary.
pub fn describe(agent: &Program) -> Result<Vec<String>, String> {
    let bytes = fs::metadata(agent.path())
        .map_err(|error| format!("{}: {error}", agent.path().display()))?
        .len();
    Ok(vec![
        format!("machine: {}, {}", processor(), kernel()),
        format!("binary: {} bytes, {}", bytes, agent.path().display()),
    ])
}

fn processor() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let values = |name: &str| {
        let wanted = name.to_owned();
        text.lines()
            .filter_map(|line| line.split_once(':'))
            .filter(move |(key, _)| key.trim() == wanted)
            .map(|(_, value)| value.trim().to_owned())
    };
    let model = values("model name").next();
    let model = model.unwrap_or_else(|| std::env::consts::ARCH.to_owned());
    format!("{} x {model}", values("processor").count())
}

fn kernel() -> String {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("Linux {}", release.trim())
}
