//! The parameters of an operation: found in the head, read, and held against their schemas.

use super::coerce::{Spelled, read};
use super::fields::{Assigned, Field, Fields, cookie_pairs, form_pairs};
use super::form::Form;
use super::instance::Instance;
use super::json;
use super::media;
use super::schema::{Schema, Schemas};
use super::style::{DUPLICATE, Escapes};
use super::violation::{Place, Violations, shown};
use crate::guards::RequestView;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, COOKIE};
use http::{HeaderMap, HeaderName};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;
use yett_model::snapshot::{self, Location, Style, Unknown};

/// What a parameter must be.
struct Expectation {
    required: bool,
    allow_empty: bool,
    /// The text is a document of its own.
    media: Option<Document>,
    schema: Schema,
}

/// A document that travels as the text of a parameter.
enum Document {
    Json,
    Form(Box<Form>),
    Text,
}

struct One {
    field: Field,
    expects: Expectation,
}

/// A header parameter.
pub(super) struct Header {
    name: HeaderName,
    one: One,
}

/// The parameters of one operation by place.
#[derive(Default)]
pub(super) struct Parameters {
    path: Vec<One>,
    query: Fields,
    query_expects: Vec<Expectation>,
    query_required: bool,
    querystring: Option<One>,
    headers: Vec<Header>,
    cookies: Fields,
    cookie_expects: Vec<Expectation>,
    refuse_unknown: bool,
    max_depth: u32,
}

impl Parameters {
    pub(super) fn new(parameters: &[snapshot::Parameter], schemas: &Schemas, guard: &snapshot::ContractGuard) -> Self {
        let mut all =
            Self { refuse_unknown: guard.unknown_query == Unknown::Refuse, max_depth: guard.max_depth, ..Self::default() };
        let (mut query, mut cookies) = (Vec::new(), Vec::new());
        for parameter in parameters {
            let one = One::new(parameter, schemas.request(&parameter.schema));
            match parameter.location {
                Location::Path => all.path.push(one),
                Location::Query => {
                    all.query_required |= one.expects.required;
                    query.push(one.field);
                    all.query_expects.push(one.expects);
                }
                Location::Querystring => all.querystring = Some(one),
                Location::Header => all.headers.extend(Header::new(one)),
                Location::Cookie => {
                    cookies.push(one.field);
                    all.cookie_expects.push(one.expects);
                }
            }
        }
        all.query = Fields::new(query);
        all.cookies = Fields::new(cookies);
        all
    }

    /// Adds every parameter that does not fit.
    pub(super) fn inspect(&self, request: &RequestView<'_>, found: &mut Violations) {
        for one in &self.path {
            let raw = request.path_parameters.iter().find(|(name, _)| **name == *one.field.name);
            let spelled = raw.map(|(_, raw)| Spelled::Texts(vec![raw]));
            self.check(&one.field, &one.expects, Place::Path, spelled, found);
        }
        self.inspect_query(request, found);
        inspect_headers(&self.headers, request.headers, self.max_depth, found);
        if !self.cookies.is_empty() {
            self.inspect_cookies(request.headers, found);
        }
    }

    fn inspect_query(&self, request: &RequestView<'_>, found: &mut Violations) {
        if let Some(one) = &self.querystring {
            let spelled = (!request.query.is_empty()).then(|| Spelled::Texts(vec![request.query]));
            return self.check(&one.field, &one.expects, Place::Query, spelled, found);
        }
        let nothing_sent = request.query.is_empty() && !self.query_required;
        if nothing_sent || (self.query.is_empty() && !self.refuse_unknown) {
            return;
        }
        let known = |name: &str| request.credential_query == Some(name) || request.version_query == Some(name);
        let mut assigned = self.query.assign(form_pairs(request.query), Escapes::Form);
        let unknown = std::mem::take(&mut assigned.unknown);
        self.check_all(&self.query, &self.query_expects, Place::Query, assigned, found);
        for (name, _) in unknown.iter().filter(|(name, _)| self.refuse_unknown && !known(name)) {
            found.push(Place::Query, shown(name), "unknown", "is not a parameter of this operation");
        }
    }

    fn inspect_cookies(&self, headers: &HeaderMap, found: &mut Violations) {
        let mut texts = Vec::new();
        for value in headers.get_all(COOKIE) {
            match std::str::from_utf8(value.as_bytes()) {
                Ok(text) => texts.push(text),
                Err(_) => found.push(Place::Header, "cookie", "malformed", "is not UTF-8"),
            }
        }
        let pairs = texts.into_iter().flat_map(cookie_pairs).flat_map(|pair| self.cookies.unfold(pair));
        let assigned = self.cookies.assign(pairs, Escapes::None);
        self.check_all(&self.cookies, &self.cookie_expects, Place::Cookie, assigned, found);
    }

    fn check_all(&self, fields: &Fields, expects: &[Expectation], place: Place, assigned: Assigned<'_>, found: &mut Violations) {
        for (name, fault) in &assigned.faults {
            found.push(place, shown(name), fault.code, fault.detail);
        }
        for ((field, expects), spelled) in fields.iter().zip(expects).zip(assigned.found) {
            self.check(field, expects, place, spelled, found);
        }
    }

    fn check(&self, field: &Field, expects: &Expectation, place: Place, spelled: Option<Spelled<'_>>, found: &mut Violations) {
        check(field, expects, place, spelled, self.max_depth, found);
    }
}

/// Reads single parameters for whoever decides before the contract guard has looked at them.
pub(crate) struct ParameterReader {
    all: Parameters,
    wanted: Vec<(Location, Box<str>)>,
}

/// A parameter that is there, but cannot be read as the contract has it, or could be read in two ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unread;

type Reading = Result<Option<Value>, Unread>;

impl ParameterReader {
    /// For some of an operation's parameters. None of them is a document or the whole query string.
    pub(crate) fn new(
        parameters: &[snapshot::Parameter],
        wanted: Vec<(Location, String)>,
        schemas: &Schemas,
        guard: &snapshot::ContractGuard,
    ) -> Self {
        let wanted = wanted.into_iter().map(|(location, name)| (location, name.into())).collect();
        Self { all: Parameters::new(parameters, schemas, guard), wanted }
    }

    /// The wanted parameters in the order they were named; `None` for one that is not there.
    pub(crate) fn read(&self, request: &RequestView<'_>) -> Vec<(&str, Reading)> {
        let mut query = None;
        let mut cookies = None;
        let read = |(location, name): &(Location, Box<str>)| match location {
            Location::Path => self.path(name, request),
            Location::Query => taken(query.get_or_insert_with(|| self.query(request)), name),
            Location::Header => self.header(name, request),
            Location::Cookie => taken(cookies.get_or_insert_with(|| self.cookies(request.headers)), name),
            Location::Querystring => Err(Unread),
        };
        let values: Vec<Reading> = self.wanted.iter().map(read).collect();
        self.wanted.iter().map(|(_, name)| &**name).zip(values).collect()
    }

    fn path(&self, name: &str, request: &RequestView<'_>) -> Reading {
        let one = self.all.path.iter().find(|one| *one.field.name == *name).ok_or(Unread)?;
        let raw = request.path_parameters.iter().find(|(given, _)| **given == *name);
        value(&one.field, &one.expects, raw.map(|(_, raw)| Spelled::Texts(vec![raw])))
    }

    fn header(&self, name: &str, request: &RequestView<'_>) -> Reading {
        let header = self.all.headers.iter().find(|header| header.name.as_str() == name).ok_or(Unread)?;
        let values = request.headers.get_all(&header.name).iter().map(|value| std::str::from_utf8(value.as_bytes()));
        let texts = values.collect::<Result<Vec<_>, _>>().map_err(|_| Unread)?;
        if texts.is_empty() {
            return Ok(None);
        }
        let joined = texts.join(",");
        let list = header.one.field.shape.items.is_some() && texts.len() > 1;
        value(&header.one.field, &header.one.expects, Some(Spelled::Texts(if list { vec![&joined] } else { texts })))
    }

    fn query(&self, request: &RequestView<'_>) -> Result<Vec<(&str, Reading)>, Unread> {
        let assigned = self.all.query.assign(form_pairs(request.query), Escapes::Form);
        values(&self.all.query, &self.all.query_expects, assigned)
    }

    fn cookies(&self, headers: &HeaderMap) -> Result<Vec<(&str, Reading)>, Unread> {
        let texts = headers.get_all(COOKIE).iter().map(|value| std::str::from_utf8(value.as_bytes()));
        let texts = texts.collect::<Result<Vec<_>, _>>().map_err(|_| Unread)?;
        let pairs = texts.into_iter().flat_map(cookie_pairs).flat_map(|pair| self.all.cookies.unfold(pair));
        values(&self.all.cookies, &self.all.cookie_expects, self.all.cookies.assign(pairs, Escapes::None))
    }
}

/// One name that somebody could take for another's makes all of them doubtful.
fn values<'f>(fields: &'f Fields, expects: &[Expectation], assigned: Assigned<'_>) -> Result<Vec<(&'f str, Reading)>, Unread> {
    if !assigned.faults.is_empty() {
        return Err(Unread);
    }
    let fields = fields.iter().zip(expects).zip(assigned.found);
    Ok(fields.map(|((field, expects), spelled)| (&*field.name, value(field, expects, spelled))).collect())
}

fn taken(all: &Result<Vec<(&str, Reading)>, Unread>, name: &str) -> Reading {
    match all {
        Ok(all) => all.iter().find(|(field, _)| *field == name).map_or(Ok(None), |(_, value)| value.clone()),
        Err(unread) => Err(*unread),
    }
}

fn value(field: &Field, expects: &Expectation, spelled: Option<Spelled<'_>>) -> Reading {
    let Some(spelled) = spelled else { return Ok(None) };
    if expects.allow_empty && matches!(&spelled, Spelled::Texts(texts) if texts[..] == [""]) {
        return Ok(None);
    }
    let read = read(&field.spelling(), &field.shape, &spelled, |value| expects.schema.fits(Instance::Value(value)));
    read.map(|read| Some(read.value)).map_err(|_| Unread)
}

impl One {
    fn new(parameter: &snapshot::Parameter, schema: Schema) -> Self {
        let escapes = match (parameter.location, parameter.style) {
            (Location::Header, _) | (Location::Cookie, Style::Cookie) => Escapes::None,
            (Location::Path | Location::Cookie, _) => Escapes::Percent,
            (Location::Query | Location::Querystring, _) => Escapes::Form,
        };
        let field = Field {
            name: parameter.name.as_str().into(),
            style: parameter.style,
            explode: parameter.explode,
            escapes,
            shape: parameter.shape.clone(),
        };
        let media = parameter.media.as_deref().map(|media| match media {
            media if media::is_json(media) => Document::Json,
            "application/x-www-form-urlencoded" => {
                Document::Form(Box::new(Form::new(&parameter.shape, &BTreeMap::new(), Escapes::Form)))
            }
            _ => Document::Text,
        });
        let required = parameter.required || parameter.location == Location::Path;
        Self { field, expects: Expectation { required, allow_empty: parameter.allow_empty, media, schema } }
    }
}

impl Header {
    /// `None` for the fields that OpenAPI describes elsewhere, and for what is no field name.
    fn new(one: One) -> Option<Self> {
        let name = one.field.name.parse::<HeaderName>().ok()?;
        (![ACCEPT, CONTENT_TYPE, AUTHORIZATION].contains(&name)).then_some(Self { name, one })
    }
}

/// The header fields of a documented response.
pub(super) fn response_headers(headers: &[snapshot::Parameter], schemas: &Schemas) -> Vec<Header> {
    let all = headers.iter().map(|header| One::new(header, schemas.response(&header.schema)));
    all.filter_map(Header::new).collect()
}

/// Adds every header field that does not fit.
pub(super) fn inspect_headers(expected: &[Header], headers: &HeaderMap, max_depth: u32, found: &mut Violations) {
    for Header { name, one } in expected {
        let mut values = headers.get_all(name).iter().map(|value| std::str::from_utf8(value.as_bytes())).peekable();
        let spelled = match values.peek() {
            None => Ok(None),
            Some(_) => values.collect::<Result<Vec<_>, _>>().map(Some),
        };
        match spelled {
            Ok(None) => check(&one.field, &one.expects, Place::Header, None, max_depth, found),
            Ok(Some(texts)) => {
                // RFC 9110 section 5.3: several lines of a list are one list.
                let list = one.field.shape.items.is_some() && texts.len() > 1;
                let joined = if list { Cow::Owned(texts.join(",")) } else { Cow::Borrowed("") };
                let spelled = Spelled::Texts(if list { vec![&joined] } else { texts });
                check(&one.field, &one.expects, Place::Header, Some(spelled), max_depth, found);
            }
            Err(_) => found.push(Place::Header, name.as_str(), "malformed", "is not UTF-8"),
        }
    }
}

fn check(
    field: &Field,
    expects: &Expectation,
    place: Place,
    spelled: Option<Spelled<'_>>,
    max_depth: u32,
    found: &mut Violations,
) {
    let Some(spelled) = spelled else {
        if expects.required {
            found.push(place, &*field.name, "missing", "is required");
        }
        return;
    };
    if expects.allow_empty && matches!(&spelled, Spelled::Texts(texts) if texts[..] == [""]) {
        return;
    }
    match &expects.media {
        None => check_spelled(field, expects, place, &spelled, found),
        Some(document) => check_document(field, expects, document, place, &spelled, max_depth, found),
    }
}

fn check_spelled(field: &Field, expects: &Expectation, place: Place, spelled: &Spelled<'_>, found: &mut Violations) {
    match read(&field.spelling(), &field.shape, spelled, |value| expects.schema.fits(Instance::Value(value))) {
        Ok(read) if read.fits => {}
        Ok(read) => expects.schema.check(&read.value, place, Some(&field.name), found),
        Err(fault) => found.push(place, &*field.name, fault.code, fault.detail),
    }
}

/// A document in a text.
fn check_document(
    field: &Field,
    expects: &Expectation,
    document: &Document,
    place: Place,
    spelled: &Spelled<'_>,
    max_depth: u32,
    found: &mut Violations,
) {
    let mut refuse = |code: &str, detail: &str| found.push(place, &*field.name, code, detail);
    let text = match spelled {
        Spelled::Texts(texts) if texts.len() == 1 => texts.first().copied().unwrap_or(""),
        _ => return refuse(DUPLICATE.code, DUPLICATE.detail),
    };
    if let Document::Form(form) = document {
        form.read(form_pairs(text), Vec::new(), max_depth, &expects.schema, place, found);
        return;
    }
    let text = match field.escapes.decode(text) {
        Ok(text) => text,
        Err(fault) => return refuse(fault.code, fault.detail),
    };
    let value = match document {
        Document::Json => match json::parse(text.as_bytes(), max_depth, expects.schema.twins()) {
            Ok(value) => value,
            Err(fault) if fault.pointer.is_empty() => return refuse(fault.code, &fault.detail),
            Err(fault) => return refuse(fault.code, &format!("at {}: {}", fault.pointer, fault.detail)),
        },
        _ => Value::String(text.into_owned()),
    };
    expects.schema.check(&value, place, Some(&field.name), found);
}
