//! When it starts, if not at once.

use leptos::{html, prelude::*};

use super::{
    draft::Draft,
    faults::{Fault, fault_id},
};

/// A local time, its zone, and the button that goes with them; folded away until it is wanted.
#[component]
pub(super) fn Later(draft: Draft, at: String, zone: String) -> impl IntoView {
    let fault = draft.fault("scheduledAt");
    let used = !at.is_empty();
    let zone_field = NodeRef::<html::Input>::new();
    // Only the browser knows where its reader is; a time that was stored stands in UTC.
    Effect::new(move || {
        if let (Some(field), false) = (zone_field.get(), used)
            && let Some(here) = crate::format::zone_here()
        {
            field.set_value(&here);
        }
    });
    let open = Memo::new(move |before: Option<&bool>| {
        used || before == Some(&true) || fault.with(Option::is_some)
    });
    view! {
        <details class="fold" open=open>
            <summary>"Send later"</summary>
            <div class="mt-3 flex flex-wrap items-end gap-4">
                <div>
                    <label for="scheduled_at">"Starts at"</label>
                    <input
                        type="datetime-local"
                        name="scheduled_at"
                        id="scheduled_at"
                        value=at
                        aria-invalid=move || fault.with(Option::is_some).then_some("true")
                        aria-describedby=fault_id("scheduledAt")
                    />
                </div>
                <div>
                    <label for="time_zone">"Time zone"</label>
                    <input
                        node_ref=zone_field
                        name="time_zone"
                        id="time_zone"
                        value=if zone.is_empty() { "UTC".to_owned() } else { zone }
                        placeholder="Europe/Madrid"
                        autocomplete="off"
                        spellcheck="false"
                    />
                </div>
                <button type="submit" class="btn" name="intent" value="schedule">
                    "Schedule"
                </button>
            </div>
            <Fault draft path="scheduledAt" />
        </details>
    }
}
