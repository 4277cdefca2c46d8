// The private CA keeps the issuers' contract: with host names and wildcards, with addresses, and without constraints.
import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PrivateCaSettings } from "../../src/domain/certificate-config.ts";
import { createPrivateCa } from "../../src/issuers/private-ca/index.ts";
import { generateKey } from "../../src/system/keys.ts";
import { type IssuerUnderTest, issuerContract } from "../contract/issuer.ts";

const open =
  (settings: Partial<PrivateCaSettings>, names: readonly string[], refused: readonly string[]) =>
  async (): Promise<IssuerUnderTest<PrivateCaSettings>> => {
    const stateDir = await mkdtemp(join(tmpdir(), "mailcert-ca-"));
    return {
      issuer: createPrivateCa({
        stateDir,
        random: (count) => randomBytes(count),
        generateKey,
        relying: async () => [],
      }),
      settings: { kind: "private-ca", ca: "default", days: 397, ...settings },
      names,
      refused,
      anchor: ({ root }) => root ?? "",
      spent: async () => readdir(stateDir, { recursive: true }),
      close: async () => rm(stateDir, { recursive: true }),
    };
  };

issuerContract(
  "private-ca",
  open(
    { caDomains: ["example.org"] },
    ["mail.example.org", "*.example.org", "xn--mnchen-3ya.example.org"],
    ["mail.example.net", "192.0.2.1", "badexample.org", "*.net.org"],
  ),
);
issuerContract(
  "private-ca with addresses",
  open(
    { caDomains: ["example.org", "192.0.2.1", "2001:db8::1"] },
    ["mail.example.org", "192.0.2.1", "2001:db8::1"],
    ["192.0.2.2", "2001:db8::2"],
  ),
  ["ecdsa"],
);
issuerContract(
  "private-ca for addresses alone",
  open({ caDomains: ["192.0.2.1"] }, ["192.0.2.1"], ["mail.example.org", "2001:db8::1"]),
  ["ecdsa"],
);
issuerContract(
  "private-ca without constraints",
  open({ caDomains: ["*"] }, ["mail.example.org", "mail.example.net", "192.0.2.1"], []),
  ["ecdsa"],
);
