// The OpenSMTPD adapter on Debian's real OpenSMTPD: the contract.
import { afterAll, beforeAll } from "vitest";
import { type ServerUnderTest, serverContract } from "../contract/server.ts";
import { type SmtpdLab, openSmtpdLab, smtpdFiles } from "./opensmtpd-host.ts";
import { afterYes } from "./proxies-host.ts";
import { bySni, certificate, folder, leafOf, leafOfCertificate, openPorts, served } from "./server-judge.ts";

let lab: SmtpdLab;
beforeAll(async () => {
  lab = await openSmtpdLab();
});
afterAll(() => lab?.host.stop());

/** An `include` at the end or in the place of a comment or an empty line, which stays behind it; our macro in a listener. */
const isLineOfOurs = (before: string, after: string): boolean =>
  after.replace(" $mailcert", "") === before ||
  (/^(#.*)?$/.test(before) &&
    /^include "\/etc\/smtpd-mailcert(-names)?\.conf"$/.test(before === "" ? after : after.replace(` ${before}`, "")));

const subject = ({ host, smtpd, reset }: SmtpdLab): ServerUnderTest => ({
  server: afterYes(smtpd),
  certificate,
  bySni,
  reset,
  version: /^7\.6/,
  snapshot: () => host.must(smtpdFiles),
  openPorts: () => openPorts(host, "smtpd"),
  served: (listener, slot, name) => served(host, listener, slot, name),
  leaf: (slot, one) => (one ? leafOfCertificate(host, one, slot) : leafOf(host, `${folder}/live/${slot}`)),
  breakConfiguration: async () => {
    await host.must("echo 'listen on 0.0.0.0 port 2525 tls pki nobody' >> /etc/smtpd.conf");
    return "pki name not found: nobody";
  },
  overwriteOurs: async () => {
    await host.must("echo '# mine now' >> /etc/smtpd-mailcert.conf");
  },
  isCertificateSetting: (change) =>
    change.kind === "line"
      ? [change, ...(change.also ?? [])].every(({ before = "", after }) => isLineOfOurs(before, after))
      : change.kind === "file" &&
        change.mode === 0o644 &&
        (change.content ?? "")
          .split("\n")
          .every((line) => /^(|#.*|pki "[\w.-]+" (cert|key) ".*"|mailcert = "[\w -]*")$/.test(line)),
});

serverContract("opensmtpd", async () => subject(lab), { byName: true });
