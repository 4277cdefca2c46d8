// The Courier adapter on Debian's real Courier: the contract.
import { afterAll, beforeAll } from "vitest";
import { type ServerUnderTest, serverContract } from "../contract/server.ts";
import { type CourierLab, openCourierLab } from "./courier-host.ts";
import { certificate, folder, leafOf, openPorts, served, snapshot } from "./server-judge.ts";

let lab: CourierLab;
beforeAll(async () => {
  lab = await openCourierLab();
}, 60_000);
afterAll(() => lab?.host.stop());

const subject = ({ host, courier, reset }: CourierLab): ServerUnderTest => ({
  server: courier,
  certificate,
  reset,
  version: /^1\.4/,
  snapshot: () => snapshot(host, "/etc/courier"),
  openPorts: () => openPorts(host, "couriertcpd"),
  served: (listener, slot) => served(host, listener, slot),
  leaf: (slot) => leafOf(host, `${folder}/live/${slot}`),
  breakConfiguration: async () => {
    await host.must("echo 'TLS_CIPHER_LIST=\"HIGH' >> /etc/courier/imapd-ssl");
    return "Unterminated quoted string";
  },
  overwriteOurs: async () => {
    await host.must("sed -i 's,=/var/lib/mailcert[^ ]*,=/etc/courier/mine.pem,' /etc/courier/imapd-ssl");
  },
  isCertificateSetting: (change) =>
    change.kind === "line" &&
    change.before === undefined &&
    /^TLS_CERTFILE=\/var\/lib\/mailcert\/\S+( TLS_PRIVATE_KEYFILE=)? # mailcert$/.test(change.after),
});

serverContract("courier", async () => subject(lab));
