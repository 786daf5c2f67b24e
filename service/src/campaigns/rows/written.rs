//! What was written to a campaign, and the slices that make it the campaign's.

use domain::CampaignId;
use entity::{
    prelude::Slice,
    slice::{self, SliceState},
};
use sea_orm::{ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait};

use super::{
    SLICE_SIZE,
    insert::{insert, parts},
};
use crate::{
    campaigns::prepare::PreparedRecipient,
    database::Database,
    ids::{self, Kind},
};

/// The most ids that are reserved at once, ahead of the rows they are for.
const MOST_IDS: usize = 1 << 16;

/// Where a batch goes: its first recipient's id and number. Nobody else writes there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    id: i64,
    no: i64,
}

impl Room {
    /// Writes a batch here, those left out whose mailbox the campaign has already: the first one
    /// written wins.
    pub(super) async fn write(
        self,
        connection: &impl ConnectionTrait,
        campaign: CampaignId,
        batch: &[PreparedRecipient],
    ) -> Result<Vec<Span>, DbErr> {
        let mut spans = Vec::new();
        let Self { mut id, mut no } = self;
        for part in parts(batch) {
            let count = insert(connection, campaign, (id, no), part).await?;
            let length = i64::try_from(part.len()).unwrap_or(i64::MAX);
            if count > 0 {
                spans.push(Span {
                    first: no,
                    last: no + length - 1,
                    count,
                });
            }
            id += length;
            no += length;
        }
        Ok(spans)
    }
}

/// Where the recipients stand whom one statement wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    first: i64,
    last: i64,
    /// How many it wrote: fewer than there is room for where some were there before.
    count: usize,
}

impl Span {
    /// How many numbers it covers.
    fn length(&self) -> i64 {
        self.last - self.first + 1
    }
}

/// What was written to a campaign, beyond its slices until they are written too.
#[derive(Clone, Debug)]
pub(in crate::campaigns) struct Written {
    next_no: i64,
    next_id: i64,
    ids_left: usize,
    reserve: usize,
    spans: Vec<Span>,
    count: u64,
}

impl Written {
    /// Nothing yet; the next recipient's number is `next_no`.
    pub(in crate::campaigns) fn after(next_no: i64) -> Self {
        Self {
            next_no,
            next_id: 0,
            ids_left: 0,
            reserve: 0,
            spans: Vec::new(),
            count: 0,
        }
    }

    /// How many recipients were written.
    pub(in crate::campaigns) fn count(&self) -> u64 {
        self.count
    }

    /// Makes sure that there are ids for so many.
    pub(in crate::campaigns) async fn reserve(
        &mut self,
        database: &Database,
        ids: usize,
    ) -> Result<(), DbErr> {
        if self.ids_left >= ids {
            return Ok(());
        }
        // A small list wastes none, and a long one does not ask for each batch.
        let count = self.reserve.max(ids);
        self.next_id = ids::reserve(database, Kind::Recipient, count).await?;
        self.ids_left = count;
        self.reserve = (count * 4).min(MOST_IDS);
        Ok(())
    }

    /// Room for so many, whose ids are reserved.
    pub(super) fn room(&mut self, recipients: usize) -> Room {
        let room = Room {
            id: self.next_id,
            no: self.next_no,
        };
        let length = i64::try_from(recipients).unwrap_or(i64::MAX);
        self.ids_left -= recipients;
        self.next_id += length;
        self.next_no += length;
        room
    }

    /// Notes what a batch became. They are noted in the order of their rooms.
    pub(super) fn note(&mut self, spans: Vec<Span>) {
        for span in spans {
            self.count += span.count as u64;
            match self.spans.last_mut() {
                Some(before) if before.count + span.count <= SLICE_SIZE => {
                    before.last = span.last;
                    before.count += span.count;
                }
                _ => self.spans.push(span),
            }
        }
    }

    /// Writes a batch whose ids are reserved, in somebody's transaction.
    pub(in crate::campaigns) async fn add_within(
        &mut self,
        connection: &impl ConnectionTrait,
        campaign: CampaignId,
        batch: &[PreparedRecipient],
    ) -> Result<(), DbErr> {
        let room = self.room(batch.len());
        let spans = room.write(connection, campaign, batch).await?;
        self.note(spans);
        Ok(())
    }

    /// Writes the slices over everything that was written, from this number on, and returns how
    /// many. From then on its recipients are the campaign's.
    pub(in crate::campaigns) async fn write_slices(
        &self,
        connection: &impl ConnectionTrait,
        campaign: CampaignId,
        first: i64,
    ) -> Result<i64, DbErr> {
        let slices = slices_over(&self.spans);
        for (slices, from) in slices.chunks(SLICE_SIZE).zip((first..).step_by(SLICE_SIZE)) {
            let rows = slices
                .iter()
                .zip(from..)
                .map(|((first, last), no)| slice::ActiveModel {
                    email_job_id: Set(campaign),
                    no: Set(no),
                    first_no: Set(*first),
                    last_no: Set(*last),
                    state: Set(SliceState::Ready),
                    ..Default::default()
                });
            Slice::insert_many(rows)
                .exec_without_returning(connection)
                .await?;
        }
        Ok(i64::try_from(slices.len()).unwrap_or(i64::MAX))
    }
}

/// The first and the last number of each slice. Towards the end they are smaller, so that workers
/// that share a campaign come to its end together.
fn slices_over(spans: &[Span]) -> Vec<(i64, i64)> {
    /// A slice holds no more than this part of what is left, where that is not too few to be worth
    /// a claim.
    const PART: i64 = 16;
    const FEWEST: i64 = 500;
    let mut left: i64 = spans.iter().map(Span::length).sum();
    let mut slices = Vec::with_capacity(spans.len() + 32);
    for span in spans {
        // Where some were left out, a part of it might hold nobody.
        let has_gaps = i64::try_from(span.count) != Ok(span.length());
        let share = (left / PART).max(FEWEST);
        let slices_of_it = if has_gaps {
            1
        } else {
            (span.length() / share).max(1)
        };
        let ends = (1..=slices_of_it).map(|n| span.first + span.length() * n / slices_of_it);
        let mut first = span.first;
        for end in ends {
            slices.push((first, end - 1));
            first = end;
        }
        left -= span.length();
    }
    slices
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spans(of: &[i64]) -> Vec<Span> {
        let mut next = 0;
        let span = |length: &i64| {
            let first = next;
            next += length;
            Span {
                first,
                last: next - 1,
                count: usize::try_from(*length).unwrap(),
            }
        };
        of.iter().map(span).collect()
    }

    #[test]
    fn slices_cover_every_number_once() {
        for of in [vec![1], vec![999, 1, 250], vec![1_000; 40], vec![777; 31]] {
            let total: i64 = of.iter().sum();
            let mut next = 0;
            for (first, last) in slices_over(&spans(&of)) {
                assert_eq!(first, next);
                assert!(first <= last);
                next = last + 1;
            }
            assert_eq!(next, total);
        }
    }

    #[test]
    fn the_last_slices_are_small_and_a_short_list_stays_whole() {
        let sizes = |of: &[i64]| -> Vec<i64> {
            let slices = slices_over(&spans(of));
            slices
                .iter()
                .map(|(first, last)| last - first + 1)
                .collect()
        };
        assert_eq!(sizes(&[999]), [999]);
        assert_eq!(sizes(&[1_000]), [500; 2]);
        let sizes = sizes(&[1_000; 40]);
        assert_eq!(sizes[..20], [1_000; 20]);
        assert!(sizes.is_sorted_by(|one, next| next - one <= 1), "{sizes:?}");
        assert_eq!(sizes[sizes.len() - 4..], [500; 4]);
    }
}
