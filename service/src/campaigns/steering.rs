//! What a person or a script may do with a campaign that is stored. Everything here can be asked
//! for twice: what is so already is answered as done.

use domain::{
    CampaignId,
    campaign::{
        Campaign, CampaignEdit, CampaignEvent, CampaignForm, CampaignStatus, FormIntent,
        ResolveRequest, RetryRequest,
    },
};
use entity::email_job;

use super::{
    Campaigns,
    again::{self, Again},
    aside,
    control::{self, Wish},
    edit::{self, Edit},
    import,
    plan::Plan,
    prepare::{self, PreparedRecipient},
    queries, timeline, validate,
};
use crate::{Actor, Error, Result};

impl Campaigns {
    /// Starts a draft or scheduled campaign now. It must be complete, and somebody must get it.
    /// [`Error::Importing`] while its list is not.
    pub async fn start(&self, actor: &Actor, id: CampaignId) -> Result<Campaign> {
        let (database, clock) = (self.0.database(), self.0.clock());
        let row = self.whole(id).await?;
        if row.status.is_editable() {
            if row.import_token.is_some() {
                import::settle(database, clock, id).await?;
            }
            let nobody = (row.total_emails == 0).then(prepare::nobody);
            let content = edit::content_of(row);
            let mut faults = prepare::faults_of(&content, Plan::Now, &self.0.circumstances());
            faults.extend(nobody);
            if !faults.is_empty() {
                return Err(Error::Invalid(faults));
            }
        }
        self.fulfil(actor, id, Wish::Start).await
    }

    /// Lets a campaign stand still until it is resumed. Within two seconds no worker starts another
    /// message of it; those in their dialogue come to its end.
    pub async fn pause(&self, actor: &Actor, id: CampaignId) -> Result<Campaign> {
        self.fulfil(actor, id, Wish::Pause).await
    }

    /// Lets a paused campaign go on, whoever paused it.
    pub async fn resume(&self, actor: &Actor, id: CampaignId) -> Result<Campaign> {
        self.fulfil(actor, id, Wish::Resume).await
    }

    /// Ends a campaign for good: whoever was not written to yet is SKIPPED. It is CANCELLING until
    /// everybody has ended.
    pub async fn cancel(&self, actor: &Actor, id: CampaignId) -> Result<Campaign> {
        self.fulfil(actor, id, Wish::Cancel).await
    }

    /// Takes a campaign away that is not being sent, with everything that is known of it.
    pub async fn delete(&self, _actor: &Actor, id: CampaignId) -> Result<()> {
        let (database, now) = (self.0.database(), self.0.clock().now());
        if control::fulfil(database, id, Wish::Delete, now).await? {
            tracing::info!(campaign.id = id.0, "campaign deleted");
            return Ok(());
        }
        Err(self.refusal(id, Wish::Delete).await?)
    }

    /// A new draft with the message and the list of a campaign, whatever became of that. What is being
    /// imported into it is not of its list yet.
    pub async fn duplicate(&self, actor: &Actor, id: CampaignId) -> Result<Campaign> {
        let row = self.whole(id).await?;
        let copy = edit::duplicate(self.0.database(), self.0.clock(), row).await?;
        self.get(actor, copy).await
    }

    /// Sends once more to those who failed, or whose outcome is unknown: then a copy may arrive
    /// twice. An ended campaign goes on; a cancelled one never does.
    pub async fn retry(
        &self,
        actor: &Actor,
        id: CampaignId,
        request: RetryRequest,
    ) -> Result<Campaign> {
        validate(&request)?;
        self.again(actor, id, &Again::retry(&request)).await
    }

    /// Settles those whose outcome is unknown: taken for sent, or sent once more.
    pub async fn resolve(
        &self,
        actor: &Actor,
        id: CampaignId,
        request: ResolveRequest,
    ) -> Result<Campaign> {
        validate(&request)?;
        let again = Again::resolve(request.resolution, &request.recipient_ids);
        self.again(actor, id, &again).await
    }

    /// What happened to a campaign, the latest first.
    pub async fn events(&self, _actor: &Actor, id: CampaignId) -> Result<Vec<CampaignEvent>> {
        let reader = self.0.database().reader();
        if !queries::exists(reader, id).await? {
            return Err(Error::NotFound("campaign"));
        }
        Ok(timeline::of(reader, id).await?)
    }

    /// Changes a draft or scheduled campaign: what the edit does not name stays as it is.
    pub async fn edit(
        &self,
        actor: &Actor,
        id: CampaignId,
        edit: CampaignEdit,
    ) -> Result<Campaign> {
        let row = self.editable(id).await?;
        let plan = match &edit.scheduled_at {
            None => row.scheduled_at.map_or(Plan::Draft, Plan::At),
            Some(None) => Plan::Draft,
            Some(Some(at)) => Plan::of(false, Some(at), self.0.clock().now())
                .map_err(|fault| Error::Invalid(vec![fault]))?,
        };
        let list = match edit.recipients.clone() {
            None => None,
            Some(recipients) => {
                let invalid = edit.invalid_recipients;
                Some(aside(move || prepare::list(&recipients, invalid)).await?)
            }
        };
        let content = edit.apply_to(edit::content_of(row.clone()));
        self.write_edit(id, &row, &content, plan, list).await?;
        self.get(actor, id).await
    }

    /// The same, from the composer's form: a blank list leaves the one there is. With
    /// [`FormIntent::Send`] it is started, too.
    pub async fn edit_from_form(
        &self,
        actor: &Actor,
        id: CampaignId,
        form: CampaignForm,
    ) -> Result<Campaign> {
        let row = self.editable(id).await?;
        let now = self.0.clock().now();
        let plan = Plan::of_form(&form, now).map_err(|fault| Error::Invalid(vec![fault]))?;
        let intent = form.intent;
        let (content, lines, invalid) = form.into_parts();
        let list = if lines.trim().is_empty() {
            None
        } else {
            Some(aside(move || prepare::form_list(&lines, invalid)).await?)
        };
        self.write_edit(id, &row, &content, plan, list).await?;
        match intent {
            FormIntent::Send => self.start(actor, id).await,
            FormIntent::Schedule | FormIntent::Draft => self.get(actor, id).await,
        }
    }

    async fn write_edit(
        &self,
        id: CampaignId,
        row: &email_job::Model,
        content: &domain::campaign::CampaignContent,
        plan: Plan,
        list: Option<Vec<PreparedRecipient>>,
    ) -> Result<()> {
        let mut faults = prepare::faults_of(content, plan, &self.0.circumstances());
        let nobody = match &list {
            Some(list) => list.is_empty(),
            None => row.total_emails == 0,
        };
        if nobody && plan != Plan::Draft {
            faults.push(prepare::nobody());
        }
        if !faults.is_empty() {
            return Err(Error::Invalid(faults));
        }
        let edit = Edit {
            campaign: id,
            version: row.version,
            content,
            sender: self.0.default_sender(),
            plan,
            list: list.as_deref(),
        };
        let (database, clock) = (self.0.database(), self.0.clock());
        if edit.is_about_the_list() && row.import_token.is_some() {
            import::settle(database, clock, id).await?;
        }
        if edit::write(database, &edit, clock.now()).await? {
            return Ok(());
        }
        if edit.is_about_the_list() && import::is_under_way(database, id).await? {
            return Err(Error::Importing);
        }
        Err(Error::Conflict(
            "somebody changed or started this campaign meanwhile; look at it again".to_owned(),
        ))
    }

    async fn again(&self, actor: &Actor, id: CampaignId, again: &Again) -> Result<Campaign> {
        let row = self.whole(id).await?;
        if matches!(
            row.status,
            CampaignStatus::Cancelling | CampaignStatus::Cancelled
        ) && !again.sends_nothing()
        {
            return Err(Error::Conflict(
                "a cancelled campaign never sends again; duplicate it instead".to_owned(),
            ));
        }
        let (database, now) = (self.0.database(), self.0.clock().now());
        let moved = again::everybody(database, id, again, now).await?;
        if moved > 0 {
            self.0.reconciler().wake();
        }
        self.get(actor, id).await
    }

    async fn fulfil(&self, actor: &Actor, id: CampaignId, wish: Wish) -> Result<Campaign> {
        let (database, now) = (self.0.database(), self.0.clock().now());
        if control::fulfil(database, id, wish, now).await? {
            tracing::info!(campaign.id = id.0, "campaign {}", wish.participle());
            self.0.reconciler().wake();
        } else {
            let campaign = self.get(actor, id).await?;
            if !wish.is_fulfilled_in(campaign.summary.status) {
                return Err(self.refusal(id, wish).await?);
            }
        }
        self.get(actor, id).await
    }

    async fn refusal(&self, id: CampaignId, wish: Wish) -> Result<Error> {
        if wish == Wish::Start && import::is_under_way(self.0.database(), id).await? {
            return Ok(Error::Importing);
        }
        let row = queries::find(self.0.database().reader(), id).await?;
        let Some(row) = row else {
            return Ok(Error::NotFound("campaign"));
        };
        Ok(Error::Conflict(format!(
            "a campaign that is {} cannot be {}",
            row.status.as_str(),
            wish.participle()
        )))
    }

    async fn whole(&self, id: CampaignId) -> Result<email_job::Model> {
        let row = queries::find_whole(self.0.database().reader(), id).await?;
        row.ok_or(Error::NotFound("campaign"))
    }

    async fn editable(&self, id: CampaignId) -> Result<email_job::Model> {
        let row = self.whole(id).await?;
        if row.status.is_editable() {
            return Ok(row);
        }
        Err(Error::Conflict(format!(
            "a campaign that is {} cannot be changed; duplicate it instead",
            row.status.as_str()
        )))
    }
}
