// The Exim adapter on Debian 12's real Exim: the contract, with the unsplit configuration that Debian chooses.
import { afterAll, beforeAll } from "vitest";
import { serverContract } from "../contract/server.ts";
import { type EximLab, eximSubject, openEximLab } from "./exim-host.ts";

let lab: EximLab;
beforeAll(async () => {
  // One family: each listener is one more round of handshakes.
  lab = await openEximLab("0.0.0.0", "bookworm");
});
afterAll(() => lab?.host.stop());

serverContract("exim of bookworm, unsplit", async () => eximSubject(lab, /^4\.96/), { byName: true });
