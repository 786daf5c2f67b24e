//! That live numbers have stopped.

use leptos::prelude::*;

use crate::live::Connection;

/// Says when live numbers no longer arrive; says nothing while they do.
#[component]
pub(crate) fn ConnectionNote(connection: ReadSignal<Connection>) -> impl IntoView {
    let words = move || match connection.get() {
        Connection::Idle | Connection::Open => "",
        Connection::Lost => {
            "The connection to Palomar is lost; the numbers stand still. It is being tried again."
        }
        Connection::Refused => {
            "Live numbers are not to be had. Reload the page to see how things stand."
        }
    };
    view! {
        <p
            class="connection-note"
            role="status"
            hidden=move || words().is_empty()
        >
            {words}
        </p>
    }
}
