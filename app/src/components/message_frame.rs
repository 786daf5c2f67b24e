//! An HTML message, where it can do no harm.

use leptos::prelude::*;

/// Shows `html` in a frame that runs no script, submits no form, opens no window and is a stranger
/// to the page around it.
#[component]
pub(crate) fn MessageFrame(
    #[prop(into)] html: Signal<String>,
    #[prop(into)] title: String,
    /// As wide as a telephone.
    #[prop(into, default = Signal::stored(false))]
    narrow: Signal<bool>,
) -> impl IntoView {
    view! {
        <div class="message-frame" class:narrow=narrow>
            <iframe
                sandbox=""
                referrerpolicy="no-referrer"
                title=title
                srcdoc=move || html.with(|html| framed(html))
            ></iframe>
        </div>
    }
}

/// The message with links that ask for a window of their own, which the sandbox does not give: a
/// link that is pressed does nothing, instead of taking the frame elsewhere.
fn framed(html: &str) -> String {
    const BASE: &str = "<base target=\"_blank\">";
    let lower = html.to_ascii_lowercase();
    let after_head = lower
        .match_indices("<head")
        .find(|(start, _)| lower[start + 5..].starts_with([' ', '>', '\n', '\t', '\r']))
        .and_then(|(start, _)| lower[start..].find('>').map(|end| start + end + 1));
    match after_head {
        Some(at) => format!("{}{BASE}{}", &html[..at], &html[at..]),
        None => format!("<!doctype html>{BASE}{html}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_in_a_message_never_leads_the_frame_away() {
        assert_eq!(
            framed("<p>ñ</p>"),
            "<!doctype html><base target=\"_blank\"><p>ñ</p>"
        );
        assert_eq!(
            framed("<html><HEAD lang=es><title>T</title></HEAD><header>x</header>"),
            "<html><HEAD lang=es><base target=\"_blank\"><title>T</title></HEAD><header>x</header>"
        );
        assert!(framed("<header>x</header>").starts_with("<!doctype html><base"));
    }
}
