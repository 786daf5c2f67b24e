//! What every page may ask for.

use domain::installation::Installation;
use leptos::prelude::*;

use crate::api::{self, error::CallError};

/// Whether the page has come to life; see [`is_live`].
#[derive(Clone, Copy)]
struct Live(ReadSignal<bool>);

#[derive(Clone, Copy)]
struct Setup(Resource<Result<Installation, CallError>>);

/// Makes the contexts; [`crate::App`] does it once.
pub(crate) fn provide() {
    let (live, set_live) = signal(false);
    // Effects run in the browser only, and after hydration.
    Effect::new(move || set_live.set(true));
    provide_context(Live(live));
    provide_context(Setup(Resource::new(
        || (),
        |()| api::installation::get_installation(),
    )));
}

/// False on the server and while the browser takes the page over, true from then on. Whatever only
/// a browser can know waits for it, so that both draw the same page first.
pub(crate) fn is_live() -> Signal<bool> {
    expect_context::<Live>().0.into()
}

/// How this installation is set up.
pub(crate) fn installation() -> Resource<Result<Installation, CallError>> {
    expect_context::<Setup>().0
}
