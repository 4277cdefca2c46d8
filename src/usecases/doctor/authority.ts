// Look: the CA's account can be used, no limit of the CA is used up, and no attempt has to wait.
import type { Look } from "./look.ts";
import { preflightPart } from "./preflight-part.ts";

export const authorityLook: Look = {
  id: "ca",
  title: "ACME CA",
  needsRoot: true,
  look: (ground) =>
    preflightPart(ground, ["preflight-account", "preflight-limit", "preflight-backoff", "preflight-csr"]),
};
