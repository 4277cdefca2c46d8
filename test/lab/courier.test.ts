// The Courier adapter on Debian's real Courier: the contract.
import { afterAll, beforeAll } from "vitest";
import { type ServerUnderTest, serverContract } from "../contract/server.ts";
import { type CourierLab, openCourierLab } from "./courier-host.ts";
import { bySni, certificate, folder, leafOf, leafOfCertificate, openPorts, served, snapshot } from "./server-judge.ts";

let lab: CourierLab;
beforeAll(async () => {
  lab = await openCourierLab();
});
afterAll(() => lab?.host.stop());

const subject = ({ host, courier, reset }: CourierLab): ServerUnderTest => ({
  server: courier,
  certificate,
  bySni,
  reset,
  version: /^1\.4/,
  snapshot: () => snapshot(host, "/etc/courier"),
  openPorts: () => openPorts(host, "couriertcpd"),
  served: (listener, slot, name) => served(host, listener, slot, name),
  leaf: (slot, one) => (one ? leafOfCertificate(host, one, slot) : leafOf(host, `${folder}/live/${slot}`)),
  breakConfiguration: async () => {
    await host.must("echo 'TLS_CIPHER_LIST=\"HIGH' >> /etc/courier/imapd-ssl");
    return "Unterminated quoted string";
  },
  overwriteOurs: async () => {
    await host.must("sed -i 's,=/var/lib/mailcert[^ ]*,=/etc/courier/mine.pem,' /etc/courier/imapd-ssl");
  },
  isCertificateSetting: (change) =>
    (change.kind === "file" && change.path === "/etc/courier/mailcert.names" && change.mode === 0o644) ||
    (change.kind === "line" &&
      change.before === undefined &&
      /^TLS_CERTFILE=\/(var\/lib\/mailcert|etc\/courier)\/\S+( TLS_PRIVATE_KEYFILE=)? # mailcert$/.test(change.after)),
});

serverContract("courier", async () => subject(lab), { byName: true });
