// An account whose every service is proven, and the templates that its files are made of.
import { fileURLToPath } from "node:url";
import type { AccountEntry, MailAccount } from "../../src/domain/mail-account.ts";
import { bundleRender } from "../../src/system/bundle-folder.ts";
import { createTemplates } from "../../src/system/templates.ts";

export const render = bundleRender(createTemplates(fileURLToPath(new URL("../../templates", import.meta.url))));
export const host = "mail.example.org";
export const at = (protocol: AccountEntry["protocol"], mode: AccountEntry["mode"], port: number): AccountEntry => ({
  protocol,
  mode,
  host,
  port,
});
export const all = [
  at("imap", "implicit", 993),
  at("imap", "starttls", 143),
  at("pop3", "implicit", 995),
  at("submission", "implicit", 465),
  at("submission", "starttls", 587),
];
export const usual: MailAccount = { domain: "example.org", host, login: "address", proven: all, unproven: [] };
