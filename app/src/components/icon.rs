//! Line drawings on a 16-unit grid, in the colour of the text beside them. They say nothing to a
//! screen reader: the word beside them does.

use leptos::prelude::*;

/// What is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Drawing {
    /// The dove of the house.
    Dove,
    /// Lines of a list.
    List,
    /// A tray.
    Tray,
    /// Something new.
    Plus,
    /// Something to be written.
    Pencil,
    /// Something that is not known.
    Question,
    /// Something that waits.
    Clock,
    /// It is well.
    Tick,
    /// It is not.
    Cross,
}

impl Drawing {
    fn path(self) -> &'static str {
        match self {
            Self::Dove => {
                "M3 12c4 0 5-2 6-4 .8-1.7 2-3 4-3 1.6 0 2.6 1 3 2.2L18 8l-2 .9C15.6 13 12.5 16 8 16c-1.5 0-2.4-.2-3.4-.6L8 13.4"
            }
            Self::List => "M2 4h12M2 8h12M2 12h8",
            Self::Tray => "M2 9l2-6h8l2 6v4H2zM2 9h4l1 2h2l1-2h4",
            Self::Plus => "M8 3v10M3 8h10",
            Self::Pencil => "M3 13l.8-3.2 7-7 2.4 2.4-7 7zM9 4.6l2.4 2.4",
            Self::Question => "M5.8 6a2.3 2.3 0 1 1 3.3 2c-.8.5-1.1.9-1.1 1.6M8 12.3v.1",
            Self::Clock => "M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0M8 4.5V8l2.5 1.5",
            Self::Tick => "M3 8.5l3.2 3L13 4.5",
            Self::Cross => "M4 4l8 8M12 4l-8 8",
        }
    }

    fn view_box(self) -> &'static str {
        if self == Self::Dove {
            "0 0 20 20"
        } else {
            "0 0 16 16"
        }
    }
}

/// A drawing.
#[component]
pub(crate) fn Icon(drawing: Drawing) -> impl IntoView {
    view! {
        <svg class="icon" viewBox=drawing.view_box() aria-hidden="true">
            <path d=drawing.path()></path>
        </svg>
    }
}

/// A drawing in a soft disc; `tone` is `sent`, `failed`, `deferred`, `unknown` or nothing.
#[component]
pub(crate) fn Mark(drawing: Drawing, #[prop(optional)] tone: &'static str) -> impl IntoView {
    view! {
        <span class=format!("mark {tone}")>
            <Icon drawing />
        </span>
    }
}
