//! Whoever may call: apps, users and teams with what their profiles give, callers without a credential, and credentials.

use super::build::Builder;
use super::{Plan, stable_number};
use crate::access::{self, Held};
use crate::guards::limits::LimitPlan;
use crate::identity::anonymous::{self, Anonymous};
use crate::identity::{AppPlan, UserPlan};
use std::collections::HashMap;
use std::sync::Arc;
use yett_model::snapshot::{Api, Limit};

/// Most times that what somebody's profiles give may change.
const MOST_EDGES: usize = 1_000;

impl<'a> Builder<'a> {
    pub(super) fn apps(&mut self, plan: &mut Plan) {
        let teams = self.teams(plan);
        self.users(plan, &teams);
        for (index, spelled) in self.snapshot.apps.iter().enumerate() {
            let (app, path) = (spelled, format!("/apps/{index}"));
            let mut held = access::held(&plan.profiles, &app.profiles, &app.timed_profiles, &path, &mut self.diagnostics);
            access::add_held(&mut held, teams.get(app.team.as_str()).map_or(&[][..], Vec::as_slice));
            self.check_edges(plan, &held, &path);
            let name: Arc<str> = app.name.as_str().into();
            let app = AppPlan {
                name: name.clone(),
                team: app.team.as_str().into(),
                agent: app.agent,
                plan: app.plan.as_deref().map(Arc::from),
                subject: stable_number(&app.name),
                rules: self.policies.roles.of_app(&app.name, &app.team),
                limits: limit_plans(&app.limits),
                grants: plan.profiles.grants(&held, &[]),
                held: held.into(),
            };
            let app = Arc::new(app);
            plan.proofs.add(spelled, &app, &path, &mut self.diagnostics);
            if plan.apps.insert(name, app).is_some() {
                self.report(format!("{path}/name"), "app-duplicate", "an app of this name is there already");
            }
        }
    }

    fn users(&mut self, plan: &mut Plan, teams: &HashMap<&str, Vec<Held>>) {
        for (index, user) in self.snapshot.users.iter().enumerate() {
            let path = format!("/users/{index}");
            let mut held = access::held(&plan.profiles, &user.profiles, &user.timed_profiles, &path, &mut self.diagnostics);
            for team in &user.teams {
                access::add_held(&mut held, teams.get(team.as_str()).map_or(&[][..], Vec::as_slice));
            }
            self.check_edges(plan, &held, &path);
            let grants = plan.profiles.grants(&held, &[]);
            if !plan.users.add(UserPlan { name: user.name.as_str().into(), held: held.into(), grants }) {
                self.report(format!("{path}/name"), "user-duplicate", format!("'{}' is there twice", user.name));
            }
        }
    }

    /// Callers without a credential, and what the methods of the API lean on.
    pub(super) fn anonymous(&mut self, plan: &Plan, api: &Api, path: &str) -> Option<Anonymous> {
        if let Some(webhook) = &api.identify.webhook {
            let sender = self.snapshot.apps.iter().find(|app| app.name == webhook.app);
            if sender.is_none_or(|app| app.webhook_secrets.is_empty()) {
                let message = format!("there is no app '{}' with secrets for webhooks", webhook.app);
                self.report(format!("{path}/webhook/app"), "app-unknown", message);
            }
        }
        let names = api.identify.anonymous.as_ref()?;
        if self.snapshot.apps.iter().any(|app| app.name == anonymous::NAME) {
            self.report(
                format!("{path}/anonymous"),
                "app-reserved",
                "no app may be called 'anonymous' where callers without a credential are",
            );
        }
        Some(Anonymous::new(names, &plan.profiles, &format!("{path}/anonymous"), &mut self.diagnostics))
    }

    /// The profiles of each team.
    fn teams(&mut self, plan: &Plan) -> HashMap<&'a str, Vec<Held>> {
        let mut teams = HashMap::new();
        for (index, team) in self.snapshot.teams.iter().enumerate() {
            let path = format!("/teams/{index}");
            let held = access::held(&plan.profiles, &team.profiles, &team.timed_profiles, &path, &mut self.diagnostics);
            if teams.insert(team.name.as_str(), held).is_some() {
                self.report(format!("{path}/name"), "team-duplicate", format!("'{}' is there twice", team.name));
            }
        }
        teams
    }

    /// Each change in time costs a set of bits.
    fn check_edges(&mut self, plan: &Plan, held: &[Held], path: &str) {
        let edges = plan.profiles.edges(held).len();
        if edges > MOST_EDGES {
            let message = format!("what the profiles give changes {edges} times, and at most {MOST_EDGES} times is possible");
            self.report(format!("{path}/timed_profiles"), "time-boxes-too-many", message);
        }
    }

    pub(super) fn credentials(&mut self, plan: &mut Plan) {
        if self.snapshot.pepper_id.is_none() && !self.snapshot.credentials.is_empty() {
            self.report("/pepper_id", "pepper-missing", "a snapshot with credentials must name the pepper of their hashes");
        }
        for (index, credential) in self.snapshot.credentials.iter().enumerate() {
            match plan.resolve(credential, &format!("/credentials/{index}")) {
                Ok(stored) => plan.credentials.put(&credential.prefix, stored),
                Err(diagnostic) => self.diagnostics.push(diagnostic),
            }
        }
    }
}

fn limit_plans(limits: &[Limit]) -> Vec<Arc<LimitPlan>> {
    limits.iter().map(LimitPlan::new).collect()
}
