//! The stand-in from a command line.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use serde_json::Value;

use super::control;
use super::fault::UbusFault;
use super::server::UbusSim;

/// The usage of [`main`].
pub const USAGE: &str = "\
usage: wansync-sim ubus --socket PATH [--network NAME=DEVICE]... [--interfaces FILE]
                        [--fault FAULT] [--control PATH] [--hook PROGRAM] [--log FILE]
       wansync-sim ubus --tell PATH COMMAND...

Speaks ubusd's protocol at PATH and answers for netifd until it is ended.

  --socket PATH          where to listen; a socket that is there is replaced
  --network NAME=DEVICE  a network that has the addresses which DEVICE has now; of
                         another protocol than static with DEVICE/PROTO
  --interfaces FILE      networks from what `ubus call network.interface dump`
                         printed, or from {\"NAME\": STATUS, ...}
  --fault FAULT          stall, silent, close, unknown, garbage, refuse or drip
  --control PATH         a socket that takes commands; --tell PATH sends one, waits
                         until it is done, and prints its answer
  --hook PROGRAM         runs PROGRAM up NAME and PROGRAM down NAME when one of these
                         networks is told to go up or down, before it is; where it
                         fails at up, the network stays down, with an error
  --log FILE             appends a line for each call: the object's path, the method,
                         and the network where the path does not say which
";

#[derive(Default)]
struct UbusOptions {
    socket: Option<String>,
    networks: Vec<(String, String)>,
    interfaces: Vec<(String, Value)>,
    fault: UbusFault,
    control: Option<String>,
    hook: Option<String>,
    log: Option<String>,
}

/// Serves until the process is ended, or tells one that does. `args` are those behind `ubus`.
pub fn main(args: &[String]) -> Result<(), String> {
    if args.iter().any(|arg| arg == "--help") {
        print!("{USAGE}\nCommands:\n\n{}", control::COMMANDS);
        return Ok(());
    }
    if let [first, path, command @ ..] = args
        && first == "--tell"
    {
        let answer = control::tell(Path::new(path), &command.join(" "))?;
        println!("{answer}");
        return Ok(());
    }
    let options = parse(args)?;
    let _sim = serve(&options)?;
    loop {
        thread::park();
    }
}

fn serve(options: &UbusOptions) -> Result<Arc<UbusSim>, String> {
    let socket = options.socket.as_ref().ok_or("--socket PATH is missing")?;
    let sim = UbusSim::start(socket).map_err(|cause| format!("{socket}: {cause}"))?;
    let sim = Arc::new(sim);
    sim.set_fault(options.fault);
    for (name, status) in &options.interfaces {
        sim.set_interface(name, status.clone());
    }
    for (name, device) in &options.networks {
        sim.follow_device(name, device);
    }
    if let Some(program) = &options.hook {
        let set = options.interfaces.iter().map(|(name, _)| name);
        for name in set.chain(options.networks.iter().map(|(name, _)| name)) {
            control::hook(&sim, name, program);
        }
    }
    if let Some(log) = &options.log {
        let opened = sim.log_to(Path::new(log));
        opened.map_err(|cause| format!("{log}: {cause}"))?;
    }
    if let Some(path) = &options.control {
        let listening = control::listen(Path::new(path), &sim);
        listening.map_err(|cause| format!("{path}: {cause}"))?;
    }
    println!("listening at {socket}");
    Ok(sim)
}

fn parse(args: &[String]) -> Result<UbusOptions, String> {
    let mut options = UbusOptions::default();
    let mut args = args.iter();
    while let Some(option) = args.next() {
        let value = args
            .next()
            .ok_or_else(|| format!("{option} needs a value"))?;
        match option.as_str() {
            "--socket" => options.socket = Some(value.clone()),
            "--network" => options.networks.push(pair(value)?),
            "--interfaces" => options.interfaces.extend(read(value)?),
            "--fault" => options.fault = value.parse()?,
            "--control" => options.control = Some(value.clone()),
            "--hook" => options.hook = Some(value.clone()),
            "--log" => options.log = Some(value.clone()),
            _ => return Err(format!("unknown option {option}\n\n{USAGE}")),
        }
    }
    Ok(options)
}

fn pair(value: &str) -> Result<(String, String), String> {
    let (name, device) = value
        .split_once('=')
        .ok_or_else(|| format!("{value} is not NAME=DEVICE"))?;
    Ok((name.to_owned(), device.to_owned()))
}

fn read(file: &str) -> Result<Vec<(String, Value)>, String> {
    let text = fs::read_to_string(file).map_err(|cause| format!("{file}: {cause}"))?;
    let json: Value = serde_json::from_str(&text).map_err(|cause| format!("{file}: {cause}"))?;
    interfaces(json).ok_or_else(|| format!("{file}: neither a dump nor an object of statuses"))
}

fn interfaces(json: Value) -> Option<Vec<(String, Value)>> {
    if let Some(list) = json.get("interface").and_then(Value::as_array) {
        return list.iter().cloned().map(named).collect();
    }
    Some(json.as_object()?.clone().into_iter().collect())
}

/// An element of a dump: the name is its first field.
fn named(mut status: Value) -> Option<(String, Value)> {
    let name = status.as_object_mut()?.remove("interface")?;
    Some((name.as_str()?.to_owned(), status))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dump_and_an_object_of_statuses_are_understood() {
        for text in [
            r#"{"interface":[{"interface":"wan","up":true}]}"#,
            r#"{"wan":{"up":true}}"#,
        ] {
            let found = interfaces(serde_json::from_str(text).unwrap());
            let wan = ("wan".to_owned(), serde_json::json!({"up": true}));
            assert_eq!(found, Some(vec![wan]), "{text}");
        }
    }

    #[test]
    fn wrong_options_are_named() {
        for (args, words) in [
            (&["--network", "wan"][..], "wan is not NAME=DEVICE"),
            (&["--socket"], "--socket needs a value"),
            (&["--fault", "x"], "no such fault: x"),
            (&[], "--socket PATH is missing"),
        ] {
            let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
            assert_eq!(main(&args), Err(words.to_owned()));
        }
    }
}
