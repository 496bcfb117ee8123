//! Routing: host, base path, method and path template to an operation.
//!
//! Matching is done on the normalised path (see [`target`]), so that the gateway and the upstream read the same path.
//! A literal segment beats a template; the longest base path wins.

pub(crate) mod placement;
pub mod target;
pub mod template;

use http::Method;
use matchit::Router;
use placement::{Asked, Mount, Unplaced};
use std::collections::HashMap;
use std::sync::Arc;
use template::Template;
use yett_model::snapshot::Placement;

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
    /// The API has several versions, and the request does not say in the way they ask for which it is for.
    NoVersion {
        /// Number of one of them in the plan.
        api: u32,
        /// Length in bytes of the base path.
        base: usize,
        /// What is wrong.
        fault: Unplaced,
    },
    /// No API is served at this host and base path.
    NoApi,
}

/// Hosts and base paths to APIs.
#[derive(Default)]
pub struct Routes {
    hosts: HashMap<String, HashMap<String, Mount>>,
    any_host: HashMap<String, Mount>,
    /// Most segments of any base path: bounds the look-ups a long path can cause.
    deepest_base: usize,
}

pub(crate) struct ApiRoutes {
    pub(crate) api: u32,
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
    /// Opens a base path on a host (`None`: any host) for an API, or for one more version of it.
    ///
    /// # Errors
    /// [`Claimed`] if another API has it.
    pub fn open(&mut self, host: Option<&str>, base: &str, placement: Option<&Placement>, api: u32) -> Result<(), Claimed> {
        let key = base.trim_end_matches('/');
        self.deepest_base = self.deepest_base.max(key.matches('/').count());
        let bases = match host {
            Some(host) => self.hosts.entry(host.to_owned()).or_default(),
            None => &mut self.any_host,
        };
        match bases.get_mut(key) {
            Some(mount) => mount.share(placement, api).map_err(|by| Claimed { by }),
            None => {
                bases.insert(key.to_owned(), Mount::new(placement, api));
                Ok(())
            }
        }
    }

    /// Adds an operation of an API below a base path that was opened for it.
    ///
    /// # Errors
    /// A sentence saying what is wrong with the template.
    pub fn add(&mut self, at: (Option<&str>, &str, u32), method: &Method, template: &str, operation: u32) -> Result<(), String> {
        let (host, base, api) = at;
        let bases = match host {
            Some(host) => self.hosts.get_mut(host),
            None => Some(&mut self.any_host),
        };
        let mount = bases.and_then(|bases| bases.get_mut(base.trim_end_matches('/')));
        let routes = mount.and_then(|mount| mount.of(api)).ok_or("the base path is not open")?;
        routes.method(method).add(Template::parse(template)?, operation)
    }

    /// Finds where a request leads. `path` must be normalised.
    #[must_use]
    pub fn find(&self, host: &str, method: &Method, path: &str, asked: Asked<'_>) -> Found {
        let Some((base, mount)) = self.mount(host, path) else { return Found::NoApi };
        let api = match mount.choose(asked) {
            Ok(api) => api,
            Err(fault) => return Found::NoVersion { api: mount.first(), base, fault },
        };
        let rest = below(path, base);
        match api.find(method, rest) {
            Some((operation, parameters)) => Found::Operation { operation, base, parameters },
            None => match api.methods_of(rest) {
                methods if methods.is_empty() => Found::NoPath { api: api.api, base },
                methods => Found::OtherMethods { api: api.api, base, methods },
            },
        }
    }

    /// Whether a path is one of a contract's, with whatever method, in whatever version.
    #[must_use]
    pub fn has_path(&self, host: &str, path: &str) -> bool {
        let Some((base, mount)) = self.mount(host, path) else { return false };
        mount.versions().any(|api| !api.methods_of(below(path, base)).is_empty())
    }

    fn mount(&self, host: &str, path: &str) -> Option<(usize, &Mount)> {
        let named = self.hosts.get(host).and_then(|bases| self.longest(bases, path));
        named.or_else(|| self.longest(&self.any_host, path))
    }

    /// The longest base path that `path` lies below: its length and what is there.
    fn longest<'a>(&self, bases: &'a HashMap<String, Mount>, path: &str) -> Option<(usize, &'a Mount)> {
        let slashes = path.bytes().enumerate().filter(|(_, byte)| *byte == b'/');
        let too_deep = slashes.map(|(index, _)| index).nth(self.deepest_base);
        let mut base = path.get(..too_deep.unwrap_or(path.len()))?;
        loop {
            if let Some(mount) = bases.get(base) {
                return Some((base.len(), mount));
            }
            base = base.get(..base.rfind('/')?)?;
        }
    }
}

/// The part of a path behind the base path.
fn below(path: &str, base: usize) -> &str {
    path.get(base..).filter(|rest| !rest.is_empty()).unwrap_or("/")
}

impl ApiRoutes {
    pub(crate) fn new(api: u32) -> Self {
        Self { api, methods: Vec::new() }
    }

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
