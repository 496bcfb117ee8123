//! The thread that asks, for all workers: what several of them want to know at the same time is asked once.

use super::Asker;
use super::callout::{CalloutJob, CalloutSite};
use super::introspection::{IntrospectionJob, Introspector};
use super::kept::Key;
use super::key_set::Keeper;
use crate::clock::{Clock, TICK};
use crate::worker::Shared;
use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{LocalSet, spawn_local};
use tokio::time::{MissedTickBehavior, interval};
use yett_engine::Plan;
use yett_engine::identity::question::Answer;

/// Ticks between two looks for connections that are of no more use.
const SWEEP_TICKS: u32 = 100;

/// A question on its way to the thread that asks, and where the answer goes.
pub(super) struct Errand {
    pub(super) job: Job,
    pub(super) reply: oneshot::Sender<Answer>,
}

/// What is to be asked.
pub(super) enum Job {
    /// A callout.
    Callout(CalloutJob),
    /// An issuer, about a token.
    Introspection(IntrospectionJob),
    /// An issuer, for a key that is not there.
    KeySet {
        /// Name of the issuer.
        issuer: Arc<str>,
        /// The key's id.
        kid: Option<Arc<str>>,
    },
}

impl Job {
    /// Jobs with the same key are asked once.
    fn key(&self) -> Option<Key> {
        match self {
            Self::Callout(job) => job.key(),
            Self::Introspection(job) => Some(job.key()),
            // Whoever keeps the keys has them wait in line.
            Self::KeySet { .. } => None,
        }
    }
}

/// All who may be asked, by the plan in force.
struct Desk {
    shared: Arc<Shared>,
    clock: Rc<Clock>,
    plan: RefCell<Option<Arc<Plan>>>,
    callouts: RefCell<HashMap<Arc<str>, Rc<CalloutSite>>>,
    introspectors: RefCell<HashMap<Arc<str>, Rc<Introspector>>>,
    keepers: RefCell<HashMap<Arc<str>, Rc<Keeper>>>,
    /// Who waits for what is being asked.
    flights: RefCell<HashMap<Key, Vec<oneshot::Sender<Answer>>>>,
}

/// The life of the thread.
pub(crate) fn run(shared: &Arc<Shared>, stop: watch::Receiver<bool>) -> io::Result<()> {
    let Some(errands) = shared.asker.take_errands() else { return Ok(()) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
    let desk = Rc::new(Desk {
        shared: shared.clone(),
        clock: Clock::new(shared.start),
        plan: RefCell::default(),
        callouts: RefCell::default(),
        introspectors: RefCell::default(),
        keepers: RefCell::default(),
        flights: RefCell::default(),
    });
    LocalSet::new().block_on(&runtime, work(desk, errands, stop));
    Ok(())
}

/// While there is nobody to be asked, nothing wakes it.
async fn work(desk: Rc<Desk>, mut errands: mpsc::Receiver<Errand>, mut stop: watch::Receiver<bool>) {
    let mut applied = desk.shared.states.applied.subscribe();
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut count = 0u32;
    desk.renew();
    loop {
        tokio::select! {
            errand = errands.recv() => match errand {
                Some(errand) => desk.take(errand),
                None => return,
            },
            changed = applied.changed() => match changed {
                Ok(()) => desk.renew(),
                Err(_) => return,
            },
            _ = stop.wait_for(|stop| *stop) => return,
            _ = ticks.tick(), if !desk.is_idle() => {
                desk.clock.tick();
                count = count.wrapping_add(1);
                if count.is_multiple_of(SWEEP_TICKS) {
                    desk.sweep();
                }
            }
        }
    }
}

impl Desk {
    fn asker(&self) -> &Arc<Asker> {
        &self.shared.asker
    }

    fn is_idle(&self) -> bool {
        self.callouts.borrow().is_empty()
            && self.introspectors.borrow().is_empty()
            && self.keepers.borrow().is_empty()
            && self.flights.borrow().is_empty()
    }

    /// Takes on the plan in force; who is described as before is kept, with all that is known of him.
    fn renew(&self) {
        let Some(plan) = self.shared.engine.plan() else { return };
        if self.plan.borrow().as_ref().is_some_and(|known| Arc::ptr_eq(known, &plan)) {
            return;
        }
        self.clock.tick();
        self.renew_callouts(&plan);
        self.renew_issuers(&plan);
        self.plan.replace(Some(plan));
    }

    fn renew_issuers(&self, plan: &Plan) {
        let (mut keepers, mut introspectors) = (self.keepers.borrow_mut(), self.introspectors.borrow_mut());
        let (kept, known) = (std::mem::take(&mut *keepers), std::mem::take(&mut *introspectors));
        for issuer in plan.issuers.values() {
            if let Some(source) = &issuer.key_source {
                let same = kept.get(&issuer.name).filter(|keeper| keeper.is_for(&issuer.source)).cloned();
                let keeper = same.or_else(|| {
                    let key_sets = self.shared.engine.key_sets();
                    Keeper::start(issuer, source, key_sets, self.asker(), &self.clock)
                });
                keepers.extend(keeper.map(|keeper| (issuer.name.clone(), keeper)));
            }
            if let Some(settings) = &issuer.introspection {
                let same = known.get(&issuer.name).filter(|known| known.settings == *settings).cloned();
                let introspector = same.or_else(|| Introspector::new(&issuer.name, settings, self.asker()));
                introspectors.extend(introspector.map(|introspector| (issuer.name.clone(), introspector)));
            }
        }
    }

    fn renew_callouts(&self, plan: &Plan) {
        let mut callouts = self.callouts.borrow_mut();
        let known = std::mem::take(&mut *callouts);
        for callout in plan.callouts.values() {
            let same = known.get(&callout.name).filter(|site| site.plan.settings == callout.settings);
            if let Some(site) = same.cloned().or_else(|| CalloutSite::new(callout, self.asker())) {
                callouts.insert(callout.name.clone(), site);
            }
        }
    }

    /// Asks, or joins those who wait for the same answer.
    fn take(self: &Rc<Self>, errand: Errand) {
        self.renew();
        self.clock.now();
        let Errand { job, reply } = errand;
        if let Some(key) = job.key() {
            let mut flights = self.flights.borrow_mut();
            if let Some(waiting) = flights.get_mut(&key) {
                return waiting.push(reply);
            }
            flights.insert(key, vec![reply]);
            let desk = self.clone();
            spawn_local(async move {
                let answer = desk.ask(&job).await;
                let waiting = desk.flights.borrow_mut().remove(&key).unwrap_or_default();
                waiting.into_iter().for_each(|reply| drop(reply.send(answer.clone())));
            });
        } else {
            let desk = self.clone();
            spawn_local(async move { drop(reply.send(desk.ask(&job).await)) });
        }
    }

    async fn ask(&self, job: &Job) -> Answer {
        let gone = || Answer::Unavailable("nobody of this name is in the plan any more".to_owned());
        match job {
            Job::Callout(job) => {
                let site = self.callouts.borrow().get(&job.callout).cloned();
                match site {
                    Some(site) => site.ask(job, self.asker(), &self.clock).await,
                    None => gone(),
                }
            }
            Job::Introspection(job) => {
                let introspector = self.introspectors.borrow().get(&job.issuer).cloned();
                let secrets = self.shared.engine.secrets();
                match introspector {
                    Some(introspector) => introspector.ask(job, self.asker(), &secrets, &self.clock).await,
                    None => gone(),
                }
            }
            Job::KeySet { issuer, kid } => {
                let keeper = self.keepers.borrow().get(issuer).cloned();
                match keeper {
                    Some(keeper) => keeper.find(kid.as_ref()).await,
                    None => gone(),
                }
            }
        }
    }

    fn sweep(&self) {
        self.callouts.borrow().values().for_each(|site| site.contact.sweep(&self.clock));
        self.introspectors.borrow().values().for_each(|introspector| introspector.sweep(&self.clock));
        self.keepers.borrow().values().for_each(|keeper| keeper.sweep());
    }
}
