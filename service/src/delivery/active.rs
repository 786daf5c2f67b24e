//! The campaigns that a look of the reconciler is about. One question for all of them: an idle
//! installation is asked it twice a second by every process.

use domain::{CampaignId, Timestamp, campaign::CampaignStatus};
use entity::{
    email_job::{self, DesiredState},
    prelude::EmailJob,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, DerivePartialModel, EntityTrait, Order,
    QueryFilter, QueryOrder,
};

use crate::campaigns::queries::SliceSums;

/// A campaign that is to be started, run or cancelled.
#[derive(Clone, Debug, DerivePartialModel)]
#[sea_orm(entity = "EmailJob")]
pub(super) struct Active {
    pub(super) id: CampaignId,
    pub(super) status: CampaignStatus,
    pub(super) desired_state: DesiredState,
    pub(super) open_slices: i64,
    pub(super) sent_emails: i64,
    pub(super) failed_emails: i64,
    pub(super) unknown_emails: i64,
    pub(super) skipped_emails: i64,
    pub(super) deferred_emails: i64,
    pub(super) waiting_code: Option<String>,
    pub(super) smtp_server: String,
    pub(super) from_email: String,
}

impl Active {
    /// Whether its time has come.
    pub(super) fn is_due(&self) -> bool {
        self.status == CampaignStatus::Scheduled
    }

    fn runs(&self) -> bool {
        let is_to_run = self.desired_state == DesiredState::Run;
        is_to_run
            && matches!(
                self.status,
                CampaignStatus::Pending | CampaignStatus::Processing
            )
    }

    /// Whether its counters say what its slices add up to.
    pub(super) fn says(&self, sums: &SliceSums) -> bool {
        self.sent_emails == sums.sent
            && self.failed_emails == sums.failed
            && self.unknown_emails == sums.unknown
            && self.skipped_emails == sums.skipped
            && self.deferred_emails == sums.deferred
    }
}

/// What is to be done with whom; each oldest first.
#[derive(Debug, Default)]
pub(super) struct Concerned {
    /// To be run.
    pub(super) running: Vec<Active>,
    /// Whoever is left of them is to be skipped.
    pub(super) cancelling: Vec<Active>,
}

impl Concerned {
    pub(super) fn of(active: Vec<Active>) -> Self {
        let mut concerned = Self::default();
        for campaign in active {
            if campaign.runs() {
                concerned.running.push(campaign);
            } else if campaign.status == CampaignStatus::Cancelling {
                concerned.cancelling.push(campaign);
            }
        }
        concerned
    }
}

/// Campaigns that are to run, to be cancelled, or to be started by now; oldest first.
pub(super) async fn active_campaigns(
    connection: &impl ConnectionTrait,
    now: Timestamp,
) -> Result<Vec<Active>, DbErr> {
    let not_put_off = Condition::any()
        .add(email_job::Column::Status.ne(CampaignStatus::Scheduled))
        .add(email_job::Column::ScheduledAt.lte(now));
    EmailJob::find()
        .filter(email_job::Column::SealedAt.is_not_null())
        .filter(email_job::Column::Status.is_in([
            CampaignStatus::Scheduled,
            CampaignStatus::Pending,
            CampaignStatus::Processing,
            CampaignStatus::Cancelling,
        ]))
        .filter(not_put_off)
        .order_by(email_job::Column::Id, Order::Asc)
        .into_partial_model::<Active>()
        .all(connection)
        .await
}
