// What Postfix and Dovecot would serve by their own settings once ours are taken out, and whether its files are there and fit.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { formerCertificates as ofCyrus } from "../../src/servers/cyrus/former.ts";
import { readConfiguration } from "../../src/servers/dovecot/files.ts";
import { formerCertificates as ofDovecot } from "../../src/servers/dovecot/former.ts";
import { knownGeneration } from "../../src/servers/dovecot/generation.ts";
import { lookAtFormer } from "../../src/servers/former.ts";
import { formerCertificates as ofPostfix } from "../../src/servers/postfix/former.ts";
import type { Postconf } from "../../src/servers/postfix/postconf.ts";
import type { Change } from "../../src/servers/server.ts";
import { generateKey } from "../../src/system/keys.ts";
import { leafFor } from "../fakes/leaf.ts";

let dir: string;
const at = (file: string): string => join(dir, file);
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "mailcert-former-"));
  const privateKey = await generateKey("ecdsa");
  const leaf = await leafFor(privateKey, ["mail.example.org"]);
  writeFileSync(at("cert.pem"), leaf);
  writeFileSync(at("key.pem"), privateKey);
  writeFileSync(at("both.pem"), privateKey + leaf);
  writeFileSync(at("other.pem"), await generateKey("ecdsa"));
  writeFileSync(at("locked.pem"), "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n");
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const parameter = (name: string, before: string | undefined, after: string | undefined): Change => ({
  kind: "parameter",
  parameter: name,
  before,
  after,
});

describe("Postfix", () => {
  const postconf = (main: Record<string, string>, services: Record<string, Record<string, string>> = {}): Postconf => {
    const unused = async (): Promise<never> => Promise.reject(new Error("not asked"));
    const overrides = new Map(Object.entries(services).map(([id, own]) => [id, new Map(Object.entries(own))]));
    return {
      explicit: async () => new Map(Object.entries(main)),
      effective: unused,
      services: unused,
      types: unused,
      overrides: async () => overrides,
    };
  };
  const troubles = async (
    changes: readonly Change[],
    main: Record<string, string> = { smtpd_tls_chain_files: "ours" },
    services: Record<string, Record<string, string>> = {},
  ) => {
    const found = await ofPostfix(postconf(main, services), "/etc/postfix", changes);
    return lookAtFormer(found);
  };
  const legacy = (certificate: string, key: string): readonly Change[] => [
    parameter("smtpd_tls_key_file", at(key), undefined),
    parameter("smtpd_tls_cert_file", at(certificate), undefined),
    parameter("smtpd_tls_chain_files", undefined, "ours"),
  ];

  it("a pair that is there and fits", async () => {
    expect(await troubles(legacy("cert.pem", "key.pem"))).toEqual({ any: true, troubles: [] });
  });

  it("a file that is not there, and a key of another certificate", async () => {
    expect((await troubles(legacy("gone.pem", "key.pem"))).troubles).toEqual([
      `smtpd_tls_cert_file = ${at("gone.pem")} in /etc/postfix/main.cf, which is not there`,
    ]);
    expect((await troubles(legacy("cert.pem", "other.pem"))).troubles).toEqual([
      `smtpd_tls_cert_file = ${at("cert.pem")} in /etc/postfix/main.cf, smtpd_tls_key_file = ${at("other.pem")} in /etc/postfix/main.cf, whose key is not that of its certificate`,
    ]);
  });

  it("a key with a passphrase says nothing", async () => {
    expect((await troubles(legacy("cert.pem", "locked.pem"))).troubles).toEqual([]);
  });

  it("chain files that were ours twice, somebody's in between", async () => {
    const twice = [
      parameter("smtpd_tls_chain_files", at("gone.pem"), "ours"),
      parameter("smtpd_tls_chain_files", undefined, "ours"),
    ];
    expect((await troubles(twice)).troubles).toEqual([
      `smtpd_tls_chain_files = ${at("gone.pem")} in /etc/postfix/main.cf, which is not there`,
    ]);
    expect(
      (await troubles([parameter("smtpd_tls_chain_files", `${at("key.pem")}, ${at("cert.pem")}`, "ours")])).troubles,
    ).toEqual([]);
  });

  it("what somebody changed since stays, and the older parameters are not read beside it", async () => {
    const theirs = { smtpd_tls_chain_files: at("both.pem") };
    expect(await troubles(legacy("gone.pem", "gone.pem"), theirs)).toEqual({ any: true, troubles: [] });
  });

  it("none before", async () => {
    const [, , only] = legacy("a", "b");
    expect(await troubles(only ? [only] : [])).toEqual({ any: false, troubles: [] });
    const none = [parameter("smtpd_tls_cert_file", "none", undefined), ...(only ? [only] : [])];
    expect((await troubles(none)).any).toBe(false);
  });

  it("a service that has another option of ours names nothing itself: main.cf does, once", async () => {
    const id = "submission/inet";
    const relay: Change = {
      kind: "service-parameter",
      service: id,
      parameter: "smtpd_tls_ask_ccert",
      before: undefined,
      after: "yes",
      shared: true,
      relay: true,
    };
    const found = await troubles([relay, ...legacy("gone.pem", "key.pem")], undefined, {
      [id]: { smtpd_tls_ask_ccert: "yes" },
    });
    expect(found.troubles).toEqual([
      `smtpd_tls_cert_file = ${at("gone.pem")} in /etc/postfix/main.cf, which is not there`,
    ]);
  });

  it("a service that gets its own back", async () => {
    const id = "submissions/inet";
    const own: Change = {
      kind: "service-parameter",
      service: id,
      parameter: "smtpd_tls_chain_files",
      before: at("gone.pem"),
      after: "ours",
    };
    const services = { [id]: { smtpd_tls_chain_files: "ours" } };
    expect((await troubles([own], {}, services)).troubles).toEqual([
      `smtpd_tls_chain_files = ${at("gone.pem")} in /etc/postfix/master.cf (${id}), which is not there`,
    ]);
    expect((await troubles([{ ...own, beforeIsOurs: true }], {}, services)).troubles).toEqual([]);
  });
});

describe.each([
  ["2.3.19", "ssl_cert", "ssl_key", "<"],
  ["2.4.1", "ssl_server_cert_file", "ssl_server_key_file", ""],
])("Dovecot %s", (version, cert, key, sign) => {
  const look = async (lines: string, changes: readonly Change[] = []) => {
    writeFileSync(at("dovecot.conf"), `${lines}\n!include ${at("ours.conf")}\n`);
    writeFileSync(at("ours.conf"), `${cert} = ${sign}${at("never.pem")}\n`);
    const generation = knownGeneration(version);
    const configuration = await readConfiguration(at("dovecot.conf"), generation);
    return lookAtFormer(ofDovecot(configuration, generation, at("ours.conf"), changes));
  };

  it("what its other files name", async () => {
    expect(await look(`${cert} = ${sign}${at("cert.pem")}\n${key} = ${sign}${at("key.pem")}`)).toEqual({
      any: true,
      troubles: [],
    });
    expect((await look(`${cert} = ${sign}${at("gone.pem")}\n${key} = ${sign}${at("key.pem")}`)).troubles).toEqual([
      `${cert} = ${at("gone.pem")} in ${at("dovecot.conf")}, which is not there`,
    ]);
    expect(
      (await look(`${cert} = ${sign}${at("cert.pem")}\n${key} = ${sign}${at("other.pem")}`)).troubles,
    ).toHaveLength(1);
    expect(await look("ssl = no")).toEqual({ any: false, troubles: [] });
  });

  it("a line that is put back", async () => {
    const line: Change = {
      kind: "line",
      path: at("local.conf"),
      line: 1,
      before: `  ${cert} = ${sign}${at("gone.pem")}`,
      after: "# mailcert",
      also: [{ line: 2, before: `  ${key} = ${sign}${at("key.pem")} # theirs`, after: "# mailcert" }],
    };
    expect((await look("", [line])).troubles).toEqual([
      `${cert} = ${at("gone.pem")} in ${at("local.conf")}, which is not there`,
    ]);
  });
});

describe("Cyrus", () => {
  const look = (settings: Readonly<Record<string, string>>) =>
    lookAtFormer(
      ofCyrus({
        imapdConf: "/etc/imapd.conf",
        settings: new Map(Object.entries({ ...settings, imaps_tls_server_cert: at("gone.pem") })),
        ours: new Map([["imaps_tls_server_cert", at("gone.pem")]]),
      }),
    );

  it("what imapd.conf names beside ours", async () => {
    expect(await look({ tls_server_cert: at("cert.pem"), tls_server_key: at("key.pem") })).toEqual({
      any: true,
      troubles: [],
    });
    expect((await look({ tls_server_cert: `${at("cert.pem")},${at("gone.pem")}` })).troubles).toEqual([
      `tls_server_cert: ${at("gone.pem")} in /etc/imapd.conf, which is not there`,
    ]);
    expect(await look({ tls_server_cert: "<none>", tls_client_cert: at("gone.pem") })).toEqual({
      any: false,
      troubles: [],
    });
  });
});
