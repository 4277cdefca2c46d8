// The HAProxy adapter on Debian's real HAProxy, after a yes: the contract.
import { describe } from "vitest";
import { serverContract } from "../contract/server.ts";
import { haproxyLab, haproxySubject } from "./haproxy-host.ts";

describe.each(["bookworm", "trixie"] as const)("%s", (suite) => {
  const lab = haproxyLab(suite);
  serverContract("haproxy", async () => haproxySubject(lab), { byName: true });
});
