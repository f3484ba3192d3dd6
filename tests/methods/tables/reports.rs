//! Activity, reports, and statistics that are mailed.

use serde_json::Value;
use wansync_sim::Language;

use crate::rows::Prints::Lines;
use crate::rows::{DONE, DONE_CSV, Success, nothing};
use crate::world::{World, on_this_year};

pub static ROWS: &[Success] = &[
    Success {
        method: "get_activity",
        before: nothing,
        words: &["ident=user1", "date={Y}-02-03", "profile_id=1001"],
        code: 0,
        prints: Lines(activity),
        csv: Lines(activity_csv),
        after: nothing,
    },
    Success {
        method: "get_activity",
        before: nothing,
        words: &["ident=user1"],
        code: 0,
        prints: Lines(activity),
        csv: Lines(activity_csv),
        after: nothing,
    },
    Success {
        method: "get_activity_report",
        before: nothing,
        words: &["ident=user1", "start={Y}-02-03", "end={Y}-02-04"],
        code: 0,
        prints: Lines(|data| {
            let count = |set: usize, n: usize| data["datasets"][set]["data"][n].to_string();
            let labels = data["labels"].as_array().expect("labels");
            assert_eq!(labels.len(), 48);
            let row = |(n, label): (usize, &Value)| {
                let label = label.as_str().expect("text");
                format!("{label} {} {}", count(0, n), count(1, n))
            };
            let head = "Requests Blocks".to_owned();
            std::iter::once(head)
                .chain(labels.iter().enumerate().map(row))
                .collect()
        }),
        csv: Lines(|data| {
            let count = |set: usize, n: usize| data["datasets"][set]["data"][n].to_string();
            let labels = data["labels"].as_array().expect("labels");
            let row = |(n, label): (usize, &Value)| {
                let label = label.as_str().expect("text");
                format!("{label},{},{}", count(0, n), count(1, n))
            };
            let head = "moment,Requests,Blocks".to_owned();
            std::iter::once(head)
                .chain(labels.iter().enumerate().map(row))
                .collect()
        }),
        after: nothing,
    },
    Success {
        method: "get_popular_report",
        before: nothing,
        words: &[
            "ident=user1",
            "start={Y}-02-03",
            "end={Y}-02-04",
            "profile_id=1002",
        ],
        code: 0,
        prints: Lines(|data| visits("name visits", data)),
        csv: Lines(|data| visits_csv("name,visits", data)),
        after: nothing,
    },
    Success {
        method: "get_category_report",
        before: nothing,
        words: &["ident=user1", "start={Y}-02-03", "end={Y}-02-04"],
        code: 0,
        prints: Lines(|data| visits("category visits", data)),
        csv: Lines(|data| visits_csv("category,visits", data)),
        after: nothing,
    },
    Success {
        method: "get_category_report",
        before: |world| world.sim().set_language(Language::English),
        words: &["ident=user1", "start={Y}-02-03", "end={Y}-02-03"],
        code: 0,
        prints: Lines(|data| visits("category visits", data)),
        csv: Lines(|data| visits_csv("category,visits", data)),
        after: nothing,
    },
    Success {
        method: "send_monthly_stat",
        before: nothing,
        words: &["ident=user1", "year={Y}", "month=05", "profile_id=1003"],
        code: 0,
        prints: DONE,
        csv: DONE_CSV,
        after: |world| {
            assert_eq!(
                mails(world),
                [on_this_year("user1@example.com {Y}-05 Some(1003)")]
            );
        },
    },
    Success {
        method: "get_daily_stat",
        before: nothing,
        words: &["date={Y}-05-06", "ident=user1", "email_to=boss@example.org"],
        code: 0,
        prints: Lines(|data| {
            vec![format!(
                "result: {}",
                data["result"].as_str().expect("a link")
            )]
        }),
        csv: Lines(|data| {
            let link = data["result"].as_str().expect("a link");
            vec!["result".to_owned(), link.to_owned()]
        }),
        after: |world| {
            assert_eq!(
                mails(world),
                [on_this_year("boss@example.org {Y}-05-06 None")]
            );
        },
    },
];

fn mails(world: &World) -> Vec<String> {
    let mails = world.sim().mails().into_iter();
    mails
        .map(|mail| format!("{} {} {:?}", mail.to, mail.period, mail.profile))
        .collect()
}

fn activity(data: &Value) -> Vec<String> {
    let line = |name: &str| format!("{name}: {}", data[name].as_str().expect("text"));
    vec![line("blocks"), line("requests")]
}

fn activity_csv(data: &Value) -> Vec<String> {
    let text = |name: &str| data[name].as_str().expect("text").to_owned();
    vec![
        "requests,blocks".to_owned(),
        format!("{},{}", text("requests"), text("blocks")),
    ]
}

fn visits_csv(head: &str, data: &Value) -> Vec<String> {
    let rows = data.as_object().expect("counts by name").iter();
    let row = |(name, count): (&String, &Value)| {
        let count = count.as_str().expect("text");
        match name.contains(',') {
            true => format!("\"{name}\",{count}"),
            false => format!("{name},{count}"),
        }
    };
    std::iter::once(head.to_owned())
        .chain(rows.map(row))
        .collect()
}

fn visits(head: &str, data: &Value) -> Vec<String> {
    let rows = data.as_object().expect("counts by name").iter();
    let row =
        |(name, count): (&String, &Value)| format!("{name} {}", count.as_str().expect("text"));
    std::iter::once(head.to_owned())
        .chain(rows.map(row))
        .collect()
}
