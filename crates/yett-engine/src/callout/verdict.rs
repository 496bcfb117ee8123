//! What a callout says.

use super::CalloutPlan;
use http::{HeaderName, HeaderValue};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Most characters of a reason that are logged.
const LONGEST_REASON: usize = 200;
/// Most bytes of one field for the upstream, and of what later callouts are told.
const LONGEST_VALUE: usize = 4096;

/// His word, in the form it must have.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    allow: bool,
    #[serde(default)]
    reason: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    context: Map<String, Value>,
}

/// What he decided.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// The request may go on, with these fields for the upstream and this for the callouts after him.
    Allow(Vec<(HeaderName, HeaderValue)>, Map<String, Value>),
    /// It may not; why, for the log.
    Deny(String),
}

impl Verdict {
    /// Takes his word. Fields that he was not given to set are left out.
    ///
    /// # Errors
    /// Why it cannot be understood: then he said nothing.
    pub(crate) fn read(callout: &CalloutPlan, said: Value) -> Result<Self, &'static str> {
        let said: Said = serde_json::from_value(said).map_err(|_| "what it says does not have the form of an answer")?;
        if !said.allow {
            return Ok(Self::Deny(legible(said.reason.as_deref().unwrap_or("no reason was given"))));
        }
        if serde_json::to_vec(&said.context).map_or(true, |context| context.len() > LONGEST_VALUE) {
            return Err("its context is too long");
        }
        let mut fields = Vec::new();
        for (name, value) in said.headers {
            let Some(name) = callout.gives.iter().find(|given| given.as_str().eq_ignore_ascii_case(&name)) else { continue };
            let value = HeaderValue::from_str(&value).ok().filter(|value| value.len() <= LONGEST_VALUE);
            fields.push((name.clone(), value.ok_or("it sets a field to what no field can hold")?));
        }
        Ok(Self::Allow(fields, said.context))
    }
}

/// A reason as a log can hold it.
fn legible(reason: &str) -> String {
    reason.chars().filter(|character| !character.is_control()).take(LONGEST_REASON).collect()
}
