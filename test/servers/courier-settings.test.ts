// Courier's files of settings: shell assignments, the last one of a name holds; and the unit of a process that systemd started.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseSettings, valuesOf } from "../../src/servers/courier/settings.ts";
import { unitOf } from "../../src/servers/units.ts";

test("assignments with and without quotes, several on a line, comments left out", () => {
  const found = parseSettings(
    "# A=1\nA=2 # B=3\n  export C='x y' D=\"z\"; E=\nif test F=1\nTLS_CERTFILE=/a.pem G= # mailcert",
  );
  expect(found.map(({ name, value, line }) => [name, value, line])).toEqual([
    ["A", "2", 2],
    ["C", "x y", 3],
    ["D", "z", 3],
    ["E", "", 3],
    ["TLS_CERTFILE", "/a.pem", 5],
    ["G", "", 5],
  ]);
});

test("one file after the other, with what they say of each other; a missing one sets nothing", async () => {
  const folder = await mkdtemp(join(tmpdir(), "mailcert-courier-"));
  try {
    await writeFile(join(folder, "esmtpd"), "A=1\nCERT=${sysconfdir}/$A.pem\n");
    await writeFile(join(folder, "esmtpd-msa"), "A=2\n");
    const values = await valuesOf(folder, ["esmtpd", "nothing", "esmtpd-msa"]);
    expect([values.get("A"), values.get("CERT")]).toEqual(["2", `${folder}/1.pem`]);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("the unit is the innermost service of the control group, where there is one", () => {
  expect(unitOf("0::/system.slice/opensmtpd.service\n")).toBe("opensmtpd.service");
  expect(unitOf("1:name=systemd:/system.slice/system-x.slice/smtpd@out.service\n")).toBe("smtpd@out.service");
  expect(unitOf("0::/user.slice/user-0.slice/session-1.scope\n")).toBeUndefined();
  // A group that somebody was handed may be called like an option of systemctl's: -H has it go to another host.
  expect(unitOf("0::/system.slice/app.service/-Hroot@evil.example.service\n")).toBeUndefined();
  // Anybody can call a unit of his own manager so.
  expect(unitOf("0::/user.slice/user-1000.slice/user@1000.service/app.slice/postfix.service\n")).toBeUndefined();
});
