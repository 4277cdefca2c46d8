// The Exim adapter on Debian's real Exim: the contract, with the unsplit configuration that Debian chooses.
import { afterAll, beforeAll } from "vitest";
import { type ServerUnderTest, serverContract } from "../contract/server.ts";
import { type EximLab, localMacros, macroFile, openEximLab } from "./exim-host.ts";
import { certificate, folder, leafOf, openPorts, served, snapshot } from "./server-judge.ts";

let lab: EximLab;
beforeAll(async () => {
  // One family: each listener is one more round of handshakes.
  lab = await openEximLab("0.0.0.0");
}, 60_000);
afterAll(() => lab?.host.stop());

const subject = ({ host, exim, reset }: EximLab): ServerUnderTest => ({
  server: exim,
  certificate,
  reset: () => reset("unsplit"),
  version: /^4\.98/,
  snapshot: () => snapshot(host, "/etc/exim4"),
  openPorts: () => openPorts(host, "exim4"),
  served: (listener, slot) => served(host, listener, slot),
  leaf: (slot) => leafOf(host, `${folder}/live/${slot}`),
  breakConfiguration: async () => {
    await host.must(`echo 'no_such_setting = yes' | tee -a /etc/exim4/conf.d/main/50_ports ${localMacros} >/dev/null`);
    return 'main option "no_such_setting" unknown';
  },
  overwriteOurs: async () => {
    await host.must(`echo '# mine now' >> ${macroFile.unsplit}`);
  },
  hardens: true,
  isCertificateSetting: (change) =>
    change.kind === "file" &&
    change.mode === 0o644 &&
    (change.content ?? "")
      .split("\n")
      .every((line) =>
        /^(|#.*|\.(ifdef MAIN_TLS_\w+|else|endif|include_if_exists .*)|MAIN_TLS_(ENABLE|CERTIFICATE|PRIVATEKEY|CERTKEY) ==? .*)$/.test(
          line,
        ),
      ),
});

serverContract("exim, unsplit", async () => subject(lab));
