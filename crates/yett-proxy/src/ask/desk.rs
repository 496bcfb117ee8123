//! The thread that asks, for all workers: what several of them want to know at the same time is asked once.

use super::Asker;
use super::callout::{CalloutJob, CalloutSite};
use super::kept::Key;
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
}

impl Job {
    /// Jobs with the same key are asked once.
    fn key(&self) -> Option<Key> {
        match self {
            Self::Callout(job) => job.key(),
        }
    }
}

/// All who may be asked, by the plan in force.
struct Desk {
    shared: Arc<Shared>,
    clock: Rc<Clock>,
    plan: RefCell<Option<Arc<Plan>>>,
    callouts: RefCell<HashMap<Arc<str>, Rc<CalloutSite>>>,
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
    fn asker(&self) -> &Asker {
        &self.shared.asker
    }

    fn is_idle(&self) -> bool {
        self.callouts.borrow().is_empty() && self.flights.borrow().is_empty()
    }

    /// Takes on the plan in force; who is described as before is kept, with all that is known of him.
    fn renew(&self) {
        let Some(plan) = self.shared.engine.plan() else { return };
        if self.plan.borrow().as_ref().is_some_and(|known| Arc::ptr_eq(known, &plan)) {
            return;
        }
        self.clock.tick();
        let mut callouts = self.callouts.borrow_mut();
        let known = std::mem::take(&mut *callouts);
        for callout in plan.callouts.values() {
            let same = known.get(&callout.name).filter(|site| site.plan.settings == callout.settings);
            if let Some(site) = same.cloned().or_else(|| CalloutSite::new(callout, self.asker())) {
                callouts.insert(callout.name.clone(), site);
            }
        }
        self.plan.replace(Some(plan));
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
        }
    }

    fn sweep(&self) {
        self.callouts.borrow().values().for_each(|site| site.contact.sweep(&self.clock));
    }
}
