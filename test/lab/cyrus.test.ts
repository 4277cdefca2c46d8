// The Cyrus adapter on Debian's real Cyrus IMAP: the contract.
import { afterAll, beforeAll } from "vitest";
import { type ServerUnderTest, serverContract } from "../contract/server.ts";
import { type CyrusLab, cyrusFiles, openCyrusLab } from "./cyrus-host.ts";
import { certificate, folder, leafOf, openPorts, served } from "./server-judge.ts";

let lab: CyrusLab;
beforeAll(async () => {
  lab = await openCyrusLab();
});
afterAll(() => lab?.host.stop());

const subject = ({ host, cyrus, reset }: CyrusLab): ServerUnderTest => ({
  server: cyrus,
  certificate,
  reset,
  version: /^3\.10/,
  snapshot: () => host.must(cyrusFiles),
  openPorts: () => openPorts(host, "cyrmaster"),
  served: (listener, slot) => served(host, listener, slot),
  leaf: (slot) => leafOf(host, `${folder}/live/${slot}`),
  breakConfiguration: async () => {
    await host.must("printf 'tls_versions: tls1_2\\ntls_versions: tls1_3\\n' >> /etc/imapd.conf");
    return "option 'tls_versions' was specified twice";
  },
  overwriteOurs: async () => {
    await host.must("echo '# mine now' >> /etc/imapd-mailcert.conf");
  },
  isCertificateSetting: (change) =>
    change.kind === "line"
      ? change.before === undefined && change.after === "@include: /etc/imapd-mailcert.conf"
      : change.kind === "file" &&
        change.mode === 0o644 &&
        (change.content ?? "").split("\n").every((line) => /^(|#.*|\w+_tls_server_(cert|key): .*)$/.test(line)),
});

serverContract("cyrus", async () => subject(lab));
