//! `wansync-fleet`: runs the scenarios, and prints what the service saw.

use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use wansync_fleet::scenario::{SCENARIOS, Scenario};
use wansync_fleet::tally::Figures;

/// A million routers in memory, and what the service sees of them.
#[derive(Debug, Parser)]
#[command(name = "wansync-fleet")]
struct Arguments {
    /// Routers of each scenario, half of them daemons
    #[arg(long, default_value_t = 1_000_000)]
    routers: usize,
    /// Decides what is left to chance
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Figures as JSON, one scenario a line
    #[arg(long)]
    json: bool,
    /// Only scenarios whose name holds this
    #[arg(default_value = "")]
    name: String,
}

const LEGEND: &str = "
lost            routers for which the service has a wrong address at the end
99 %, 100 %     from the event, or its end, until so many are right
minute, second  the fullest one against the mean of that time
sends           of a router, in the mean and at most
limit           the most of its daily limit that a router used
";

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let is_chosen = |scenario: &&Scenario| scenario.name.contains(&arguments.name);
    if !arguments.json {
        println!(
            "{:<42} {:>6} {:>8} {:>8} {:>7} {:>7} {:>9} {:>5}",
            "scenario", "lost", "99 %", "100 %", "minute", "second", "sends", "limit"
        );
    }
    let mut is_reached = true;
    for scenario in SCENARIOS.iter().filter(is_chosen) {
        let start = Instant::now();
        let figures = scenario.run(arguments.routers, arguments.seed);
        let missed = scenario.missed(&figures);
        is_reached &= missed.is_empty();
        match arguments.json {
            true => println!("{}", serde_json::json!(figures)),
            false => print(&figures, &missed, start),
        }
    }
    if !arguments.json {
        print!("{LEGEND}");
    }
    match is_reached {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

fn print(figures: &Figures, missed: &[String], start: Instant) {
    println!(
        "{:<42} {:>6} {:>8} {:>8} {:>7.1} {:>7.1} {:>4.1} {:>4} {:>5}",
        figures.scenario,
        figures.lost,
        minutes(figures.right_99_min),
        minutes(figures.right_all_min),
        figures.peak_minute,
        figures.peak_second,
        figures.mean_sends,
        figures.most_sends,
        figures.limit_used,
    );
    let took = start.elapsed().as_secs();
    println!("    |{}| {took} s", figures.histogram);
    for goal in missed {
        println!("    MISSED {goal}");
    }
}

fn minutes(minutes: f64) -> String {
    format!("{minutes:.0} min")
}
