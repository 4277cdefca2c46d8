// What people are told of copies: never "proven" where nobody looked, and on the way back what happened to each file.
import { expect, it } from "vitest";
import { describeChange, describeRevert } from "../../src/domain/describe-change.ts";
import { deploymentText } from "../../src/reports/deployment.ts";
import type { Change } from "../../src/servers/server.ts";
import type { DeployResult } from "../../src/usecases/deployment.ts";

const file = { from: "/live/rsa/x.pem", mode: 0o600, uid: 0, gid: 0 };
const change: Change = {
  kind: "copies",
  files: [
    { ...file, path: "/srv/key.pem", kept: "/srv/key.pem.before-mailcert" },
    { ...file, path: "/srv/cert.pem" },
  ],
};

it("says what is copied, what is kept, and what each file becomes on the way back", () => {
  expect(describeChange(change)).toBe(
    "copy to /srv/key.pem, /srv/cert.pem (what stood there is kept: /srv/key.pem.before-mailcert)",
  );
  expect(describeRevert(change, true)).toBe("removed /srv/cert.pem, put back the former /srv/key.pem");
  expect(describeRevert({ ...change, files: change.files.slice(1) }, false)).toBe("would remove /srv/cert.pem");
});

it("does not call proven what nobody looked at", () => {
  const result: DeployResult = {
    certificate: "mail.example.org",
    generation: {
      number: 1,
      names: ["mail.example.org"],
      issuer: "private-ca",
      authority: "default",
      createdAt: "2026-11-20T12:00:00Z",
      notBefore: "2026-11-20T12:00:00Z",
      notAfter: "2027-11-20T12:00:00Z",
      leaves: {},
    },
    outcome: "verified",
    servers: [{ id: "files/a/b", server: "files", version: "copies", running: true, changes: [], reloaded: true }],
    entries: [],
    findings: [],
  };
  const text = deploymentText(result, new Date("2026-11-21T12:00:00Z"));
  expect(text).toContain("mail.example.org: in place; no entry point is known, so that nothing was looked at");
  expect(text).not.toContain("proven");
});
