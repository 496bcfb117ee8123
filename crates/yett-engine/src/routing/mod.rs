//! Routing: host, base path, method and path template to an operation.
//!
//! Matching is done on the normalised path (see [`target`]), so that the gateway and the upstream read the same path.
//! A literal segment beats a template; the longest base path wins.

pub mod target;
pub mod template;

use http::Method;
use matchit::Router;
use std::collections::HashMap;
use std::sync::Arc;
use template::Template;

/// Path parameters in template order: name and percent-encoded value.
pub type Parameters = Vec<(Arc<str>, String)>;

/// Where a request leads.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    /// An operation, with its path parameters: name and percent-encoded value.
    Operation {
        /// Number of the operation in the plan.
        operation: u32,
        /// Length in bytes of the base path.
        base: usize,
        /// Path parameters in template order.
        parameters: Parameters,
    },
    /// The API has the path, but with these methods only.
    OtherMethods {
        /// Number of the API in the plan.
        api: u32,
        /// Length in bytes of the base path.
        base: usize,
        /// The methods, in alphabetical order.
        methods: Vec<Method>,
    },
    /// The API has no such path.
    NoPath {
        /// Number of the API in the plan.
        api: u32,
        /// Length in bytes of the base path.
        base: usize,
    },
    /// No API is served at this host and base path.
    NoApi,
}

/// Hosts and base paths to APIs.
#[derive(Default)]
pub struct Routes {
    hosts: HashMap<String, HashMap<String, ApiRoutes>>,
    any_host: HashMap<String, ApiRoutes>,
    /// Most segments of any base path: bounds the look-ups a long path can cause.
    deepest_base: usize,
}

struct ApiRoutes {
    api: u32,
    methods: Vec<(Method, MethodRoutes)>,
}

#[derive(Default)]
struct MethodRoutes {
    /// Paths without parameters: one look-up, however many there are, and they beat every template anyway.
    literals: HashMap<String, u32>,
    router: Router<usize>,
    nodes: Vec<Vec<Candidate>>,
}

struct Candidate {
    template: Template,
    operation: u32,
}

/// A host and base path that two APIs claim.
#[derive(Debug, PartialEq, Eq)]
pub struct Claimed {
    /// Number of the API that was there first.
    pub by: u32,
}

impl Routes {
    /// Opens a base path on a host (`None`: any host) for an API.
    ///
    /// # Errors
    /// [`Claimed`] if another API has it.
    pub fn open(&mut self, host: Option<&str>, base: &str, api: u32) -> Result<(), Claimed> {
        let key = base.trim_end_matches('/');
        self.deepest_base = self.deepest_base.max(key.matches('/').count());
        let bases = match host {
            Some(host) => self.hosts.entry(host.to_owned()).or_default(),
            None => &mut self.any_host,
        };
        if let Some(taken) = bases.get(key) {
            return Err(Claimed { by: taken.api });
        }
        bases.insert(key.to_owned(), ApiRoutes { api, methods: Vec::new() });
        Ok(())
    }

    /// Adds an operation below an opened base path.
    ///
    /// # Errors
    /// A sentence saying what is wrong with the template.
    pub fn add(&mut self, host: Option<&str>, base: &str, method: &Method, template: &str, operation: u32) -> Result<(), String> {
        let key = base.trim_end_matches('/');
        let bases = match host {
            Some(host) => self.hosts.get_mut(host),
            None => Some(&mut self.any_host),
        };
        let api = bases.and_then(|bases| bases.get_mut(key)).ok_or("the base path is not open")?;
        api.method(method).add(Template::parse(template)?, operation)
    }

    /// Finds where a request leads. `path` must be normalised.
    #[must_use]
    pub fn find(&self, host: &str, method: &Method, path: &str) -> Found {
        let named = self.hosts.get(host).and_then(|bases| self.longest(bases, path));
        let Some((base, api)) = named.or_else(|| self.longest(&self.any_host, path)) else {
            return Found::NoApi;
        };
        let rest = path.get(base..).filter(|rest| !rest.is_empty()).unwrap_or("/");
        match api.find(method, rest) {
            Some((operation, parameters)) => Found::Operation { operation, base, parameters },
            None => match api.methods_of(rest) {
                methods if methods.is_empty() => Found::NoPath { api: api.api, base },
                methods => Found::OtherMethods { api: api.api, base, methods },
            },
        }
    }

    /// Whether a path is one of a contract's, with whatever method.
    #[must_use]
    pub fn has_path(&self, host: &str, path: &str) -> bool {
        matches!(self.find(host, &Method::GET, path), Found::Operation { .. } | Found::OtherMethods { .. })
    }

    /// The longest base path that `path` lies below: its length and API.
    fn longest<'a>(&self, bases: &'a HashMap<String, ApiRoutes>, path: &str) -> Option<(usize, &'a ApiRoutes)> {
        let slashes = path.bytes().enumerate().filter(|(_, byte)| *byte == b'/');
        let too_deep = slashes.map(|(index, _)| index).nth(self.deepest_base);
        let mut base = path.get(..too_deep.unwrap_or(path.len()))?;
        loop {
            if let Some(api) = bases.get(base) {
                return Some((base.len(), api));
            }
            base = base.get(..base.rfind('/')?)?;
        }
    }
}

impl ApiRoutes {
    fn method(&mut self, method: &Method) -> &mut MethodRoutes {
        let index = match self.methods.iter().position(|(known, _)| known == method) {
            Some(index) => index,
            None => {
                self.methods.push((method.clone(), MethodRoutes::default()));
                self.methods.len() - 1
            }
        };
        #[expect(clippy::indexing_slicing, reason = "the index was found or pushed just above")]
        &mut self.methods[index].1
    }

    fn find(&self, method: &Method, path: &str) -> Option<(u32, Parameters)> {
        let routes = |wanted: &Method| self.methods.iter().find(|(known, _)| known == wanted).map(|(_, routes)| routes);
        let found = routes(method).and_then(|routes| routes.find(path));
        // RFC 9110 9.3.2: HEAD is GET without the body, so GET's contract answers for it unless HEAD has its own.
        match found {
            None if method == Method::HEAD => routes(&Method::GET)?.find(path),
            found => found,
        }
    }

    fn methods_of(&self, path: &str) -> Vec<Method> {
        let mut methods: Vec<Method> =
            self.methods.iter().filter(|(_, routes)| routes.find(path).is_some()).map(|(method, _)| method.clone()).collect();
        methods.sort_by(|a, b| a.as_str().cmp(b.as_str()));
        methods
    }
}

const SAME_REQUESTS: &str = "another path of the contract matches the same requests";

impl MethodRoutes {
    fn add(&mut self, template: Template, operation: u32) -> Result<(), String> {
        if let Some(literal) = template.literal() {
            return match self.literals.insert(literal, operation) {
                None => Ok(()),
                Some(_) => Err(SAME_REQUESTS.to_owned()),
            };
        }
        let pattern = template.pattern();
        let node = match self.router.at(&template.probe()) {
            Ok(found) if self.pattern_of(*found.value) == Some(pattern.as_str()) => *found.value,
            _ => {
                let node = self.nodes.len();
                self.router.insert(pattern, node).map_err(|error| format!("the path cannot be routed: {error}"))?;
                self.nodes.push(Vec::new());
                node
            }
        };
        let candidates = self.nodes.get_mut(node).ok_or("the path cannot be routed")?;
        if candidates.iter().any(|other| other.template.same_shape(&template)) {
            return Err(SAME_REQUESTS.to_owned());
        }
        candidates.push(Candidate { template, operation });
        candidates.sort_by_key(|candidate| std::cmp::Reverse(candidate.template.literal_length()));
        Ok(())
    }

    fn pattern_of(&self, node: usize) -> Option<&str> {
        self.nodes.get(node)?.first().map(|candidate| candidate.template.pattern_str())
    }

    fn find(&self, path: &str) -> Option<(u32, Parameters)> {
        if let Some(operation) = self.literals.get(path) {
            return Some((*operation, Parameters::new()));
        }
        let found = self.router.at(path).ok()?;
        let candidates = self.nodes.get(*found.value)?;
        candidates.iter().find_map(|candidate| Some((candidate.operation, candidate.template.capture(path)?)))
    }
}

#[cfg(test)]
mod tests;
