//! Why somebody may or may not use an operation, and what would change it. For explanations only: no request waits here.

use super::profiles::ProfilePlan;
use super::{Held, Profiles, Window};
use crate::exchange::Now;
use std::sync::Arc;
use yett_model::AccessReport;

/// Most profiles that are named in one sentence.
const MOST_NAMED: usize = 5;

/// Somebody, as far as it matters here.
pub(crate) struct Subject<'a> {
    /// `app reader-app`, `user mira`.
    pub name: String,
    /// Whether nobody said who calls, so that an API says which profiles such callers have.
    pub anonymous: bool,
    /// Profiles in force that grant; a key may carry fewer than are held.
    pub granting: Arc<[Arc<str>]>,
    /// Profiles held, with when.
    pub held: &'a [Held],
}

/// What decided about one operation for each of the subjects, who must all be allowed.
pub(crate) fn report(profiles: &Profiles, subjects: &[Subject<'_>], operation: u32, id: &str, now: Now) -> AccessReport {
    let mut report = AccessReport::default();
    for subject in subjects {
        let asked = Asked { profiles, subject, operation, id, second: now.unix_ms / 1000, plural: subjects.len() > 1 };
        let (granted, denied) = (asked.granted(), asked.denied());
        if granted.is_empty() || !denied.is_empty() {
            report.change.extend(asked.change(&granted));
        }
        report.granted.extend(granted);
        report.denied.extend(denied);
    }
    report
}

struct Asked<'a> {
    profiles: &'a Profiles,
    subject: &'a Subject<'a>,
    operation: u32,
    id: &'a str,
    second: u64,
    plural: bool,
}

impl<'a> Asked<'a> {
    fn whose(&self) -> String {
        if self.plural { format!("{}: ", self.subject.name) } else { String::new() }
    }

    fn plan(&self, profile: u32) -> Option<&'a ProfilePlan> {
        self.profiles.plans.get(profile as usize)
    }

    fn granting(&self) -> impl Iterator<Item = u32> + '_ {
        self.subject.granting.iter().filter_map(|name| self.profiles.number(name))
    }

    fn granted(&self) -> Vec<String> {
        let says = |plan: &ProfilePlan| {
            let always = plan.own.always.has(self.operation).then_some(Window::ALWAYS);
            always.or_else(|| self.timed(plan).find(|window| window.holds(self.second)))
        };
        self.granting().flat_map(|profile| self.sayings(profile, "granted", &says)).collect()
    }

    /// The denies of all profiles in force, also of those that a narrowed key does not carry.
    fn denied(&self) -> Vec<String> {
        let held = self.subject.held.iter().filter(|held| held.window.holds(self.second)).map(|held| held.profile);
        let mut binding: Vec<u32> = self.granting().collect();
        held.for_each(|profile| {
            if !binding.contains(&profile) {
                binding.push(profile)
            }
        });
        let says = |plan: &ProfilePlan| plan.own.denied.has(self.operation).then_some(Window::ALWAYS);
        binding.iter().flat_map(|profile| self.sayings(*profile, "denied", &says)).collect()
    }

    fn timed(&self, plan: &'a ProfilePlan) -> impl Iterator<Item = Window> + 'a {
        let operation = self.operation;
        plan.own.timed.iter().filter(move |(_, set)| set.has(operation)).map(|(window, _)| *window)
    }

    /// The profiles, from one that is held to all it inherits, that say something of the operation.
    fn sayings(&self, held: u32, verb: &str, says: &dyn Fn(&ProfilePlan) -> Option<Window>) -> Vec<String> {
        let Some(first) = self.plan(held) else { return Vec::new() };
        let saying = |number: u32| {
            let plan = self.plan(number)?;
            let window = says(plan)?;
            let by = if number == held { String::new() } else { format!(", inherited by {}", first.name) };
            Some(format!("{}{verb} by profile {}{by}{}", self.whose(), plan.name, until(window)))
        };
        self.profiles.with_inherited(held).into_iter().filter_map(saying).collect()
    }

    fn change(&self, granted: &[String]) -> Vec<String> {
        let (name, id) = (&self.subject.name, self.id);
        let mut change = Vec::new();
        for profile in self.denying() {
            change.push(format!("take the deny of `{id}` out of profile `{profile}`, or that profile from {name}"));
        }
        if !granted.is_empty() {
            return change;
        }
        if self.subject.anonymous {
            return self.change_unnamed(change);
        }
        change.extend(self.out_of_time());
        let own: Vec<&str> = self.subject.granting.iter().map(|name| &**name).collect();
        match named(&own) {
            Some(own) => change.push(format!("grant `{id}` to a profile of {name}: {own}")),
            None => change.push(format!("{name} has no profile in force: give it one that grants `{id}`")),
        }
        let others: Vec<&str> = self.others().map(|plan| &*plan.name).collect();
        match named(&others) {
            Some(others) => change.push(format!("give {name} one of the profiles that grant it: {others}")),
            None => change.push(format!("no other profile grants `{id}`: make one that does")),
        }
        change
    }

    /// Whoever sent no credential may send one, or be given more.
    fn change_unnamed(&self, mut change: Vec<String>) -> Vec<String> {
        let (name, id) = (&self.subject.name, self.id);
        let others: Vec<&str> = self.others().map(|plan| &*plan.name).collect();
        change.push(match named(&others) {
            Some(others) => format!("send a credential of an app that has one of {others}: none was sent"),
            None => format!("send a credential, and make a profile that grants `{id}`: none does"),
        });
        let own: Vec<&str> = self.subject.granting.iter().map(|name| &**name).collect();
        change.push(match named(&own) {
            Some(own) => format!("grant `{id}` to a profile of {name}: {own}"),
            None => format!("give {name} a profile that grants `{id}`: `anonymous` of the API names them"),
        });
        change
    }

    fn denying(&self) -> Vec<&'a str> {
        let held = self.subject.held.iter().filter(|held| held.window.holds(self.second)).map(|held| held.profile);
        let all = self.granting().chain(held).flat_map(|profile| self.profiles.with_inherited(profile));
        let denying = all.filter_map(|profile| self.plan(profile)).filter(|plan| plan.own.denied.has(self.operation));
        denying.fold(Vec::new(), |mut names, plan| {
            if !names.contains(&&*plan.name) {
                names.push(&plan.name);
            }
            names
        })
    }

    /// What would grant it at another time.
    fn out_of_time(&self) -> Vec<String> {
        let mut found = Vec::new();
        for held in self.subject.held {
            let all = self.profiles.with_inherited(held.profile);
            for plan in all.into_iter().filter_map(|profile| self.plan(profile)) {
                let always = plan.own.always.has(self.operation).then_some(Window::ALWAYS);
                let windows = always.into_iter().chain(self.timed(plan)).map(|window| window.and(&held.window));
                found.extend(windows.filter_map(|window| self.not_now(&plan.name, window)));
            }
        }
        found
    }

    fn not_now(&self, profile: &str, window: Window) -> Option<String> {
        let name = &self.subject.name;
        match () {
            () if window.until <= self.second => {
                Some(format!("renew what {name} had through profile `{profile}` until {}", date(window.until)))
            }
            () if window.from > self.second => {
                Some(format!("wait until {}, when profile `{profile}` grants it", date(window.from)))
            }
            () => None,
        }
    }

    /// Profiles that grant it now, deny it nowhere, and are not in force.
    fn others(&self) -> impl Iterator<Item = &'a ProfilePlan> + '_ {
        let in_force = |plan: &&ProfilePlan| !self.subject.granting.contains(&plan.name);
        let grants = |plan: &&ProfilePlan| {
            let timed = plan.all.timed.iter().any(|(window, set)| window.holds(self.second) && set.has(self.operation));
            (plan.all.always.has(self.operation) || timed) && !plan.all.denied.has(self.operation)
        };
        self.profiles.plans.iter().filter(in_force).filter(grants)
    }
}

fn named(names: &[&str]) -> Option<String> {
    let quoted: Vec<String> = names.iter().take(MOST_NAMED).map(|name| format!("`{name}`")).collect();
    let more =
        names.len().checked_sub(MOST_NAMED).filter(|more| *more > 0).map_or(String::new(), |more| format!(" and {more} more"));
    (!names.is_empty()).then(|| quoted.join(", ") + &more)
}

fn until(window: Window) -> String {
    if window.until == u64::MAX { String::new() } else { format!(" until {}", date(window.until)) }
}

fn date(second: u64) -> String {
    let moment = i64::try_from(second).ok().and_then(|second| jiff::Timestamp::from_second(second).ok());
    moment.map_or_else(|| second.to_string(), |moment| moment.to_string())
}
