// The nginx adapter on Debian's real nginx, after a yes: the contract.
import { describe } from "vitest";
import { serverContract } from "../contract/server.ts";
import { nginxLab, nginxSubject } from "./nginx-host.ts";

describe.each(["bookworm", "trixie"] as const)("%s", (suite) => {
  const lab = nginxLab(suite);
  serverContract("nginx", async () => nginxSubject(lab));
});
