//! The machine and the program that were measured.

use std::fs;
use std::path::Path;

use crate::report::grouped;

/// One line each: the machine, the binary.
pub fn describe(agent: &Path) -> Result<Vec<String>, String> {
    let data = fs::metadata(agent).map_err(|error| format!("{}: {error}", agent.display()))?;
    Ok(vec![
        format!("machine: {}, {}", processor(), kernel()),
        format!(
            "binary: {} bytes, {}",
            grouped(data.len() as f64),
            agent.display()
        ),
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
