//! What is rarely needed.

use leptos::prelude::*;

use super::{
    draft::Draft,
    faults::{Fault, fault_id},
    inner_text,
    sender::Line,
};

/// What is rarely needed, folded away unless something is in it.
#[component]
pub(super) fn More(
    draft: Draft,
    name: String,
    reply_to: String,
    text: String,
    /// The SMTP server that was chosen, and those there are.
    server: String,
    servers: Vec<String>,
) -> impl IntoView {
    let faulty = ["name", "replyTo", "textBody", "smtpServer"].map(|path| draft.fault(path));
    let used = [&name, &reply_to, &text, &server]
        .iter()
        .any(|field| !field.is_empty());
    let choice = (servers.len() > 1).then(|| {
        let options = servers
            .into_iter()
            .map(|name| {
                let (chosen, value) = (name == server, name.clone());
                view! {
                    <option value=value selected=chosen>
                        {name}
                    </option>
                }
            })
            .collect_view();
        view! {
            <div>
                <label for="smtp_server">"SMTP server"</label>
                <select name="smtp_server" id="smtp_server" aria-describedby=fault_id("smtpServer")>
                    <option value="">"By the sender’s domain"</option>
                    {options}
                </select>
                <Fault draft path="smtpServer" />
            </div>
        }
    });
    // A fault opens it, and it stays open when the fault is mended.
    let open = Memo::new(move |before: Option<&bool>| {
        used || before == Some(&true) || faulty.iter().any(|fault| fault.with(Option::is_some))
    });
    view! {
        <details class="fold" open=open>
            <summary>"Name, answers and plain text"</summary>
            <div class="mt-3 grid gap-4">
                <div>
                    <Line
                        draft
                        name="name"
                        path="name"
                        value=name
                        label="Name of the campaign"
                        placeholder="The subject"
                    />
                    <p class="field-hint">"Only you see it."</p>
                </div>
                <div>
                    <Line
                        draft
                        name="reply_to"
                        path="replyTo"
                        value=reply_to
                        label="Answers go to"
                        placeholder="The sender"
                    />
                </div>
                {choice}
                <div>
                    <label for="text_body">"Plain text"</label>
                    <textarea
                        name="text_body"
                        id="text_body"
                        rows="6"
                        placeholder="Made from the HTML"
                        aria-describedby=fault_id("textBody")
                        inner_html=inner_text(&text)
                    ></textarea>
                    <Fault draft path="textBody" />
                    <p class="field-hint">
                        "For readers that show no HTML. Left empty, it is made from the HTML."
                    </p>
                </div>
            </div>
        </details>
    }
}
