// An nginx whose lines are not for mail alone: what is changed, what is shown and left, and what is told.
import { beforeEach, describe, expect, test } from "vitest";
import type { Installation } from "../../src/servers/server.ts";
import { nginxLab, pair } from "./nginx-host.ts";
import { certificate, folder, leafOf, served, snapshot } from "./server-judge.ts";

describe("an nginx that is not for mail alone", () => {
  let installation: Installation;
  const lab = nginxLab("trixie");
  const web = (port: number, lines: string): string => `server { listen ${port} ssl; ${lines} }\n`;
  beforeEach(() => lab.host.must("rm -f /etc/nginx/sites-enabled/*"));

  test("a web server is no mail server", async () => {
    await lab.configure({});
    await lab.host.write("/root/etc/nginx/sites-enabled/web", web(443, pair("rsa")));
    await lab.configure({ stream: `stream { server { listen 8443 ssl; proxy_pass 127.0.0.1:9; ${pair("rsa")} } }` });
    expect(await lab.server.detect()).toEqual([]);
    await lab.host.must("rm /root/etc/nginx/sites-enabled/web");
  });

  test("lines that streams of other ports inherit stay: the mail port gets its own, and the other port keeps its certificate", async () => {
    installation = await lab.ready(
      {
        stream: `stream {\n  ${pair("rsa")}\n  server {\n    listen 993 ssl; # mail\n    proxy_pass 127.0.0.1:9;\n  }\n  server { listen 8443 ssl; proxy_pass 127.0.0.1:9; }\n}\n`,
      },
      [993, 8443],
    );
    const before = await snapshot(lab.host, "/etc/nginx");
    const { changes, notes } = await lab.server.plan(installation, certificate);
    expect(changes).toEqual([]);
    expect(notes).toMatchObject([{ message: "nginx: port 8443 is none of mail's: its certificate stays as it is" }]);
    const overrides = await lab.server.readBack(installation, certificate);
    const after = expect.stringMatching(
      /^ {4}listen 993 ssl; include \/etc\/nginx\/mailcert.conf; # mail # mailcert [0-9a-f]{8}$/,
    ) as string;
    expect(overrides).toMatchObject([{ scope: "port 993", line: 3, edit: [{ kind: "file" }, { line: 5, after }] }]);
    const edit = overrides[0]?.edit ?? [];
    await lab.applyAll(installation, edit);
    expect(await lab.server.readBack(installation, certificate)).toEqual([]);
    await lab.server.check(installation);
    await lab.server.reload(installation);
    const place = { protocol: "imap", mode: "implicit" } as const;
    await expect
      .poll(() => served(lab.host, { ...place, port: 993 }, "rsa"), { timeout: 10_000 })
      .toBe(await leafOf(lab.host, `${folder}/live/rsa`));
    await expect
      .poll(() => served(lab.host, { ...place, port: 8443 }, "rsa"), { timeout: 10_000 })
      .toBe(await leafOf(lab.host, "/etc/ssl/before/rsa"));
    await lab.revertAll(installation, edit);
    expect(await snapshot(lab.host, "/etc/nginx")).toBe(before);
  });

  test("a server for a name that is not ours keeps its certificate; one for a name of ours does not", async () => {
    const block = (name: string): string =>
      `  server { listen 993 ssl; ${name} proxy_pass 127.0.0.1:9; ${pair("rsa").replace("\n", "")} }\n`;
    const stream = `stream {\n${block("")}${block("server_name customer.example.net;")}${block("server_name *.example.org;")}}\n`;
    installation = await lab.ready({ stream }, [993]);
    expect((await lab.server.listeners(installation)).map(({ port }) => port)).toEqual([993]);
    await lab.setUp(installation);
    await lab.server.check(installation);
    await lab.server.reload(installation);
    const place = { protocol: "imap", mode: "implicit", port: 993 } as const;
    const ours = await leafOf(lab.host, `${folder}/live/rsa`);
    for (const name of ["", "mail.example.org", "elsewhere.example.com"])
      await expect.poll(() => served(lab.host, place, "rsa", name), { timeout: 10_000, message: name }).toBe(ours);
    await expect
      .poll(() => served(lab.host, place, "rsa", "customer.example.net"), { timeout: 10_000 })
      .toBe(await leafOf(lab.host, "/etc/ssl/before/rsa"));
    expect(await lab.server.readBack(installation, certificate)).toEqual([]);
  });

  test("our file stays where somebody's copy of the line includes it, and each block gets its own lines back", async () => {
    const block = (port: number, slot: string): string =>
      `  server {\n    listen ${port} ssl;\n    proxy_pass 127.0.0.1:9;\n    ${pair(slot)}\n  }\n`;
    installation = await lab.ready({ stream: `stream {\n${block(993, "rsa")}${block(465, "ecdsa")}}\n` }, [465, 993]);
    const before = await lab.host.read("/etc/nginx/proxies/stream.conf");
    const changes = await lab.setUp(installation);
    const ours = await lab.host.read("/etc/nginx/proxies/stream.conf");
    const copied = "server { listen 995 ssl; proxy_pass 127.0.0.1:9; include /etc/nginx/mailcert.conf; }";
    // Five lines above: the first block stands where the second one stood.
    const above = ours.replace("stream {\n", `stream {\n\n\n\n\n${copied}\n`);
    await lab.host.write("/etc/nginx/proxies/stream.conf", above);
    for (const change of changes.toReversed().filter(({ kind }) => kind === "line"))
      expect(await lab.server.revert(installation, change)).toBe("reverted");
    expect(await lab.host.read("/etc/nginx/proxies/stream.conf")).toBe(
      before.replace("stream {\n", `stream {\n\n\n\n\n${copied}\n`),
    );
    const file = changes.find(({ kind }) => kind === "file");
    if (!file) throw new Error("no file was written");
    await expect(lab.server.revert(installation, file)).rejects.toMatchObject({
      kind: "config",
      message: expect.stringContaining(
        "/etc/nginx/proxies/stream.conf line 6: without it nginx would not start",
      ) as string,
    });
    await lab.server.check(installation);
    await lab.host.write("/etc/nginx/proxies/stream.conf", before);
    expect(await lab.server.revert(installation, file)).toBe("reverted");
    await lab.server.check(installation);
  });

  test("lines in a file that a web server reads, too, are shown and never changed", async () => {
    await lab.host.write("/root/etc/nginx/snippets/tls.conf", `    ${pair("rsa")}\n`);
    await lab.host.write("/root/etc/nginx/sites-enabled/web", web(443, "include snippets/tls.conf;"));
    installation = await lab.ready(
      { mail: "mail { auth_http 127.0.0.1:9/; server { listen 993 ssl; protocol imap; include snippets/tls.conf; } }" },
      [443, 993],
    );
    expect((await lab.server.plan(installation, certificate)).notes).toMatchObject([
      { message: "nginx: /etc/nginx/snippets/tls.conf holds for web servers, too: mailcert does not change it" },
    ]);
    expect(await lab.server.readBack(installation, certificate)).toMatchObject([
      { scope: "port 993", path: "/etc/nginx/snippets/tls.conf", line: 2, edit: [] },
    ]);
    await lab.host.must("rm /root/etc/nginx/sites-enabled/web");
  });

  test("listeners: PROXY protocol, TLS switched off, ports that are handed on, unix sockets", async () => {
    installation = await lab.ready(
      {
        mail: `mail { auth_http 127.0.0.1:9/; ${pair("rsa")} server { listen 993 ssl proxy_protocol; } server { listen 192.0.2.10:110; } server { listen 127.0.0.1:25; protocol smtp; } }`,
        stream:
          "stream { server { listen 995; proxy_pass 127.0.0.1:9; } server { listen unix:/run/x; proxy_pass 127.0.0.1:9; } }",
      },
      [25, 110, 993, 995],
    );
    const found = await lab.server.listeners(installation);
    expect(found).toMatchObject([
      { protocol: "imap", mode: "implicit", port: 993, unobservable: expect.stringContaining("PROXY") as string },
      {
        protocol: "pop3",
        mode: "starttls",
        port: 110,
        address: "192.0.2.10",
        tlsOff: { mend: expect.stringContaining("starttls on") as string },
      },
      { protocol: "smtp", port: 25, unobservable: expect.stringContaining("TLS is switched off") as string },
      {
        protocol: "pop3",
        mode: "implicit",
        port: 995,
        ownCertificate: expect.stringContaining("proxy_pass 127.0.0.1:9") as string,
      },
    ]);
  });
});
