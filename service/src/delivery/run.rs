//! A slice's way through this process: claimed, fed to the slots, renewed meanwhile, let go.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use domain::CampaignId;
use entity::email_job;
use secrecy::SecretString;
use tokio::{
    sync::Notify,
    time::{Instant, MissedTickBehavior},
};

use super::{
    campaign,
    fetching::{Fetched, Fetching},
    slices::{self, Released},
    slot::Shared,
    work::{Lease, Work},
};
use crate::{
    Result,
    mail::message::{BuildError, Letter, Template},
    queue::SendSlice,
};

/// How often a lease is renewed in its length: a missed renewal or two cost nothing.
const RENEWALS_A_LEASE: u32 = 4;
/// A slice that has been here for so long makes room when another one waits: on a slow line a
/// small campaign is not kept waiting by the thousands of a large one.
const TURN: Duration = Duration::from_secs(2);
/// The pause before the database is asked again to let a slice go.
const RELEASE_PAUSE: Duration = Duration::from_secs(1);

/// Runs slices for one owner.
#[derive(Debug)]
pub(super) struct Runner {
    pub(super) owner: String,
    pub(super) lease: Duration,
    pub(super) secret: SecretString,
    pub(super) shared: Arc<Shared>,
    /// A campaign's message is built once for all of its slices that are here.
    pub(super) templates: Mutex<HashMap<CampaignId, Weak<Template>>>,
    /// What is in hand.
    pub(super) works: Mutex<Vec<Weak<Work>>>,
    /// Campaigns of which a slice is being fetched, and who waits to fetch one.
    pub(super) fetching: Fetching,
    /// How many jobs wait for a place.
    pub(super) wanted: AtomicUsize,
    pub(super) let_go: Arc<Notify>,
}

/// What running a slice came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SliceOutcome {
    /// It was not to be had: done, held by another, or its campaign stands still.
    NotDue,
    /// This process has its hands full, or is about to stop.
    NoPlace,
    /// It was let go, done or not.
    Released,
    /// It is still being sent.
    UnderWay,
    /// Its SMTP server has a rest, for so long at least.
    Resting(Duration),
}

impl Runner {
    /// Claims a slice, delivers whoever is due in it, and lets it go. An error means that
    /// nothing was claimed.
    pub(super) async fn run(&self, job: SendSlice, fetched: Fetched) -> Result<SliceOutcome> {
        let shared = &self.shared;
        if shared.outlets.any_rests()
            && let Some(rest) = self.rest_of(job).await?
        {
            return Ok(SliceOutcome::Resting(rest));
        }
        let asked = Instant::now();
        let now = shared.clock.now();
        let Some(claim) = slices::claim(&shared.database, &self.owner, job, now).await? else {
            return Ok(SliceOutcome::NotDue);
        };
        let outlet = shared.outlets.of_campaign(&claim.campaign);
        let outlet = outlet.map_err(|error| error.to_string());
        let template = self.template(&claim.campaign);
        match outlet.and_then(|outlet| Ok((outlet, template.map_err(|error| error.to_string())?))) {
            Ok((outlet, template)) => {
                let lease = Lease::new(job, claim.epoch, self.lease, asked);
                let work = Work::new(lease, template, claim.rows, fetched.going());
                self.works().push(Arc::downgrade(&work));
                drop(fetched);
                outlet.feed.add(Arc::clone(&work));
                if outlet.rests().is_some() {
                    outlet.feed.rest();
                }
                self.see_through(&work).await;
            }
            Err(words) => {
                let now = shared.clock.now();
                campaign::pause_refused(&shared.database, job.campaign, &words, now).await?;
            }
        }
        self.let_go(job, claim.epoch).await;
        Ok(SliceOutcome::Released)
    }

    /// For how long the SMTP server has a rest by which this slice goes, where it has one.
    async fn rest_of(&self, job: SendSlice) -> Result<Option<Duration>> {
        let reader = self.shared.database.reader();
        let Some((named, from_email)) = campaign::way(reader, job.campaign).await? else {
            return Ok(None);
        };
        let outlet = self.shared.outlets.of(&named, &from_email);
        Ok(outlet.ok().and_then(|outlet| outlet.rests()))
    }

    /// Gives up the slices of campaigns that are no longer to run: whoever waits in them is left as
    /// it is, and dialogues that have begun come to their end.
    pub(super) fn keep_only(&self, running: &HashSet<CampaignId>) {
        let mut works = self.works();
        works.retain(|work| work.strong_count() > 0);
        for work in works.iter().filter_map(Weak::upgrade) {
            if !running.contains(&work.lease.slice.campaign) {
                work.give_up();
            }
        }
    }

    /// Leave to fetch a slice of a campaign, once few of that campaign wait here.
    pub(super) async fn may_fetch(&self, campaign: CampaignId) -> Fetched {
        let waiting = || {
            let works = self.works();
            let works = works.iter().filter_map(Weak::upgrade);
            works
                .filter(|work| work.lease.slice.campaign == campaign)
                .map(|work| work.left())
                .sum()
        };
        self.fetching.leave(campaign, waiting).await
    }

    fn works(&self) -> std::sync::MutexGuard<'_, Vec<Weak<Work>>> {
        self.works.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn template(&self, campaign: &email_job::Model) -> Result<Arc<Template>, BuildError> {
        let mut templates = self
            .templates
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(template) = templates.get(&campaign.id).and_then(Weak::upgrade) {
            return Ok(template);
        }
        let letter = Letter {
            campaign: campaign.id,
            subject: &campaign.subject,
            html: &campaign.body,
            text: campaign.text_body.as_deref(),
            from_name: campaign.from_name.as_deref(),
            from_email: &campaign.from_email,
            reply_to: campaign.reply_to.as_deref(),
        };
        let template = Arc::new(Template::new(&letter, &self.secret)?);
        templates.retain(|_, known| known.strong_count() > 0);
        templates.insert(campaign.id, Arc::downgrade(&template));
        Ok(template)
    }

    /// Keeps the lease until everybody has been through, its turn is over while others wait, or
    /// the process is to stop.
    async fn see_through(&self, work: &Arc<Work>) {
        let began = Instant::now();
        let mut moments = tokio::time::interval_at(began + TURN, TURN / 4);
        moments.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut renewal = tokio::time::interval(self.lease / RENEWALS_A_LEASE);
        renewal.set_missed_tick_behavior(MissedTickBehavior::Delay);
        renewal.tick().await;
        let over = work.over();
        tokio::pin!(over);
        loop {
            tokio::select! {
                () = &mut over => return,
                () = self.shared.stop.cancelled(), if !work.lease.is_given_up() => work.give_up(),
                _ = renewal.tick() => self.renew(work).await,
                _ = moments.tick() => if self.wanted.load(Ordering::Relaxed) > 0 {
                    work.rest();
                },
            }
        }
    }

    async fn renew(&self, work: &Work) {
        let asked = Instant::now();
        let Lease { slice, epoch, .. } = &work.lease;
        match slices::renew(&self.shared.database, &self.owner, *slice, *epoch).await {
            Ok(true) => work.lease.confirm(asked),
            Ok(false) => {
                tracing::warn!(
                    campaign.id = slice.campaign.0,
                    slice.no = slice.slice,
                    "the slice was taken over by another worker",
                );
                work.give_up();
            }
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "a lease was not renewed"
                );
            }
        }
    }

    async fn let_go(&self, job: SendSlice, epoch: i64) {
        let shared = &self.shared;
        loop {
            let now = shared.clock.now();
            match slices::release(
                &shared.database,
                &self.owner,
                job,
                epoch,
                shared.uncertain,
                now,
            )
            .await
            {
                Ok(released) => {
                    self.let_go.notify_one();
                    return report(job, released);
                }
                Err(error) => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "a slice could not be let go; trying again",
                    );
                    tokio::time::sleep(RELEASE_PAUSE).await;
                }
            }
        }
    }
}

fn report(job: SendSlice, released: Released) {
    if let Released::Ended(status) = released {
        tracing::info!(
            campaign.id = job.campaign.0,
            status = status.as_str(),
            "campaign ended"
        );
    }
    tracing::debug!(
        campaign.id = job.campaign.0,
        slice.no = job.slice,
        outcome = ?released,
        "slice let go",
    );
}
