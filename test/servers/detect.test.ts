// Detection and snippets without a server: nothing installed, versions too old or unknown, complaints that hold a key.
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { isServerName, serverNames, servers } from "../../src/servers/index.ts";
import type { Installation, ServedCertificate } from "../../src/servers/server.ts";
import { createTemplates } from "../../src/system/templates.ts";
import { fakeRun } from "./fake-run.ts";

const render = createTemplates(fileURLToPath(new URL("../../templates", import.meta.url)));
const ipv6 = async (): Promise<boolean> => false;
const create = (name: keyof typeof servers, answers: Parameters<typeof fakeRun>[0]) => {
  const fake = fakeRun(answers);
  return { ...fake, server: servers[name].create({ run: fake.run, render, ipv6 }) };
};
const paths = (slot: string, base = "/var/lib/mailcert/certificates/mail.example.org/live") => ({
  privkey: `${base}/${slot}/privkey.pem`,
  cert: `${base}/${slot}/cert.pem`,
  chain: `${base}/${slot}/chain.pem`,
  fullchain: `${base}/${slot}/fullchain.pem`,
  combined: `${base}/${slot}/combined.pem`,
});
const certificate: ServedCertificate = {
  name: "mail.example.org",
  names: ["mail.example.org", "*.example.org"],
  slots: { ecdsa: paths("ecdsa"), rsa: paths("rsa") },
};
const settings = (text: string): string[] => text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));

describe("the registry", () => {
  test("knows its servers, and no inherited property", () => {
    expect(serverNames).toEqual([
      "dovecot",
      "postfix",
      "exim",
      "cyrus",
      "opensmtpd",
      "courier",
      "nginx",
      "haproxy",
      "stunnel",
      "files",
    ]);
    expect(["dovecot", "constructor", "toString"].map(isServerName)).toEqual([true, false, false]);
  });
});

describe("detection", () => {
  test.each(serverNames)("%s not installed: none", async (name) => {
    expect(await create(name, {}).server.detect()).toEqual([]);
  });

  test("an unknown Dovecot is refused with what to do", async () => {
    const { server } = create("dovecot", { "dovecot --version": "2.5.0 (abc)\n" });
    await expect(server.detect()).rejects.toMatchObject({
      kind: "config",
      message: expect.stringContaining("2.5.0") as string,
    });
  });

  test("a Postfix before 3.4 is refused with what to do", async () => {
    const { server } = create("postfix", { "postconf -d mail_version": "mail_version = 3.3.1\n" });
    await expect(server.detect()).rejects.toMatchObject({
      kind: "config",
      message: expect.stringContaining("3.4") as string,
    });
  });

  test("an Exim before 4.92 is refused with what to do", async () => {
    const { server } = create("exim", {
      "exim -bV": "Exim version 4.89 #1 built 2017\nConfiguration file is /etc/exim.conf\n",
    });
    await expect(server.detect()).rejects.toMatchObject({
      kind: "config",
      message: expect.stringContaining("4.92") as string,
    });
  });

  test("a Cyrus before 3.2, and an OpenSMTPD before 6.6, are refused with what to do", async () => {
    const cyrus = create("cyrus", {
      "cyr_info version": "cyrus-imapd 2.5.10-Debian-2.5.10-3\n",
      "cyr_info -C /etc/imapd.conf conf-all": "cyrus_user: \ncyrus_group: mail\n",
    });
    await expect(cyrus.server.detect()).rejects.toMatchObject({ kind: "config" });
    const usage = { status: 1, stderr: "version: OpenSMTPD 6.0.3p1\nusage: smtpd [-dFhnv]\n" };
    await expect(create("opensmtpd", { "smtpd -h": usage }).server.detect()).rejects.toMatchObject({
      message: expect.stringContaining("6.6") as string,
    });
  });

  test("an Exim that is not Debian's is found with the folder of its own configuration, and the group that reads its keys", async () => {
    const { server } = create("exim", {
      "exim -bV": "Exim version 4.97 #2 built 2024\nConfiguration file is /usr/local/etc/exim/configure\n",
      "exim -bP exim_user exim_group pid_file_path": "exim_user = mail\nexim_group = mail\npid_file_path = /nowhere\n",
    });
    expect(await server.detect()).toEqual([
      {
        server: "exim",
        id: "exim",
        version: "4.97",
        configDir: "/usr/local/etc/exim",
        keyGroup: "mail",
        reader: { user: "mail", group: "mail" },
        running: false,
      },
    ]);
  });

  test("every Postfix instance is found, the first one under its plain name", async () => {
    const { server } = create("postfix", {
      "postconf -d mail_version": "mail_version = 3.10.13\n",
      "postmulti -l":
        "-               -               y         /etc/postfix\npostfix-out     out  n   /etc/postfix-out\n",
      "postconf -h config_directory": "/etc/postfix\n",
      "postconf -c /etc/postfix -x queue_directory data_directory":
        "queue_directory = /nonexistent/spool\ndata_directory = /nonexistent/data\n",
      "postconf -c /etc/postfix-out -x queue_directory data_directory": { status: 1, stderr: "fatal" },
    });
    expect(await server.detect()).toEqual([
      {
        server: "postfix",
        id: "postfix",
        version: "3.10.13",
        configDir: "/etc/postfix",
        writes: ["/nonexistent/spool", "/nonexistent/data"],
        running: false,
      },
      {
        server: "postfix",
        id: "postfix-out",
        version: "3.10.13",
        configDir: "/etc/postfix-out",
        writes: [],
        running: false,
      },
    ]);
  });
});

describe("complaints", () => {
  const installation: Installation = {
    server: "dovecot",
    id: "dovecot",
    version: "2.3.19.1",
    configDir: "/etc/dovecot",
    running: true,
  };

  test("a key in them is left out", async () => {
    const pem = ["-----BEGIN", "PRIVATE KEY-----"].join(" ");
    const { server } = create("dovecot", {
      "doveconf -x": {
        status: 89,
        stdout: pem,
        stderr: `doveconf: Warning: x\ndoveconf: Fatal: ssl_key: Can't open file ${pem}\nMIGHAgEA: File name too long\n`,
      },
    });
    const failure = await server.check(installation).catch((error: unknown) => error);
    expect(failure).toMatchObject({ kind: "config", message: expect.stringContaining("Can't open file") as string });
    expect(String(failure)).not.toMatch(/PRIVATE|MIGH/);
  });

  test("a server that does not run is not reloaded; one whose reload fails says so", async () => {
    const { server, asked } = create("dovecot", {
      "doveadm reload": { status: 75, stderr: "Fatal: Dovecot is not running\n" },
    });
    await server.reload({ ...installation, running: false });
    expect(asked).toEqual([]);
    await expect(server.reload(installation)).rejects.toMatchObject({ kind: "unavailable" });
  });
});

describe("snippets", () => {
  test("Dovecot 2.3 and 2.4 get their own words, never dovecot_config_version", () => {
    const { server } = create("dovecot", {});
    const live = "/var/lib/mailcert/certificates/mail.example.org/live";
    expect(settings(server.snippet(certificate, "2.3.19"))).toEqual([
      `ssl_cert = <${live}/ecdsa/fullchain.pem`,
      `ssl_key = <${live}/ecdsa/privkey.pem`,
      `ssl_alt_cert = <${live}/rsa/fullchain.pem`,
      `ssl_alt_key = <${live}/rsa/privkey.pem`,
      "shutdown_clients = no",
    ]);
    expect(settings(server.snippet({ ...certificate, slots: { rsa: paths("rsa") } }, "2.4"))).toEqual([
      `ssl_server_cert_file = ${live}/rsa/fullchain.pem`,
      `ssl_server_key_file = ${live}/rsa/privkey.pem`,
      "ssl_server_alt_cert_file =",
      "ssl_server_alt_key_file =",
      "shutdown_clients = no",
    ]);
    expect(server.snippet(certificate, "2.4")).toMatch(/"SSL\/TLS" is port 993[\s\S]*"STARTTLS" is port 143/);
  });

  test("Postfix gets one combined file a slot", () => {
    const { server } = create("postfix", {});
    const live = "/var/lib/mailcert/certificates/mail.example.org/live";
    const text = server.snippet(certificate, "3.7");
    expect(settings(text)).toEqual([`smtpd_tls_chain_files = ${live}/ecdsa/combined.pem ${live}/rsa/combined.pem`]);
    expect(text).toMatch(/"SSL\/TLS" is port 465[\s\S]*"STARTTLS" is port 587/);
  });

  test("Cyrus gets two files side by side; OpenSMTPD and Courier, which take one key, the RSA one", () => {
    const live = "/var/lib/mailcert/certificates/mail.example.org/live";
    expect(settings(create("cyrus", {}).server.snippet(certificate, "3.10"))).toEqual([
      `tls_server_cert: ${live}/ecdsa/fullchain.pem,${live}/rsa/fullchain.pem`,
      `tls_server_key: ${live}/ecdsa/privkey.pem,${live}/rsa/privkey.pem`,
    ]);
    expect(settings(create("opensmtpd", {}).server.snippet(certificate, "7.6"))).toEqual([
      `pki "mail.example.org" cert "${live}/rsa/fullchain.pem"`,
      `pki "mail.example.org" key "${live}/rsa/privkey.pem"`,
    ]);
    const onlyEcdsa = { ...certificate, slots: { ecdsa: paths("ecdsa") } };
    expect(settings(create("courier", {}).server.snippet(onlyEcdsa, "1.4"))).toEqual([
      `TLS_CERTFILE=${live}/ecdsa/combined.pem`,
    ]);
  });

  test.each([
    ["cyrus", "3.0"],
    ["opensmtpd", "6.0.3"],
    ["courier", "new"],
    ["dovecot", "2.2"],
    ["dovecot", "x\n2.4"],
    ["postfix", "3.3.9"],
    ["postfix", "new"],
  ] as const)("%s %j is not known", (name, version) => {
    expect(() => create(name, {}).server.snippet(certificate, version)).toThrow(
      expect.objectContaining({ kind: "usage" }) as Error,
    );
  });

  test.each(["/x\nssl = no", "/a # b", "/$ENV:HOME", "/a{b"])(
    "a path that would be read as something else is refused: %j",
    (base) => {
      const bad: ServedCertificate = { ...certificate, slots: { ecdsa: paths("ecdsa", base) } };
      for (const [name, version] of [
        ["dovecot", "2.3"],
        ["dovecot", "2.4"],
        ["postfix", "3.7"],
        ["cyrus", "3.10"],
        ["opensmtpd", "7.6"],
        ["courier", "1.4"],
      ] as const) {
        expect(() => create(name, {}).server.snippet(bad, version)).toThrow(
          expect.objectContaining({ kind: "data" }) as Error,
        );
      }
    },
  );
});
