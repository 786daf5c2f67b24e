//! One page of a long list.

use garde::Validate;
use serde::{Deserialize, Serialize};

/// The most items one page carries.
pub const MAX_LIMIT: u32 = 500;
/// What a page carries when nothing is asked for.
pub const DEFAULT_LIMIT: u32 = 50;

/// One page of a list, and where the next begins. A list read page by page shows every item
/// that was there from the first page to the last exactly once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Page<T> {
    /// The items, in the list's order.
    pub items: Vec<T>,
    /// Hand this back as `cursor` to get the next page; null on the last.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// Makes a page of what was read with one item more than `limit`: the extra one tells that
    /// there is a next page, and is left for it.
    #[must_use]
    pub fn from_one_more(mut items: Vec<T>, limit: u32, cursor: impl Fn(&T) -> String) -> Self {
        let limit = limit as usize;
        let more = items.len() > limit;
        items.truncate(limit);
        let next_cursor = if more { items.last().map(cursor) } else { None };
        Self { items, next_cursor }
    }
}

/// Which page is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PageRequest {
    /// The `nextCursor` of the page before; absent for the first.
    #[garde(inner(length(max = 64)))]
    pub cursor: Option<String>,
    /// How many items, 1 to [`MAX_LIMIT`]; [`DEFAULT_LIMIT`] when absent.
    #[garde(inner(range(min = 1, max = MAX_LIMIT)))]
    pub limit: Option<u32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_item_beyond_the_limit_only_tells_that_there_is_more() {
        let page = Page::from_one_more(vec![9, 8, 7], 2, ToString::to_string);
        assert_eq!(
            page,
            Page {
                items: vec![9, 8],
                next_cursor: Some("8".to_owned())
            }
        );
    }

    #[test]
    fn the_last_page_has_no_cursor() {
        let page = Page::from_one_more(vec![9, 8], 2, ToString::to_string);
        assert_eq!(page.next_cursor, None);
    }
}
