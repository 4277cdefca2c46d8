// The stunnel adapter on Debian's real stunnel, after a yes: the contract.
import { describe } from "vitest";
import { serverContract } from "../contract/server.ts";
import { stunnelLab, stunnelSubject } from "./stunnel-host.ts";

describe.each(["bookworm", "trixie"] as const)("%s", (suite) => {
  const lab = stunnelLab(suite);
  serverContract("stunnel", async () => stunnelSubject(lab), { byName: true });
});
