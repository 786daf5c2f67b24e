// The house's words for Tailwind: every utility speaks of a token in style/tokens.css, and there is
// no other colour, so a page cannot leave the palette. Light and dark need no variant: a token knows.
const token = (name) => `var(--${name})`;

/** @type {import("tailwindcss").Config} */
export default {
  theme: {
    colors: {
      transparent: "transparent",
      current: "currentColor",
      // Surfaces and lines: bg-page, bg-surface, bg-sunken, border-line, border-line-strong.
      page: token("page"),
      surface: token("surface"),
      sunken: token("sunken"),
      line: { DEFAULT: token("line"), strong: token("line-strong") },
      // Text: text-ink, text-muted, text-faint.
      ink: token("ink"),
      muted: token("muted"),
      faint: token("faint"),
      // The one accent: bg-accent, text-accent-ink, bg-accent-soft.
      accent: { DEFAULT: token("accent"), ink: token("accent-ink"), soft: token("accent-soft") },
      // What became of a message, always in this order: bg-sent, text-failed, bg-unknown-soft.
      sent: { DEFAULT: token("sent"), soft: token("sent-soft") },
      failed: { DEFAULT: token("failed"), soft: token("failed-soft") },
      deferred: { DEFAULT: token("deferred"), soft: token("deferred-soft") },
      unknown: { DEFAULT: token("unknown"), soft: token("unknown-soft") },
      skipped: token("skipped"),
      track: token("track"),
    },
    // A word in a state's colour is darker than an area of it, so that it can be read: text-deferred.
    textColor: ({ theme }) => ({
      ...theme("colors"),
      sent: token("sent-ink"),
      failed: token("failed-ink"),
      deferred: token("deferred-ink"),
      unknown: token("unknown-ink"),
    }),
    borderRadius: { none: "0", small: token("radius-small"), DEFAULT: token("radius"), full: "99px" },
    boxShadow: { none: "none", DEFAULT: token("shadow") },
    fontFamily: { sans: token("font"), mono: token("font-mono") },
    // Body text is 14 px; `small` stands beside it, `title` above a page, `figure` on a card.
    fontSize: {
      tiny: ["12px", "1.4"],
      small: ["12.5px", "1.5"],
      body: ["14px", "1.5"],
      lead: ["18px", "1.35"],
      title: ["20px", "1.3"],
      figure: ["30px", "1"],
    },
  },
};
