// The OpenSMTPD adapter on Debian's real OpenSMTPD: the contract.
import { afterAll, beforeAll } from "vitest";
import { type ServerUnderTest, serverContract } from "../contract/server.ts";
import { type SmtpdLab, openSmtpdLab, smtpdFiles } from "./opensmtpd-host.ts";
import { certificate, folder, leafOf, openPorts, served } from "./server-judge.ts";

let lab: SmtpdLab;
beforeAll(async () => {
  lab = await openSmtpdLab();
}, 60_000);
afterAll(() => lab?.host.stop());

const subject = ({ host, smtpd, reset }: SmtpdLab): ServerUnderTest => ({
  server: smtpd,
  certificate,
  reset,
  version: /^7\.6/,
  snapshot: () => host.must(smtpdFiles),
  openPorts: () => openPorts(host, "smtpd"),
  served: (listener, slot) => served(host, listener, slot),
  leaf: (slot) => leafOf(host, `${folder}/live/${slot}`),
  breakConfiguration: async () => {
    await host.must("echo 'listen on 0.0.0.0 port 2525 tls pki nobody' >> /etc/smtpd.conf");
    return "pki name not found: nobody";
  },
  overwriteOurs: async () => {
    await host.must("echo '# mine now' >> /etc/smtpd-mailcert.conf");
  },
  isCertificateSetting: (change) =>
    change.kind === "line"
      ? change.before === undefined && change.after === 'include "/etc/smtpd-mailcert.conf"'
      : change.kind === "file" &&
        change.mode === 0o644 &&
        (change.content ?? "").split("\n").every((line) => /^(|#.*|pki "[\w.]+" (cert|key) ".*")$/.test(line)),
});

serverContract("opensmtpd", async () => subject(lab));
