//! The `data` of `get_activity_report`: counts along a line of moments.

use alloc::borrow::Cow;

use crate::json::{Json, JsonKind};
use crate::service::rows::Fields;

/// `{"labels": [moment, …], "datasets": [{"label": "Requests", "data": [375, …]}]}`
///
/// ```
/// use wansync_core::json::Json;
/// use wansync_core::service::skydns_data::ActivityReport;
///
/// let body = br#"{"labels": ["2016-06-29 14:00:00"], "datasets": [{"label": "Blocks", "data": [13]}]}"#;
/// let report = ActivityReport::in_data(Json::parse(body).unwrap());
/// let blocks = report.datasets().next().unwrap();
/// assert_eq!(blocks.label, "Blocks");
/// assert_eq!(report.labels().zip(blocks.counts()).next().unwrap(), ("2016-06-29 14:00:00".into(), Some(13)));
/// ```
#[derive(Debug, Clone)]
pub struct ActivityReport<'a> {
    labels: Json<'a>,
    datasets: Json<'a>,
    /// Whatever else was sent.
    pub rest: Fields<'a>,
}

impl<'a> ActivityReport<'a> {
    /// From `data`.
    pub fn in_data(data: Json<'a>) -> ActivityReport<'a> {
        let named = |name: &str| data.get(name).unwrap_or(Json::NULL);
        let is_known = |name: &str| name == "labels" || name == "datasets";
        let others = data.fields().filter(|(name, _)| !is_known(name));
        ActivityReport {
            labels: named("labels"),
            datasets: named("datasets"),
            rest: Fields(others.map(|(name, value)| (name, value.shown())).collect()),
        }
    }

    /// True if `data` is a report at all, empty or not.
    pub(in crate::service) fn is_in(data: Json<'_>) -> bool {
        data.get("datasets").is_some_and(Json::is_container)
    }

    /// The values of the time axis, `YYYY-MM-DD HH:MM:SS`.
    pub fn labels(&self) -> impl Iterator<Item = Cow<'a, str>> + Clone + use<'a> {
        self.labels.entries().map(|(_, label)| label.shown())
    }

    /// The counts: `Requests` and `Blocks`.
    pub fn datasets(&self) -> impl Iterator<Item = Dataset<'a>> + Clone + use<'a> {
        self.datasets
            .entries()
            .map(|(key, value)| match value.kind() {
                JsonKind::Object => Dataset {
                    label: value
                        .get("label")
                        .map(Json::shown)
                        .or(key)
                        .unwrap_or_default(),
                    data: value.get("data").unwrap_or(Json::NULL),
                },
                _ => Dataset {
                    label: key.unwrap_or_default(),
                    data: value,
                },
            })
    }

    /// The number of moments: labels, or values if some have no label.
    pub fn len(&self) -> usize {
        let values = self.datasets().map(|set| set.values().count());
        values.max().unwrap_or(0).max(self.labels().count())
    }

    /// True if the report has no moment.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// One line of a report.
#[derive(Debug, Clone)]
pub struct Dataset<'a> {
    /// The name of what was counted.
    pub label: Cow<'a, str>,
    data: Json<'a>,
}

impl<'a> Dataset<'a> {
    /// One value for each label, as it was sent.
    pub fn values(&self) -> impl Iterator<Item = Cow<'a, str>> + Clone + use<'a> {
        self.data.entries().map(|(_, value)| value.shown())
    }

    /// The values as numbers; `None` for what is none.
    pub fn counts(&self) -> impl Iterator<Item = Option<u64>> + Clone + use<'a> {
        self.data.entries().map(|(_, value)| value.number())
    }
}
