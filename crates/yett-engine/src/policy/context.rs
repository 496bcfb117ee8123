//! The context of a request: of all that could be told, what its policies read.

use super::Shared;
use super::schema::{Field, Kind};
use crate::guards::RequestView;
use crate::guards::contract::ParameterReader;
use crate::identity::Principal;
use cedar_policy::{Context, RestrictedExpression};
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeMap;

/// A fact that is there but is not of the type the contract gives it: nobody knows what a policy would make of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unreadable(pub(super) String);

type Pairs = Vec<(String, RestrictedExpression)>;

/// How the context of one cut is made.
pub(super) struct Recipe {
    fields: BTreeMap<String, Field>,
    parameters: Option<ParameterReader>,
}

/// What is known of a request besides its head.
#[derive(Clone, Copy, Default)]
pub(super) struct Known<'a> {
    pub(super) body: Option<&'a Value>,
    pub(super) response: Option<&'a Value>,
}

impl Recipe {
    pub(super) fn new(fields: BTreeMap<String, Field>, parameters: Option<ParameterReader>) -> Self {
        Self { fields, parameters }
    }

    /// The context.
    ///
    /// # Errors
    /// What cannot be read, by its name.
    pub(super) fn make(&self, shared: &Shared, request: &RequestView<'_>, known: Known<'_>) -> Result<Context, Unreadable> {
        let mut pairs = Pairs::with_capacity(self.fields.len());
        for (name, field) in &self.fields {
            let value = match (name.as_str(), &field.kind) {
                ("time", Kind::Record(fields)) => Some(time(shared, request, fields)),
                ("address", _) => Some(RestrictedExpression::new_ip(request.address.to_canonical().to_string())),
                ("tls", _) => Some(RestrictedExpression::new_bool(request.tls)),
                ("anonymous", _) => Some(RestrictedExpression::new_bool(request.principal.is_none_or(Principal::is_anonymous))),
                ("user", _) => text(request.principal.and_then(|principal| principal.user.as_deref())),
                ("actors", _) => Some(actors(request)),
                ("method", _) => text(request.principal.map(|principal| principal.method)),
                ("issuer", _) => {
                    text(request.principal.and_then(|principal| principal.claims.as_deref()).map(|claims| &*claims.issuer))
                }
                ("credential", _) => text(request.principal.and_then(|principal| principal.credential.as_deref())),
                ("plan", _) => text(request.principal.and_then(|principal| principal.app.plan.as_deref())),
                ("risk", _) => Some(RestrictedExpression::new_long(i64::from(request.risk))),
                ("network", Kind::Record(fields)) => Some(network(request, fields)),
                ("claims", Kind::Record(fields)) => Some(record(claims(request, fields)?)),
                ("parameters", Kind::Record(fields)) => Some(record(self.parameters(request, fields)?)),
                ("body", kind) => object("body", known.body, kind)?,
                ("response", kind) => object("response", known.response, kind)?,
                _ => None,
            };
            pairs.extend(value.map(|value| (name.clone(), value)));
        }
        Context::from_pairs(pairs).map_err(|_| Unreadable("context".to_owned()))
    }

    fn parameters(&self, request: &RequestView<'_>, fields: &BTreeMap<String, Field>) -> Result<Pairs, Unreadable> {
        let mut pairs = Pairs::new();
        let read = self.parameters.as_ref().map(|reader| reader.read(request)).unwrap_or_default();
        for (name, value) in read {
            let unreadable = || Unreadable(format!("parameters.{name}"));
            let (Some(field), Some(value)) = (fields.get(name), value.map_err(|_| unreadable())?) else { continue };
            if !value.is_null() {
                pairs.push((name.to_string(), expression(&value, &field.kind).ok_or_else(unreadable)?));
            }
        }
        Ok(pairs)
    }
}

/// What the token says of the declared claims.
fn claims(request: &RequestView<'_>, fields: &BTreeMap<String, Field>) -> Result<Pairs, Unreadable> {
    let claims = request.principal.and_then(|principal| principal.claims.as_deref());
    let mut pairs = Pairs::new();
    for (name, field) in fields {
        let Some(value) = claims.and_then(|claims| claims.all.get(name)).filter(|value| !value.is_null()) else { continue };
        let one = matches!((&field.kind, value), (Kind::Set(_), Value::String(_))).then(|| Value::Array(vec![value.clone()]));
        let claim = expression(one.as_ref().unwrap_or(value), &field.kind);
        pairs.push((name.clone(), claim.ok_or_else(|| Unreadable(format!("claims.{name}")))?));
    }
    Ok(pairs)
}

/// What a database tells of the address; what it does not know is not there.
fn network(request: &RequestView<'_>, fields: &BTreeMap<String, Field>) -> RestrictedExpression {
    let fact = |name: &str| match name {
        "country" => text(request.country),
        _ => request.asn.map(|number| RestrictedExpression::new_long(i64::from(number))),
    };
    record(fields.keys().filter_map(|name| Some((name.clone(), fact(name)?))).collect())
}

fn text(value: Option<&str>) -> Option<RestrictedExpression> {
    value.map(|value| RestrictedExpression::new_string(value.to_owned()))
}

/// Repeated names cannot be: they come from maps.
fn record(pairs: Pairs) -> RestrictedExpression {
    RestrictedExpression::new_record(pairs).unwrap_or_else(|_| RestrictedExpression::new_bool(false))
}

/// Who acts for the user, the nearest and the farthest alike.
fn actors(request: &RequestView<'_>) -> RestrictedExpression {
    let actors = request.principal.map(|principal| &principal.actors[..]).unwrap_or_default();
    RestrictedExpression::new_set(actors.iter().map(|actor| RestrictedExpression::new_string(actor.to_string())))
}

fn time(shared: &Shared, request: &RequestView<'_>, fields: &BTreeMap<String, Field>) -> RestrictedExpression {
    let unix_ms = i64::try_from(request.now.unix_ms).unwrap_or(i64::MAX);
    let now = shared.zone.to_datetime(Timestamp::from_millisecond(unix_ms).unwrap_or_default());
    let fact = |name: &str| match name {
        "year" => i64::from(now.year()),
        "month" => i64::from(now.month()),
        "day" => i64::from(now.day()),
        "weekday" => i64::from(now.weekday().to_monday_one_offset()),
        "hour" => i64::from(now.hour()),
        "minute" => i64::from(now.minute()),
        _ => unix_ms / 1000,
    };
    record(fields.keys().map(|name| (name.clone(), RestrictedExpression::new_long(fact(name)))).collect())
}

/// An object's fields; `None` where there is no object at all.
fn object(name: &str, value: Option<&Value>, kind: &Kind) -> Result<Option<RestrictedExpression>, Unreadable> {
    let Some(value) = value.filter(|value| !value.is_null()) else { return Ok(None) };
    let (Kind::Record(fields), Value::Object(members)) = (kind, value) else {
        return expression(value, kind).map(Some).ok_or_else(|| Unreadable(name.to_owned()));
    };
    let mut pairs = Pairs::new();
    for (member, field) in fields {
        let path = format!("{name}.{member}");
        pairs.extend(object(&path, members.get(member), &field.kind)?.map(|value| (member.clone(), value)));
    }
    Ok(Some(record(pairs)))
}

/// A value as one of Cedar, if it is of the kind.
pub(super) fn expression(value: &Value, kind: &Kind) -> Option<RestrictedExpression> {
    match kind {
        Kind::Long => whole(value).map(RestrictedExpression::new_long),
        Kind::Boolean => value.as_bool().map(RestrictedExpression::new_bool),
        Kind::Text => value.as_str().map(|text| RestrictedExpression::new_string(text.to_owned())),
        Kind::Decimal => decimal(value).map(RestrictedExpression::new_decimal),
        Kind::Set(kind) => {
            let items = value.as_array()?.iter().map(|item| expression(item, kind));
            items.collect::<Option<Vec<_>>>().map(RestrictedExpression::new_set)
        }
        Kind::Address | Kind::Record(_) => None,
    }
}

/// JSON Schema takes `5.0` for an integer.
fn whole(value: &Value) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let of_float = |number: f64| (number.fract() == 0.0 && number.abs() < EXACT).then_some(number as i64);
    value.as_i64().or_else(|| value.as_f64().filter(|_| value.is_f64()).and_then(of_float))
}

/// Digits as Cedar reads them: at most four after the point, and at least one.
fn decimal(value: &Value) -> Option<String> {
    let spelled = match value {
        Value::Number(number) if number.is_f64() => number.as_f64()?.to_string(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let (whole, fraction) = spelled.split_once('.').unwrap_or((&spelled, "0"));
    let fits = fraction.len() <= 4 && whole.trim_start_matches('-').len() <= 14;
    fits.then(|| format!("{whole}.{fraction}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn whole_numbers_are_those_of_json_schema() {
        for (value, expected) in [
            (json!(5), Some(5)),
            (json!(5.0), Some(5)),
            (json!(-3), Some(-3)),
            (json!(5.5), None),
            (json!(1e300), None),
            (json!(u64::MAX), None),
            (json!("5"), None),
            (json!(true), None),
        ] {
            assert_eq!(whole(&value), expected, "{value}");
        }
    }

    #[test]
    fn decimals_are_exact_or_unreadable() {
        for (value, expected) in [
            (json!(5), Some("5.0")),
            (json!(-0.25), Some("-0.25")),
            (json!(19.99), Some("19.99")),
            (json!(0.00001), None),
            (json!(1e30), None),
            (json!("5"), None),
        ] {
            assert_eq!(decimal(&value).as_deref(), expected, "{value}");
        }
    }

    #[test]
    fn a_value_of_another_type_is_unreadable_rather_than_absent() {
        let kind = Kind::Record(BTreeMap::from([("id".to_owned(), Field { required: true, kind: Kind::Text })]));
        let unreadable = |value: Value| object("body", Some(&value), &kind).err();
        assert_eq!(unreadable(json!({"id": 7})), Some(Unreadable("body.id".to_owned())));
        assert_eq!(unreadable(json!([])), Some(Unreadable("body".to_owned())));
        assert_eq!(unreadable(json!({"id": "7"})), None);
        assert_eq!(unreadable(json!({"id": null})), None);
    }
}
