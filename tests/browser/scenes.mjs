// Every state of every page, and how to get there: what screenshots.mjs takes, in this order.
import { compose, openComposer, recipientCount, sendButton } from "./composer.mjs";
import { people } from "./people.mjs";
import { ask, createCampaign, importRecipients, untilEnded, untilSettled } from "./rest.mjs";

const BODY = `<div style="max-width: 560px; margin: 0 auto; font: 16px/1.6 Georgia, serif; color: #222">
  <h1 style="font-size: 26px">Two reading rooms opened</h1>
  <p>Dear reader,</p>
  <p>The rooms on <b>Calle Mayor</b> and by the harbour are open again, every day until nine.
  Bring a friend, and your card of last year.</p>
  <p><a href="https://example.org/rooms" style="color: #0a6">See what is new on the shelves</a></p>
  <p style="color: #777; font-size: 13px">You get this because you are a member of the library.</p>
</div>`;

/** Campaigns that several scenes show. */
let steered, draft;

const RECIPIENTS = people(600).addresses.slice(0, 400).join("\n");
const WITH_FAULTS = `${people(40).addresses.join("\r\n")}\r\nana.example.org\nluis@@example.org\nANA@example.org, ana@example.org\nno address at all\neva@example\nmarta@exa mple.org\n"open@example.org`;

/**
 * The scenes in the order they are taken: `name`, `path`, and perhaps `prepare(address)`, done once
 * before the scene's pictures and resolving to its path, or `act(page, address)`, done in each.
 */
export const SCENES = [
  { name: "dashboard-empty", path: "/" },
  { name: "caught-empty", path: "/caught" },
  { name: "not-found", path: "/nowhere" },
  { name: "campaign-not-found", path: "/campaigns/4711" },
  { name: "composer-empty", act: openComposer },
  { name: "composer-filled", act: (page, address) => write(page, address, RECIPIENTS, "people") },
  {
    name: "composer-errors",
    async act(page, address) {
      await write(page, address, WITH_FAULTS, "addresses");
      await page.getByLabel("Leave them out, and send to the others").check();
      await page.getByLabel("Sender address").fill("nobody");
      await page.getByLabel("Subject", { exact: true }).fill(" ");
      await page.getByText("12 characters").waitFor({ state: "hidden" });
      await sendButton(page).click();
      await page.getByRole("alert").getByText("Nothing was sent").waitFor();
    },
  },
  {
    name: "caught-list",
    async prepare(address) {
      await finished(address, "Opening hours in winter", 240, []);
      return "/caught";
    },
  },
  { name: "caught-message", path: "/caught/1" },
  { name: "caught-text", path: "/caught/1?part=text" },
  { name: "caught-source", path: "/caught/1?part=source" },
  {
    name: "campaign-completed",
    async prepare(address) {
      await finished(address, "Your card expires soon", 1_200, [["+550", 90]]);
      const id = await finished(address, "October news", 3_000, [["+550", 61], ["+552", 240], ["+554", 470], ["+dot550", 900]]);
      return `/campaigns/${id}`;
    },
  },
  { name: "campaign-completed-everybody", path: "/campaigns/3?show=ALL" },
  {
    name: "campaign-all-failed",
    prepare: async (address) => `/campaigns/${await finished(address, "To those who left", 12, [["+550", 1]])}`,
  },
  { name: "dashboard-full", path: "/" },
  { name: "dashboard-nothing-found", path: "/?q=september" },
  {
    name: "campaign-unknown",
    prepare: async (address) => `/campaigns/${await finished(address, "Invitation to the annual meeting", 300, [["+drop-after-dot", 100], ["+550", 70]])}`,
  },
  { name: "dashboard-needs-you", path: "/" },
  {
    name: "campaign-sending",
    async prepare(address) {
      const recipients = withTags(18_000, [["+550", 83], ["+552", 341], ["+554", 1_201], ["+451x9", 311], ["+slow300ms", 37]]);
      const { id } = await createCampaign(address, { name: "November news", subject: "What is on in November", body: BODY, recipients });
      await untilSettled(address, id, 9_000);
      return `/campaigns/${id}`;
    },
  },
  { name: "dashboard-sending", path: "/" },
  {
    name: "campaign-cancel-asked",
    async prepare(address) {
      const recipients = withTags(9_000, [["+slow300ms", 3]]);
      steered = (await createCampaign(address, { name: "A slow one", subject: "Slowly", body: BODY, recipients })).id;
      return `/campaigns/${steered}`;
    },
    act: (page) => page.getByText("Cancel…").click(),
  },
  {
    name: "campaign-paused",
    async prepare(address) {
      await ask(address, steered, "pause");
      return `/campaigns/${steered}`;
    },
    act: (page) => page.getByText("What happened").click(),
  },
  {
    name: "campaign-cancelled",
    async prepare(address) {
      await ask(address, steered, "cancel");
      await untilEnded(address, steered);
      return `/campaigns/${steered}`;
    },
  },
  {
    name: "campaign-draft",
    async prepare(address) {
      const recipients = people(40).addresses;
      const { id } = await createCampaign(address, { subject: "December news", body: BODY, recipients, draft: true });
      draft = id;
      return `/campaigns/${id}`;
    },
  },
  {
    name: "campaign-draft-imported",
    async prepare(address) {
      await importRecipients(address, draft, WITH_FAULTS);
      return `/campaigns/${draft}`;
    },
    act: (page) => page.getByText("What happened").click(),
  },
  {
    name: "campaign-draft-empty",
    async prepare(address) {
      const { id } = await createCampaign(address, { subject: "", body: "", recipients: [], draft: true });
      return `/campaigns/${id}`;
    },
  },
  { name: "dashboard-drafts", path: "/?status=DRAFT" },
  { name: "campaign-edit", prepare: () => `/campaigns/${draft}/edit` },
  {
    name: "campaign-scheduled",
    async prepare(address) {
      const recipients = people(40).addresses;
      const scheduledAt = "2099-12-01T09:00[Europe/Madrid]";
      const { id } = await createCampaign(address, { subject: "A century of news", body: BODY, recipients, scheduledAt });
      return `/campaigns/${id}`;
    },
  },
  {
    name: "composer-later",
    async act(page, address) {
      await write(page, address, RECIPIENTS, "people");
      await page.getByText("Send later").click();
      await page.getByRole("button", { name: "Schedule" }).click();
      await page.getByRole("alert").getByText("Nothing was sent").waitFor();
    },
  },
];

async function write(page, address, recipients, counted) {
  await openComposer(page, address);
  await compose(page, { subject: "October news", body: BODY, recipients });
  await recipientCount(page).getByText(counted).waitFor();
}

async function finished(address, subject, count, tags) {
  const { id } = await createCampaign(address, { subject, body: BODY, recipients: withTags(count, tags) });
  await untilEnded(address, id);
  return id;
}

/** So many addresses; of `[tag, every]`, every so manyth has the tag, and the catcher does what it asks for. */
function withTags(count, tags) {
  return people(count).addresses.map((address, index) => {
    const [tag] = tags.find(([, every]) => (index + 1) % every === 0) ?? [];
    const [local, domain] = address.replaceAll(/[" ]|\+550/g, "").replace(",", ".").split("@");
    return tag ? `${local}${tag}@${domain}` : `${local}@${domain}`;
  });
}
